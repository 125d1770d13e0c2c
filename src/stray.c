/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the helper, after the drop.
 * Reads: the kernel's lists of sockets, /proc/net/tcp and so on (proc(5)).
 */
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "handoff.h"
#include "message.h"
#include "process.h"
#include "stray.h"

/* States of include/net/tcp_states.h, as the lists have them. */
#define STATE_UNCONNECTED 0x07 /* of UDP */
#define STATE_LISTEN      0x0a

/* Some lines of a list; each is 150 bytes or so. */
#define PIECE 4096

/* One of the lists. */
struct list {
	const char *path;
	int protocol;
	unsigned int state; /* that takes what comes to the port */
};

static const struct list lists[] = {
    {"/proc/self/net/tcp", IPPROTO_TCP, STATE_LISTEN},
    {"/proc/self/net/tcp6", IPPROTO_TCP, STATE_LISTEN},
    {"/proc/self/net/udp", IPPROTO_UDP, STATE_UNCONNECTED},
    {"/proc/self/net/udp6", IPPROTO_UDP, STATE_UNCONNECTED},
};

/* One that a server is expected to bind, and none that it may have. */
static bool
is_wrong_port(const struct pool *pool, uint16_t port, int protocol)
{
	const struct pool_variant *v = pool->variants, *end = v + pool->count;
	bool expected = false;

	for (; v < end; v++) {
		if (v->protocol != protocol)
			continue;
		if (v->endpoint.port == port)
			return false;
		expected |= v->server_port == port;
	}
	return expected;
}

/* A bind that no mapping covers has been told already. */
static bool
was_told(const struct handoff *h, uint16_t port)
{
	size_t i;

	for (i = 0; i < HANDOFF_TOLD; i++)
		if (h->told[i].endpoint.port == port)
			return true;
	return false;
}

static bool
tell(uint16_t port, ino_t inode)
{
	struct process_descriptor holder;

	if (process_find_holder(inode, &holder) != PROCESS_HOLDS ||
	    !process_is_descendant(holder.pid))
		return false;
	alertx("process %d has port %u itself: the preload library is not in "
	       "it (a static program, or an environment without LD_PRELOAD); "
	       "stop it, and use --method notify or configure the public port",
	    holder.pid, port);
	return true;
}

/* "  0: 0100007F:20FB 00000000:0000 0A tx:rx tr:when retr uid timeout inode" */
static bool
line_tells(const struct handoff *h, const struct list *list, const char *line)
{
	unsigned int port, state, uid;
	unsigned long inode;

	/* Others of the host may listen there as often as they like. */
	return sscanf(line,
		   " %*u: %*[0-9A-F]:%4x %*[0-9A-F]:%*x %2x %*x:%*x %*x:%*x "
		   "%*x %u %*u %lu",
		   &port, &state, &uid, &inode) == 4 &&
	    state == list->state && uid == h->plan->uid &&
	    is_wrong_port(h->pool, (uint16_t)port, list->protocol) &&
	    !was_told(h, (uint16_t)port) && tell((uint16_t)port, inode);
}

/* The whole lines of a piece; *used is how many bytes they are. */
static bool
piece_tells(const struct handoff *h, const struct list *list, char *piece,
    size_t *used)
{
	char *line = piece, *end;

	for (*used = 0; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		*end = '\0';
		*used = (size_t)(end + 1 - piece);
		if (line_tells(h, list, line))
			return true;
	}
	return false;
}

static bool
list_tells(const struct handoff *h, const struct list *list)
{
	int fd = open(list->path, O_RDONLY | O_CLOEXEC);
	char piece[PIECE + 1];
	size_t kept = 0, used;
	bool told = false;
	ssize_t length;
	off_t at = 0;

	/* On where the kernel has stopped: elsewhere it begins anew. */
	while (fd >= 0 && !told &&
	    (length = pread(fd, piece + kept, PIECE - kept, at)) > 0) {
		at += length;
		kept += (size_t)length;
		piece[kept] = '\0';
		told = piece_tells(h, list, piece, &used);
		kept -= used;
		memmove(piece, piece + used, kept);
	}
	if (fd >= 0)
		close(fd);
	return told;
}

void
stray_look(struct handoff *h)
{
	size_t i;

	for (i = 0; i < sizeof(lists) / sizeof(lists[0]) && !h->stray; i++)
		h->stray = list_tells(h, &lists[i]);
}
