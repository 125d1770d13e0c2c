/* SPDX-License-Identifier: ISC */
/*
 * Sockets: the only room that calls bind(2).
 */
#ifndef SOCKET_H
#define SOCKET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "endpoint.h"

/*
 * Makes a socket for IPPROTO_TCP or IPPROTO_UDP that can be bound to the
 * endpoint: with its family and IPV6_V6ONLY, SO_REUSEADDR, and close-on-exec.
 * Returns it, or -1 with errno.
 */
int socket_open(const struct endpoint *, int protocol);

/* bind(2).  Returns 0, or -1 with errno. */
int socket_bind(int socket, const struct endpoint *);

/*
 * bind(2) without SO_REUSEADDR, which is set again.  It fails if any other
 * socket is bound to the endpoint, listening or not, or has left connections
 * there (tcp(7)).  Returns 0, or -1 with errno.
 */
int socket_bind_alone(int socket, const struct endpoint *);

/* bind(2) of a socket address as some program wrote it. */
int socket_bind_bytes(int socket, const void *address, socklen_t length);

/*
 * Clears SO_REUSEADDR; a bound socket needs it no more.  While a UDP socket has
 * it, any user who sets it too may bind beside it, and take its datagrams.
 */
void socket_keep_alone(int socket);

/* Sets SO_REUSEADDR: a TCP socket without it lets no other of its port listen. */
void socket_let_share(int socket);

/* True if bind(2) without SO_REUSEADDR succeeds at the endpoint; or false with
 * errno. */
bool socket_is_free(const struct endpoint *, int protocol);

/* getsockname(2). */
int socket_name(int socket, void *address, socklen_t *length);

/* Reads what the socket is bound to; false if it is no AF_INET(6) socket. */
bool socket_endpoint(int socket, struct endpoint *);

/* The inode number that names the socket in /proc/PID/fd (proc(5)). */
ino_t socket_inode(int socket);

/* The number of its network namespace (SO_NETNS_COOKIE, Linux 5.14); 0 if the
 * kernel does not say. */
uint64_t socket_network(int socket);

/* The value of an integer option, or 0 if the socket has no such option. */
int socket_option(int socket, int level, int name);

#endif
