/* SPDX-License-Identifier: ISC */
/*
 * The server's own socket, which a pool socket replaces.  There are two ways to
 * learn what it was:
 *
 *   fetch    a duplicate by pidfd_getfd(2) (Linux 5.6), which shows everything;
 *   observe  if that is refused, as by Docker's default seccomp profile: protocol
 *            and flags from proc(5), options by watching the server's
 *            setsockopt(2) calls (sockopt.h).
 */
#ifndef SERVER_SOCKET_H
#define SERVER_SOCKET_H

#include <linux/seccomp.h>
#include <stdbool.h>
#include <sys/types.h>

#include "sockopt.h"

struct server_socket {
	int fd;       /* a duplicate, or -1: then options are those seen */
	int family;   /* AF_INET or AF_INET6 */
	int protocol; /* IPPROTO_TCP, IPPROTO_UDP, IPPROTO_MPTCP, or -1 */
	int flags;    /* O_NONBLOCK and O_CLOEXEC of its descriptor */
	ino_t inode;
	struct sockopt_values options;
};

/* From here on, uses nothing that Linux 5.9 lacks. */
void server_socket_set_baseline(void);

/* Returns true if pidfd_getfd(2) works on this process, which is like the
 * server. */
bool server_socket_can_fetch(pid_t);

/* Returns true if descriptors of this process can be looked at in /proc. */
bool server_socket_can_look(pid_t);

/* Returns a duplicate of a task's descriptor, or -1 with errno. */
int server_socket_fetch(pid_t task, int fd);

/*
 * Learns about the socket at a task's descriptor: of its options at least those
 * that decide what comes of its bind.  Returns false with errno if there is none,
 * or if it cannot be looked at.  The caller closes the duplicate.
 */
bool server_socket_learn(struct server_socket *, pid_t task, int fd,
    bool observe);

/* Learns about a socket that the server has sent; does not close it. */
void server_socket_learn_sent(struct server_socket *, int duplicate);

/* Then learns its other options: half a hundred calls, for a hand-off alone. */
void server_socket_learn_options(struct server_socket *);

/* Notes the option that a task is about to set, if its call still waits at this
 * listener after its bytes were read. */
void server_socket_observe(int listener, const struct seccomp_notif *);

#endif
