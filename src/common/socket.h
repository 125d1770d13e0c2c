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

/*
 * bind(2) without SO_REUSEADDR, which is set again: it fails where any other socket
 * is bound to the endpoint, listening or not, or where connections of one are left
 * (tcp(7)).  Returns 0, or -1 with errno.
 */
int socket_bind_alone(int socket, const struct endpoint *);

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

/*
 * Parks a UDP socket the other way: one of IPv4 at the interface, one of IPv6 by
 * a connection.  Each way leaves a gap to bind(2): a socket that is connected is
 * bound to one address, and one at an interface is in nobody's way who names
 * another interface.  A port with one of each has neither gap.  Returns false
 * with errno.
 */
bool socket_park_otherwise(int socket, const struct endpoint *);

/*
 * Clears SO_REUSEADDR.  While a UDP socket has it, any user who sets it too may
 * bind beside, and take the datagrams.  A bound socket needs it no more.
 */
void socket_keep_alone(int socket);

/* Discards the datagrams and errors that have come to a UDP socket. */
void socket_discard(int socket);

/* True where it has a peer, or waits for one to answer; parked UDP sockets that
 * are connected included. */
bool socket_is_connected(int socket);

/* True where listen(2) was called. */
bool socket_is_listening(int socket);

/* True where it was shut down for reading, by its peer or by shutdown(2). */
bool socket_is_shut(int socket);

/*
 * Begins to end a TCP connection, as the last close(2) would: what was written
 * is sent, and then the end.  With SO_LINGER and no time it is reset.
 */
void socket_finish(int socket);

/* How far that is. */
enum socket_end {
	SOCKET_ENDING,    /* not all that was written has arrived */
	SOCKET_DELIVERED, /* all has, but the peer has not closed its side */
	SOCKET_ENDED,     /* there is no connection */
};

enum socket_end socket_end(int socket);

/*
 * Makes a bound socket as good as a new one, but for its options: no peer, no
 * listening, no shutdown, no data, no error, no filter.  The binding stays
 * (connect(2), AF_UNSPEC; tests/test_pool.c).  Clients that wait in a listener's
 * queue are reset, and so is the peer of a connection.  A UDP socket is not
 * parked behind it.
 *
 * Returns false where something cannot be undone: shutdown(2) of a UDP socket, a
 * filter that was locked (SO_LOCK_FILTER), an upper layer protocol (TCP_ULP).
 */
bool socket_renew(int socket, const struct endpoint *);

/* True when nobody has the endpoint, as bind(2) without SO_REUSEADDR tells; or
 * false with errno. */
bool socket_is_free(const struct endpoint *, int protocol);

#endif
