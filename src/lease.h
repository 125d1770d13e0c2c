/* SPDX-License-Identifier: ISC */
/*
 * Leases: which socket of the pool a server is given, and when it comes back.
 *
 * A socket that is handed out is closed here: when the server closes it, the
 * port is closed.  Only the last of each variant is kept, and handed out as a
 * duplicate, so that a server can bind without end.  A kept socket that no
 * process but the helper holds any more is made fresh: it stops listening, and
 * clients that wait in its queue are reset; a UDP one is parked again.
 *
 * A UDP server may bind a socket for each client, and connect it.  Those are
 * kept all, or there would soon be none: connected, they take the datagrams of
 * their client alone, and no other's, while nobody holds them.  One that has not
 * been connected soon is for everybody, and closed here as one of TCP is.
 */
#ifndef LEASE_H
#define LEASE_H

#include <stdbool.h>

#include "pool.h"
#include "process.h"
#include "sockopt.h"

/*
 * Picks the socket to hand out next.  Returns 0, or the errno(3) value that
 * bind(2) gives a second socket: EADDRINUSE where all that are kept are in use
 * and the server's socket has no SO_REUSEPORT, or they are connected.  Nothing
 * is taken before lease_commit.
 */
int lease_pick(struct pool_variant *, bool reuseport, int *socket);

/* Gives the socket that was picked the options the server's socket has; from
 * then on it takes datagrams, until lease_refresh sees that nobody has got it. */
void lease_prepare(struct pool *, struct pool_variant *, int socket,
    const struct sockopt_values *seen, bool nonblocking);

/*
 * The socket that was picked is the server's now, at this descriptor; or when
 * *journey hangs up, which may be -1.  Where the pool keeps that to itself, it
 * becomes -1.
 */
void lease_commit(struct pool_variant *, int socket,
    struct process_descriptor holder, int *journey);

/* True when it is known whether a process holds a kept socket that is out, or
 * one has been out for so short that it may be closed here: lease_refresh wants
 * to be called regularly. */
bool lease_shares(const struct pool *);

/*
 * Looks who holds the kept sockets, and makes those fresh that nobody else has
 * held at so many looks in a row.  One before each hand-off, as a socket that a
 * server has just closed would still be in the way of the next; LEASE_LOOKS
 * otherwise, as one on its way from process to process is held by nobody.  A
 * connected UDP socket is in nobody's way, and is left for longer; before a
 * hand-off it is looked for where there is no other.
 */
#define LEASE_LOOKS 2
void lease_refresh(struct pool *, unsigned int looks);

#endif
