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
 * Makes a socket an endpoint can be bound with: IPPROTO_TCP or IPPROTO_UDP, its
 * family and IPV6_V6ONLY, SO_REUSEADDR, close-on-exec.  Returns it, or -1 with
 * errno.
 */
int socket_open(const struct endpoint *, int protocol);

/* bind(2).  Returns 0, or -1 with errno. */
int socket_bind(int socket, const struct endpoint *);

/* bind(2) of a socket address as some program wrote it. */
int socket_bind_bytes(int socket, const void *address, socklen_t length);

/* What the socket is bound to; false where it is no AF_INET(6) socket. */
bool socket_endpoint(int socket, struct endpoint *);

/* The inode number that names the socket in /proc/PID/fd (proc(5)). */
ino_t socket_inode(int socket);

/* What names its network namespace (SO_NETNS_COOKIE, Linux 5.14), or 0 where the
 * kernel does not tell. */
uint64_t socket_network(int socket);

/* An integer option, or 0 where the socket has no such option. */
int socket_option(int socket, int level, int name);

/*
 * A bound UDP socket takes the datagrams that come to its port.  To park one of
 * IPv4 is to connect it to the discard port of its own address, or of the
 * loopback for a wildcard one: it is then passed over for all but what comes
 * from there.  One of IPv6 is bound to an interface there is not: had it been
 * connected once, the kernel would take datagrams of that peer alone to it, as
 * connect(2) with AF_UNSPEC leaves the address behind.  (Linux before 5.7 has no
 * such interface for who lacks CAP_NET_RAW, nor has gVisor: it is connected.)
 *
 * To unpark it discards what has come, and undoes the one and the other: it is
 * bound as it was (connect(2), AF_UNSPEC; tests/test_pool.c), and to no
 * interface.  Neither may be asked of a socket bound to ::ffff:0.0.0.0, which
 * might stay bound to one address.  Return false with errno.
 */
bool socket_park(int socket, const struct endpoint *);
bool socket_unpark(int socket);

/* Discards the datagrams and errors that have come to a UDP socket. */
void socket_discard(int socket);

/* True where it has a peer, parked ones of IPv4 included. */
bool socket_is_connected(int socket);

/* True where it has been shut down for reading, which for UDP cannot be undone.
 */
bool socket_is_shut(int socket);

/* True when nobody has the endpoint, as bind(2) without SO_REUSEADDR tells; or
 * false with errno. */
bool socket_is_free(const struct endpoint *, int protocol);

/*
 * Ends a listening socket's queue and listening, not its binding.  Clients that
 * wait in the queue are reset.  (shutdown(2); tests/test_pool.c)
 */
void socket_unlisten(int socket);

#endif
