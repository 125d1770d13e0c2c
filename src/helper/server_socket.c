/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the helper, after the drop.
 * Reads: sockets, descriptors and memory of the server.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "memory.h"
#include "process.h"
#include "seccomp.h"
#include "server_socket.h"
#include "socket.h"
#include "task.h"

#ifndef PIDFD_THREAD
#define PIDFD_THREAD O_EXCL /* Linux 6.9 */
#endif

/*
 * An option seen on a socket.  The oldest one is overwritten: between an
 * option and the bind there are few, unless many connections are accepted at
 * that moment.
 */
#define OBSERVATIONS 1024

struct observation {
	ino_t inode;
	uint32_t option;
	uint32_t length;
	uint8_t value[SOCKOPT_VALUE_MAX];
};

static struct observation observations[OBSERVATIONS];
static size_t observed;

/* PIDFD_THREAD is known to be unknown. */
static bool baseline;

void
server_socket_set_baseline(void)
{
	baseline = true;
}

static int
pidfd_open(pid_t task, unsigned int flags)
{
	return (int)syscall(SYS_pidfd_open, task, flags);
}

/* Before Linux 6.9, pidfd_open(2) takes process ids only. */
static int
pidfd_of_task(pid_t task)
{
	int fd = baseline ? -1 : pidfd_open(task, PIDFD_THREAD);

	if (fd >= 0 || (!baseline && errno != EINVAL))
		return fd;
	baseline = true;
	return pidfd_open(task_process(task), 0);
}

int
server_socket_fetch(pid_t task, int fd)
{
	int pidfd = pidfd_of_task(task), duplicate, error;

	if (pidfd < 0)
		return -1;
	duplicate = (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0);
	error = errno;
	close(pidfd);
	errno = error;
	return duplicate;
}

bool
server_socket_can_fetch(pid_t process)
{
	/* Standard error: main saw to it that it is open. */
	int fd = server_socket_fetch(process, STDERR_FILENO);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

static void
learn_from_duplicate(struct server_socket *s)
{
	s->family = socket_option(s->fd, SOL_SOCKET, SO_DOMAIN);
	s->protocol = socket_option(s->fd, SOL_SOCKET, SO_PROTOCOL);
	s->inode = socket_inode(s->fd);
	sockopt_read(s->fd, &s->options);
}

static bool
learn_protocol(struct server_socket *s, pid_t task, int fd)
{
	static const struct {
		const char *name;
		int protocol;
	} protocols[] = {
	    {"TCP", IPPROTO_TCP},
	    {"MPTCP", IPPROTO_MPTCP},
	    {"UDP", IPPROTO_UDP},
	};
	char name[32];
	size_t i, length;

	if (!task_socket_protocol(task, fd, name, sizeof(name)))
		return false;
	s->protocol = -1;
	s->family = AF_UNSPEC;
	for (i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++) {
		length = strlen(protocols[i].name);
		if (strncmp(name, protocols[i].name, length) != 0)
			continue;
		s->protocol = protocols[i].protocol;
		s->family = strcmp(name + length, "v6") == 0 ? AF_INET6
							     : AF_INET;
		break;
	}
	return true;
}

/* IPV6_V6ONLY of a socket whose program has not set it (ipv6(7)). */
static int
v6only_default(void)
{
	int fd = open("/proc/sys/net/ipv6/bindv6only", O_RDONLY | O_CLOEXEC);
	char digit = '0';

	if (fd < 0)
		return 0;
	if (pread(fd, &digit, 1, 0) != 1)
		digit = '0';
	close(fd);
	return digit == '1';
}

static void
recall_options(struct server_socket *s)
{
	size_t i = observed > OBSERVATIONS ? observed - OBSERVATIONS : 0;
	const struct observation *seen;
	const int v6only = v6only_default();

	memset(&s->options, 0, sizeof(s->options));
	sockopt_note(&s->options, sockopt_find(IPPROTO_IPV6, IPV6_V6ONLY),
	    &v6only, sizeof(v6only));
	for (; i < observed; i++) {
		seen = &observations[i % OBSERVATIONS];
		if (seen->inode == s->inode)
			sockopt_note(&s->options, (int)seen->option,
			    seen->value, seen->length);
	}
}

bool
server_socket_learn(struct server_socket *s, pid_t task, int fd, bool observe)
{
	s->fd = -1;
	s->flags = task_descriptor_flags(task, fd);
	if (s->flags < 0)
		return false;
	if (!observe) {
		s->fd = server_socket_fetch(task, fd);
		if (s->fd >= 0)
			learn_from_duplicate(s);
		return s->fd >= 0;
	}
	s->inode = process_socket(task, fd);
	if (s->inode == 0 || !learn_protocol(s, task, fd))
		return false;
	recall_options(s);
	return true;
}

/* Whether it closes on exec is for its owner to know. */
void
server_socket_learn_sent(struct server_socket *s, int duplicate)
{
	s->fd = duplicate;
	s->flags = fcntl(duplicate, F_GETFL) & O_NONBLOCK;
	learn_from_duplicate(s);
}

/* setsockopt(fd, level, name, value, length): int arguments are 32 bits. */
void
server_socket_observe(int listener, const struct seccomp_notif *call)
{
	struct observation *seen = &observations[observed % OBSERVATIONS];
	const __u64 *arguments = call->data.args;
	pid_t task = (pid_t)call->pid;
	int option = sockopt_find((int)arguments[1], (int)arguments[2]);
	int length = (int)arguments[4];
	ssize_t read;

	if (option < 0 || length <= 0)
		return;
	if (length > SOCKOPT_VALUE_MAX)
		length = SOCKOPT_VALUE_MAX;
	read = memory_read(task, arguments[3], seen->value, (size_t)length);
	seen->inode = process_socket(task, (int)arguments[0]);
	seen->option = (uint32_t)option;
	seen->length = (uint32_t)length;
	if (read == length && seen->inode != 0 && seccomp_valid(listener, call))
		observed++;
}
