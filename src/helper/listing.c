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

#include "listing.h"

/* States in the lists (include/net/tcp_states.h). */
#define STATE_UNCONNECTED 0x07 /* of UDP */
#define STATE_LISTEN      0x0a

/* Some lines of a list; one has about 150 bytes. */
#define PIECE 4096

/* A list of TCP ends here after so many lines that are no listener's: listeners
 * come first.  (gVisor promises no order.) */
#define STRANGERS 256

struct list {
	const char *path;
	int family, protocol;
	unsigned int state; /* of a socket that takes what comes to its port */
};

static const struct list lists[] = {
    {"/proc/self/net/tcp", AF_INET, IPPROTO_TCP, STATE_LISTEN},
    {"/proc/self/net/tcp6", AF_INET6, IPPROTO_TCP, STATE_LISTEN},
    {"/proc/self/net/udp", AF_INET, IPPROTO_UDP, STATE_UNCONNECTED},
    {"/proc/self/net/udp6", AF_INET6, IPPROTO_UDP, STATE_UNCONNECTED},
};

#define LISTS (sizeof(lists) / sizeof(lists[0]))

struct reader {
	/* Reads a line; true ends the list. */
	bool (*read)(struct reader *, const struct list *, const char *line);
	void (*visit)(const struct listed *, void *);
	void *argument;
	unsigned int strangers;
	uint16_t port;
	bool found;
};

/* The kernel prints four bytes in network order as a word of the machine's. */
static void
address_parse(uint8_t *address, const char *text)
{
	unsigned int word;

	for (; sscanf(text, "%8x", &word) == 1; text += 8, address += 4)
		memcpy(address, &word, sizeof(word));
}

/* "  0: 0100007F:20FB 00000000:0000 0A tx:rx tr:when retr uid timeout inode" */
static bool
line_parse(struct listed *listed, unsigned int *state, const struct list *list,
    const char *line)
{
	char address[33];
	unsigned int port, uid;
	unsigned long inode;

	*listed = (struct listed){.protocol = list->protocol};
	if (sscanf(line,
		" %*u: %32[0-9A-F]:%4x %*[0-9A-F]:%*x %2x %*x:%*x %*x:%*x "
		"%*x %u %*u %lu",
		address, &port, state, &uid, &inode) != 5)
		return false;
	address_parse(listed->endpoint.address, address);
	listed->endpoint.family = (uint16_t)list->family;
	listed->endpoint.port = (uint16_t)port;
	listed->uid = uid;
	listed->inode = inode;
	return true;
}

static bool
read_listener(struct reader *reader, const struct list *list, const char *line)
{
	struct listed listed;
	unsigned int state;

	if (!line_parse(&listed, &state, list, line))
		return false;
	if (state == list->state)
		reader->visit(&listed, reader->argument);
	else if (list->protocol == IPPROTO_TCP)
		reader->strangers++;
	return reader->strangers == STRANGERS;
}

static bool
read_connection(struct reader *reader, const struct list *list,
    const char *line)
{
	struct listed listed;
	unsigned int state;

	reader->found |= line_parse(&listed, &state, list, line) &&
	    list->protocol == IPPROTO_TCP && state != list->state &&
	    listed.endpoint.port == reader->port;
	return reader->found || list->protocol != IPPROTO_TCP;
}

/* Reads the whole lines of a piece, *used bytes. */
static bool
piece_read(struct reader *reader, const struct list *list, char *piece,
    size_t *used)
{
	char *line = piece, *end;

	for (*used = 0; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		*end = '\0';
		*used = (size_t)(end + 1 - piece);
		if (reader->read(reader, list, line))
			return true;
	}
	return false;
}

static void
list_read(struct reader *reader, const struct list *list)
{
	int fd = open(list->path, O_RDONLY | O_CLOEXEC);
	char piece[PIECE + 1];
	size_t kept = 0, used;
	bool ended = false;
	ssize_t length;
	off_t at = 0;

	/* At another offset than where it stopped, the kernel begins anew. */
	while (fd >= 0 && !ended &&
	    (length = pread(fd, piece + kept, PIECE - kept, at)) > 0) {
		at += length;
		kept += (size_t)length;
		piece[kept] = '\0';
		ended = piece_read(reader, list, piece, &used);
		kept -= used;
		memmove(piece, piece + used, kept);
	}
	if (fd >= 0)
		close(fd);
}

void
listing_each(void (*visit)(const struct listed *, void *), void *argument)
{
	struct reader reader = {.read = read_listener,
	    .visit = visit,
	    .argument = argument};
	size_t i;

	for (i = 0; i < LISTS; i++) {
		reader.strangers = 0;
		list_read(&reader, &lists[i]);
	}
}

bool
listing_connected(uint16_t port)
{
	struct reader reader = {.read = read_connection, .port = port};
	size_t i;

	for (i = 0; i < LISTS && !reader.found; i++)
		list_read(&reader, &lists[i]);
	return reader.found;
}
