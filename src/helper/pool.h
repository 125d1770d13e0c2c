/* SPDX-License-Identifier: ISC */
/*
 * The pool: sockets bound to the public ports while the helper may, handed out
 * when it no longer may (lease.h).  bind(2) below 1024 takes the capability,
 * listen(2) does not.  With SO_REUSEADDR, any number of TCP sockets can be bound
 * to one port while none of them listens, also those of overlapping addresses
 * (tests/test_pool.c holds this and what follows).
 *
 * A bound UDP socket takes datagrams at once, so those in the pool are parked
 * (parking.h) until they are handed out: the one that is not gets them all.  On a
 * port that needs no privilege, others may try to bind beside them.  So
 * SO_REUSEADDR is cleared once all are bound, a guard closes the gaps that parking
 * leaves, and sock_diag(7) tells who came in before that, or by the last gap: a
 * socket bound to one address and one interface.
 */
#ifndef POOL_H
#define POOL_H

#include <stdbool.h>
#include <stddef.h>

#include "endpoint.h"
#include "mapping.h"
#include "plan.h"
#include "process.h"
#include "sockopt.h"

/* One socket of it. */
struct pool_socket {
	int fd;
	bool altered; /* its options are not the defaults */
	bool narrow;  /* while it is not connected, it takes IPv6 datagrams of
			 one peer alone (parking.h) */
	bool shared;  /* handed out, and kept */
	/* When shared: to whom, and whether anybody holds it still. */
	ino_t inode;
	struct process_descriptor holder;
	enum process_holding holding;
	unsigned int unheld; /* looks in a row at which nobody held it */
	long long unheld_at; /* when the first of them was, as departed */
	/* When the connection that nobody holds any more began to end, as
	 * departed; 0 where there is none. */
	long long ending_since;
	/* Where it is on its way, held by nobody, the descriptor that hangs up
	 * when it has arrived; 0 elsewhere. */
	int journey;
	long long departed;       /* when, in milliseconds of CLOCK_MONOTONIC */
	bool looked_for;          /* by this look */
	struct pool_socket *next; /* of those it has not found yet */
};

/* The sockets of one variant of one port of a mapping. */
struct pool_variant {
	struct endpoint endpoint; /* the public one */
	uint16_t protocol;
	uint16_t server_port;
	uint16_t mapping;    /* its place in the plan */
	bool implied;        /* do without where the host lacks it */
	bool inherited;      /* the service manager's: handed out as it is, and
				  never closed, to a bind of any address of its
				  family */
	bool claimed;        /* the first was bound where nobody else was */
	bool crowded;        /* or somebody was: who, the child finds out */
	bool absent;         /* the host lacks the address or family, or the
				  mapping has none of it */
	unsigned int count;  /* sockets here, those that are shared included */
	unsigned int shared; /* how many are */
	int guard;           /* of UDP: never handed out, and parked otherwise
				  than the others (parking.h); or -1 */
	struct pool_socket *sockets;
	struct pool_socket inherited_one; /* where sockets points to, if it is
					     that */
};

struct pool {
	struct pool_variant *variants;
	size_t count, room;
	/* When lease_visit has something to do, as clock_microseconds() counts;
	 * 0 for never. */
	long long refresh_at, glance_at;
	long long glance_wait; /* how long from then to the next */
	int diag;  /* to look for sockets of others (diag.h), or -1 */
	uid_t uid; /* whose the sockets are */
	/* Options of fresh sockets: of IPv4 and IPv6, TCP and UDP. */
	bool defaults_known[2][2];
	struct sockopt_values defaults[2][2];
};

/*
 * Makes every socket the plan asks for and binds those of mappings that are not
 * granted the capability; then raises it, binds the others, and lowers it
 * again.  The answer has a result for each mapping.  One of which any socket
 * cannot be had, other than an implied one, gets none.  Returns whether all
 * have theirs.
 */
bool pool_fill(struct pool *, const struct plan *,
    const bool granted[PLAN_MAPPINGS_MAX], struct answer *);

/*
 * Adds a socket that was inherited for this mapping of the plan, which becomes
 * the pool's.  Allocates nothing.  False where there is no room, or where it is
 * no bound socket of the mapping's protocol; then it stays the caller's.
 */
bool pool_inherit(struct pool *, const struct plan *, size_t mapping,
    int socket);

/*
 * True where a socket of another user is bound beside this variant's, so that it
 * would take what comes for the server; *uid is whose.  False where the kernel
 * does not say (gVisor, AF_NETLINK forbidden).  Of UDP alone: TCP has listen(2).
 */
bool pool_has_stranger(const struct pool *, const struct pool_variant *,
    uid_t *uid);

/* True when some mapping expects the server to bind this port, over TCP or UDP.
 */
bool pool_expects(const struct pool *, uint16_t server_port);

/* The variant a bind of such a socket to this endpoint gets, or NULL where none
 * covers it.  It may have no socket any more. */
struct pool_variant *pool_find(struct pool *, const struct endpoint *asked,
    int protocol);

/* One that was inherited for such a bind, be it of the other family, or
 * NULL. */
const struct pool_variant *pool_find_inherited(const struct pool *,
    uint16_t server_port, int protocol);

/*
 * Takes the socket of the n-th port of a mapping that is by descriptor out of
 * the pool: the caller's to close, and no longer parked.  -1 where it has none.
 */
int pool_take(struct pool *, size_t mapping, uint32_t n);

/* How many sockets the plan asks for. */
unsigned int pool_size(const struct plan *);

#endif
