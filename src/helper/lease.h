/* SPDX-License-Identifier: ISC */
/*
 * Leases: which socket of the pool a server is given, and when it comes back.
 *
 * A server that listens has the socket for itself: the helper closes its own
 * duplicate, and when the server closes the socket, the port is closed.  The
 * helper keeps only the last one of each variant, and lends it again and again,
 * so that a server can bind without end.
 *
 * A server may also bind a socket for each client or peer, and connect it: UDP
 * servers do, and TCP ones that use the port as a source port (FTP, rsh, NFS).
 * The helper keeps all of these, or there would soon be none.
 *
 * A lent socket that no process but the helper holds any more is made fresh:
 * its connection is ended as close(2) would, it stops listening, and everything
 * its server has left in it is thrown away (sockstate_renew).  A socket that is
 * connected is never handed out.
 */
#ifndef LEASE_H
#define LEASE_H

#include <stdbool.h>

#include "pool.h"
#include "sockopt.h"

/*
 * Picks the socket to hand out next.  NULL if bind(2) is to fail with
 * EADDRINUSE: every socket is connected, or is in use while the server's has no
 * SO_REUSEPORT.  Nothing is taken before lease_commit.  This waits for some 50
 * milliseconds if the only sockets left have connections that are about to end.
 */
struct pool_socket *lease_pick(struct pool_variant *, bool reuseport);

/* The number of the variant's sockets that have a connection, or had one that is
 * not over yet. */
unsigned int lease_connections(const struct pool_variant *);

/* Gives the socket that was picked the options of the server's.  It takes
 * datagrams from then on, until lease_refresh sees that nobody received it. */
void lease_prepare(struct pool *, struct pool_socket *,
    const struct sockopt_values *seen, bool nonblocking);

/*
 * The socket that was picked is the server's, at this descriptor: now, or when
 * *delivery hangs up, if that is not -1.  If the pool keeps *delivery, it sets
 * it to -1.  The pointer to the socket is not valid any more.
 */
void lease_commit(struct pool *, struct pool_socket *,
    struct process_descriptor holder, int *delivery);

/*
 * Looks who holds the lent sockets (holding.h), and makes those fresh that
 * nobody else has held.  Before each hand-off it looks at those of the wanted
 * variant's port: a socket that a server has just closed would be in the way of
 * the next server.  If none is wanted, it looks at all, and that has to find
 * nobody twice: nobody holds a socket that a server passes from process to
 * process.
 */
void lease_refresh(struct pool *, const struct pool_variant *wanted);

/*
 * Gives one socket that came back the options of a fresh one, or sees that it has
 * them: to be called while nothing else is to be done.  So a server that binds
 * now and then does not wait for that, and no bind waits for more than one.
 */
void lease_restore_one(struct pool *);

/* Microseconds until lease_visit or lease_restore_one wants to be called; -1 for
 * never. */
long long lease_due(struct pool *);

/*
 * Does what is due.  Looks who holds the lent sockets four times a second,
 * while some may come back: so the peer of a connection that its server has
 * closed sees the end within half a second.
 *
 * And looks whether a server listens by now, some microseconds after a
 * hand-off, and then twice as late each time.  So a port that the server closes
 * stays open no longer than the server has taken from bind(2) to listen(2), or
 * a fraction of a millisecond.  (To trap listen(2) would be exact, but signals
 * could interrupt it, which no program expects.)
 */
void lease_visit(struct pool *);

#endif
