/* SPDX-License-Identifier: ISC */
/*
 * Leases: which socket of the pool a server is given, and when it comes back.
 *
 * A server that listens has the socket for itself: it is closed here, and when
 * the server closes it, the port is closed.  Only the last of each variant is
 * kept, and handed out as a duplicate, so that a server can bind without end.
 *
 * A server may also bind a socket for each client or peer, and connect it: UDP
 * servers do, and TCP ones that use the port as a source port (FTP, rsh, NFS).
 * Those are kept all, or there would soon be none.
 *
 * A kept socket that no process but the helper holds any more is made fresh: its
 * connection is ended as close(2) would, it stops listening, and whatever its
 * server has left in it is thrown away (sockstate_renew).  A socket that is connected
 * is never handed out.
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
 * is taken before lease_commit.  It may wait for some 50 milliseconds, where the
 * only sockets left have connections that are about to end.
 */
int lease_pick(struct pool_variant *, bool reuseport, int *socket);

/* How many sockets of the variant have a connection, or had one that is not over
 * yet. */
unsigned int lease_connections(const struct pool_variant *);

/* Gives the socket that was picked the options the server's socket has; from
 * then on it takes datagrams, until lease_refresh sees that nobody has got it. */
void lease_prepare(struct pool *, struct pool_variant *, int socket,
    const struct sockopt_values *seen, bool nonblocking);

/*
 * The socket that was picked is the server's now, at this descriptor; or when
 * *journey hangs up, which may be -1.  Where the pool keeps that to itself, it
 * becomes -1.
 */
void lease_commit(struct pool *, struct pool_variant *, int socket,
    struct process_descriptor holder, int *journey);

/*
 * Looks who holds the kept sockets, and makes those fresh that nobody else has
 * held at so many looks in a row.  One before each hand-off, as a socket that a
 * server has just closed would still be in the way of the next; LEASE_LOOKS
 * otherwise, as one on its way from process to process is held by nobody.  A
 * connected socket is in nobody's way, and is left for longer; before a hand-off
 * it is looked for where there is no other.
 */
#define LEASE_LOOKS 2
void lease_refresh(struct pool *, unsigned int looks);

/* How many microseconds from now lease_visit wants to be called; -1 for never. */
long long lease_due(struct pool *);

/*
 * Does what is due.  Looks who holds the kept sockets four times a second, while
 * there are any out that may come back: so the peer of a connection that its
 * server has closed sees the end within half a second.
 *
 * And looks whether a server listens by now, some microseconds after a hand-off,
 * and then twice as late each time.  So a port that is closed again stays open no
 * longer than the server has taken from bind(2) to listen(2), or a fraction of a
 * millisecond.  (To trap listen(2) would be exact, but let signals interrupt it,
 * which no program expects.)
 */
void lease_visit(struct pool *);

#endif
