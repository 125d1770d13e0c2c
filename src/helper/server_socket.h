/* SPDX-License-Identifier: ISC */
/*
 * The target: the server's own socket, which a pool socket takes the place of.
 * There are two ways to learn what it was:
 *
 *   fetch    a duplicate by pidfd_getfd(2) (Linux 5.6), which answers
 *            everything;
 *   observe  where that is refused, as in Docker's default seccomp profile:
 *            protocol and flags from proc(5), options by watching the
 *            setsockopt(2) calls of the server (sockopt.h).
 */
#ifndef SERVER_SOCKET_H
#define SERVER_SOCKET_H

#include <linux/seccomp.h>
#include <stdbool.h>
#include <sys/types.h>

#include "sockopt.h"

struct server_socket {
	int fd;       /* the duplicate, or -1: then options are those seen */
	int family;   /* AF_INET or AF_INET6 */
	int protocol; /* IPPROTO_TCP, IPPROTO_UDP, IPPROTO_MPTCP, or -1 */
	int flags;    /* O_NONBLOCK and O_CLOEXEC of its descriptor */
	ino_t inode;  /* names it */
	struct sockopt_values options;
};

/* From here on, use nothing that Linux 5.9 lacks. */
void server_socket_set_baseline(void);

/* True when pidfd_getfd(2) works on a process like the server. */
bool server_socket_can_fetch(pid_t);

/* A duplicate of a task's descriptor, or -1 with errno. */
int server_socket_fetch(pid_t task, int fd);

/*
 * Learns about the socket at a task's descriptor.  Returns false with errno
 * where it is not there or cannot be looked at.  The duplicate is the caller's
 * to close.
 */
bool server_socket_learn(struct server_socket *, pid_t task, int fd,
    bool observe);

/* Learns about a socket, of which this is a duplicate; closes nothing. */
void server_socket_learn_sent(struct server_socket *, int duplicate);

/* Remembers an option that a task is about to set, if its call, which came from
 * this listener, still waited after its bytes were read. */
void server_socket_observe(int listener, const struct seccomp_notif *);

#endif
