/* SPDX-License-Identifier: ISC */
/*
 * The holders of the sockets that are lent.
 */
#ifndef HOLDING_H
#define HOLDING_H

#include "pool.h"

/*
 * Notes who holds the lent sockets.  If this look is the only one (looks is 1),
 * it searches the processes below the helper.  It skips sockets that are in
 * nobody's way, if the variant has others: those that are connected, and a few
 * of TCP that do not listen.  If it is one of several, it searches the whole
 * machine, and for every lent socket.
 */
void holding_look(struct pool *, unsigned int looks);

/* Waits no more for the server to receive the socket. */
void holding_end_delivery(struct pool_socket *);

#endif
