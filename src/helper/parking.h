/* SPDX-License-Identifier: ISC */
/*
 * Parking: a bound UDP socket takes the datagrams that come to its port.  A
 * parked one does not, and stays bound.
 *
 * An IPv4 socket is connected to the discard port of its own address, or of the
 * loopback for a wildcard: it takes datagrams from there alone.  An IPv6 socket
 * is bound to an interface that no host has.  If it had been connected once, it
 * would take datagrams of that peer alone ever after, as connect(2) with
 * AF_UNSPEC leaves the address behind.  (Linux before 5.7 lets no process
 * without CAP_NET_RAW bind to an interface, nor does gVisor: it is connected
 * there.)
 *
 * Each way leaves a gap to bind(2).  A socket that is connected is bound to one
 * address, and one at an interface is not in the way of a socket at another.  A
 * port with a socket of each way has neither gap (tests/test_parking.c).
 *
 * No socket bound to ::ffff:0.0.0.0 may be parked: it might stay bound to one
 * address.
 */
#ifndef PARKING_H
#define PARKING_H

#include <stdbool.h>

#include "endpoint.h"

/* Parks a socket that is bound to the endpoint.  Returns false with errno. */
bool parking_begin(int socket, const struct endpoint *);

/* Parks it the other way: it is the guard of those that parking_begin parked.
 * Returns false with errno. */
bool parking_begin_guard(int socket, const struct endpoint *);

/* Whether, of an IPv6 socket that is connected, parking_end leaves the peer's
 * address behind: not in gVisor. */
bool parking_keeps_peer(int socket);

/* Discards what has come, and parks it no more: it is bound as it was
 * (connect(2), AF_UNSPEC), and to no interface.  Returns false with errno. */
bool parking_end(int socket);

#endif
