/* SPDX-License-Identifier: ISC */
/*
 * The state of a socket that a server has had, its options apart (sockopt.h):
 * what the server has done with it, and how that is undone.
 */
#ifndef SOCKSTATE_H
#define SOCKSTATE_H

#include <stdbool.h>

#include "endpoint.h"

/* True if it has a peer, or waits for one to answer.  A UDP socket that is
 * parked by a connection has one (parking.h). */
bool sockstate_is_connected(int socket);

/* True if listen(2) was called. */
bool sockstate_is_listening(int socket);

/* True if it was shut down for reading, by its peer or by shutdown(2). */
bool sockstate_is_shut(int socket);

/*
 * Begins to end a TCP connection, as the last close(2) would: what was written
 * is sent, and then the end.  With SO_LINGER and no time it is reset.
 */
void sockstate_end_connection(int socket);

/* The progress of that. */
enum sockstate_ending {
	SOCKSTATE_ENDING,    /* not all that was written has arrived */
	SOCKSTATE_DELIVERED, /* all has, but the peer has not closed its side */
	SOCKSTATE_ENDED,     /* there is no connection */
};

enum sockstate_ending sockstate_ending(int socket);

/*
 * Makes a socket that is bound to the endpoint as good as a new one, but for
 * the options of sockopt.h: no peer, no listening, no shutdown, no data, no
 * error, no filter; and SO_REUSEADDR as in the pool (pool.h).  The binding stays
 * (connect(2), AF_UNSPEC; tests/test_sockstate.c).
 * Clients in a listener's queue are reset, and so is the peer of a connection.
 * A UDP socket keeps its peer, until it is parked: without one it would take
 * what others should get.
 *
 * Returns false if something cannot be undone: shutdown(2) of a UDP socket, a
 * filter that was locked (SO_LOCK_FILTER), an upper layer protocol (TCP_ULP).
 */
bool sockstate_renew(int socket, const struct endpoint *);

/* Takes the peer of a UDP socket away, or the interface it is bound to. */
bool sockstate_disconnect(int socket);

/* Discards the datagrams and errors that have come to a UDP socket. */
void sockstate_discard(int socket);

/* The discard port of the endpoint's own address, or of the loopback for a
 * wildcard. */
struct endpoint sockstate_harmless_peer(const struct endpoint *);

#endif
