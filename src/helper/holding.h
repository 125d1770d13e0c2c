/* SPDX-License-Identifier: ISC */
/*
 * The holders of the sockets that are lent.
 */
#ifndef HOLDING_H
#define HOLDING_H

#include "pool.h"

/*
 * Notes who holds the lent sockets.  If a variant is wanted, it looks for those
 * that may be in that one's way, and searches the processes below the helper.
 * It skips sockets that are in nobody's way, if their variant has others: those
 * that are connected, and those of TCP that do not listen, but for a few.
 * Otherwise it looks for every lent socket, and searches the whole machine.
 */
void holding_look(struct pool *, const struct pool_variant *wanted);

/* Notes which of the variant's lent sockets listen.  It is one of TCP. */
void holding_note_listening(struct pool_variant *);

/* Waits no more for the server to receive the socket. */
void holding_end_delivery(struct pool_socket *);

#endif
