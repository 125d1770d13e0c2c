/* SPDX-License-Identifier: ISC */
/*
 * Who holds the sockets that are lent.
 */
#ifndef HOLDING_H
#define HOLDING_H

#include "pool.h"

/*
 * Notes who holds the sockets that are lent, as this look sees it.  The second
 * look of two in a row, and every later one, searches the whole machine and
 * looks for every socket.  The first skips those that are connected, which are
 * in nobody's way, if the variant has others.
 */
void holding_look(struct pool *, unsigned int looks);

/* Waits no more for the server to receive the socket. */
void holding_end_delivery(struct pool_socket *);

#endif
