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

#include "constants.h"
#include "memory.h"
#include "process.h"
#include "seccomp.h"
#include "server_socket.h"
#include "socket.h"
#include "sysctl.h"
#include "task.h"

#ifndef PIDFD_THREAD
#define PIDFD_THREAD O_EXCL /* Linux 6.9 */
#endif

/*
 * The options seen last.  The oldest is overwritten: few come between an option
 * and its socket's bind, unless many connections are accepted at that moment.
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

/* The kernel has no PIDFD_THREAD, or is treated so. */
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

static int
pidfd_getfd(int pidfd, int fd)
{
	return (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0);
}

/*
 * The task of the last bind mostly binds again, so its descriptor is kept: to
 * open one takes longer than a round trip.  While that task lives, no other has
 * its number; if the number is another's by now, the kernel says ESRCH.  That of
 * a process is not kept: it does not say whether its thread lives.
 */
static struct {
	pid_t task;
	int pidfd;
} kept = {.pidfd = -1};

static void
keep(pid_t task, int pidfd)
{
	if (kept.pidfd >= 0)
		close(kept.pidfd);
	kept.task = task;
	kept.pidfd = pidfd;
}

static int
fetch_anew(pid_t task, int fd)
{
	const int pidfd = pidfd_of_task(task);
	int duplicate, error;

	if (pidfd < 0)
		return -1;
	duplicate = pidfd_getfd(pidfd, fd);
	error = errno;
	if (baseline)
		close(pidfd);
	else
		keep(task, pidfd);
	errno = error;
	return duplicate;
}

int
server_socket_fetch(pid_t task, int fd)
{
	int duplicate;

	if (kept.pidfd < 0 || kept.task != task)
		return fetch_anew(task, fd);
	duplicate = pidfd_getfd(kept.pidfd, fd);
	return duplicate < 0 && errno == ESRCH ? fetch_anew(task, fd)
					       : duplicate;
}

bool
server_socket_can_fetch(pid_t process)
{
	/* main has checked that standard error is open. */
	int fd = server_socket_fetch(process, STDERR_FILENO);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

bool
server_socket_can_look(pid_t process)
{
	return task_descriptor_flags(process, STDERR_FILENO) >= 0;
}

static void
learn_from_duplicate(struct server_socket *s)
{
	s->family = socket_option(s->fd, SOL_SOCKET, SO_DOMAIN);
	s->protocol = socket_option(s->fd, SOL_SOCKET, SO_PROTOCOL);
	s->inode = socket_inode(s->fd);
	memset(&s->options, 0, sizeof(s->options));
	sockopt_read_one(s->fd, &s->options, SOL_SOCKET, SO_REUSEPORT);
	if (s->family == AF_INET6)
		sockopt_read_one(s->fd, &s->options, IPPROTO_IPV6, IPV6_V6ONLY);
}

void
server_socket_learn_options(struct server_socket *s)
{
	if (s->fd >= 0)
		sockopt_read_rest(s->fd, s->family,
		    s->protocol == IPPROTO_UDP ? SOCK_DGRAM : SOCK_STREAM,
		    &s->options);
}

/* A socket of another protocol cannot be mapped. */
static bool
learn_protocol(struct server_socket *s, pid_t task, int fd)
{
	static const struct {
		const char *name;
		int family, protocol;
	} kinds[] = {
	    {"TCP", AF_INET, IPPROTO_TCP},
	    {"TCPv6", AF_INET6, IPPROTO_TCP},
	    {"MPTCP", AF_INET, IPPROTO_MPTCP},
	    {"MPTCPv6", AF_INET6, IPPROTO_MPTCP},
	    {"UDP", AF_INET, IPPROTO_UDP},
	    {"UDPv6", AF_INET6, IPPROTO_UDP},
	};
	char name[32];
	size_t i;

	if (!task_socket_protocol(task, fd, name, sizeof(name)))
		return false;
	s->protocol = -1;
	s->family = AF_UNSPEC;
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(name, kinds[i].name) == 0) {
			s->protocol = kinds[i].protocol;
			s->family = kinds[i].family;
		}
	return true;
}

static void
recall_options(struct server_socket *s)
{
	size_t i = observed > OBSERVATIONS ? observed - OBSERVATIONS : 0;
	const struct observation *seen;
	const int v6only = sysctl_digit("/proc/sys/net/ipv6/bindv6only");

	memset(&s->options, 0, sizeof(s->options));
	/* The default (ipv6(7)), unless the program has set it. */
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

/* flags has no O_CLOEXEC: the server knows that of its own descriptor. */
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
