/* SPDX-License-Identifier: ISC */
/*
 * Parking: a bound UDP socket takes the datagrams that come to its port.  One
 * that is parked does not, and stays bound.
 *
 * There are two ways.  A socket that is connected takes datagrams of its peer
 * alone; the peer is the discard port of its own address, or of the loopback
 * for a wildcard.  A socket that is bound to an interface takes those of that
 * interface alone; no host has this one.
 *
 * IPv4 sockets are connected.  IPv6 sockets are bound to the interface: if one
 * had been connected once, it would take datagrams of that peer alone ever
 * after, as connect(2) with AF_UNSPEC leaves the address behind.  Linux before
 * 5.7 does not let a process without CAP_NET_RAW bind to an interface, nor does
 * gVisor: there, IPv6 sockets are connected too.
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

/* Discards what has come, and parks it no more: it is bound as it was
 * (connect(2), AF_UNSPEC), and to no interface.  Returns false with errno. */
bool parking_end(int socket);

#endif
