/* SPDX-License-Identifier: ISC */
/*
 * The pool: sockets that the helper binds to the public ports while it may, and
 * hands out when it no longer may (lease.h).  bind(2) below 1024 takes the
 * capability, listen(2) does not.  With SO_REUSEADDR, any number of TCP sockets
 * can be bound to one port while none of them listens, also to overlapping
 * addresses (tests/test_socket.c).
 *
 * A bound UDP socket takes datagrams at once, so those in the pool are parked
 * (parking.h) until they are handed out: one that is not gets them all.  On a
 * port that needs no privilege, others may try to bind beside them.  So
 * SO_REUSEADDR is cleared once all are bound, and a guard closes the gaps that
 * parking leaves.  sock_diag(7) shows who came in before that, or by the last
 * gap: a socket bound to one address and one interface.
 */
#ifndef POOL_H
#define POOL_H

#include <stdbool.h>
#include <stddef.h>

#include "endpoint.h"
#include "mapping.h"
#include "plan.h"
#include "search.h"
#include "sockopt.h"

struct pool_socket {
	int fd;
	struct pool_variant *variant;
	bool altered;         /* its options are not the defaults */
	unsigned int restore; /* so often they are still to be set back */
	/* While it is not connected, it takes datagrams of one IPv6 peer alone
	 * (parking.h). */
	bool hears_one_peer;
	bool lent; /* handed out, and the helper keeps a duplicate */
	/* The rest is for one that is lent; times are of CLOCK_MONOTONIC. */
	long long lent_at; /* in microseconds: which was lent first counts */
	ino_t inode;       /* pool_inode */
	struct process_descriptor holder; /* at the last look (holding.h) */
	enum process_holding holding;     /* whether there was one */
	unsigned int unheld;    /* looks in a row at which nobody held it */
	long long unheld_since; /* the first of these, in microseconds */
	long long ending_since; /* of a connection that nobody holds, in
				   milliseconds; or 0 */
	int delivery; /* hangs up when the server has received it; 0: it has */
	bool looked_for;                  /* by this look */
	bool listens;                     /* of TCP (holding_note_listening) */
	struct pool_socket *next_missing; /* not found by this look */
};

/* The sockets of one variant of one port of a mapping. */
struct pool_variant {
	struct endpoint endpoint; /* the public one */
	uint16_t protocol;
	uint16_t server_port;
	uint16_t mapping; /* its place in the plan */
	bool implied;     /* the host may lack it */
	/* The service manager's: handed out as it is, and never closed, to a
	 * bind of any address of its family. */
	bool inherited;
	bool claimed; /* the first was bound where nobody else was */
	bool crowded; /* somebody was: the child finds out who */
	bool absent;  /* the host lacks it, or the mapping has none of it */
	unsigned int count; /* sockets here, those that are lent included */
	unsigned int lent;
	unsigned int restore; /* sockets whose options are to be restored */
	long long looked_at;  /* for lent ones that are in nobody's way */
	bool listed;          /* pool_lent */
	struct pool_variant *next_lent;
	/* A UDP socket that is never handed out, and parked the other way
	 * (parking.h); or -1. */
	int guard;
	struct pool_socket *sockets;
	struct pool_socket inherited_one; /* sockets, if it is inherited */
};

struct pool {
	struct pool_variant *variants; /* those of inherited sockets last */
	size_t count, room, inherited;
	/* Where to find those that expect a port: of each port of a mapping
	 * there are so many, beside each other. */
	struct pool_range {
		size_t first;
		uint32_t ports; /* 0: by descriptor */
		uint16_t server_port, each;
	} ranges[PLAN_MAPPINGS_MAX];
	struct pool_variant *lent; /* pool_lent */
	/* When lease_visit is to look who holds the lent sockets, and whether
	 * they listen, as clock_microseconds() counts; 0 for never. */
	long long refresh_at, listening_at;
	long long listening_wait; /* from then to the next */
	long long restore_at;     /* options are restored from then on */
	int diag;  /* to look for sockets of others (diag.h), or -1 */
	uid_t uid; /* whose the sockets are */
	/* Options of fresh sockets: of IPv4 and IPv6, TCP and UDP. */
	bool defaults_known[2][2];
	struct sockopt_values defaults[2][2];
};

/*
 * Makes every socket the plan asks for.  Binds those of mappings that are not
 * granted the capability; then raises it, binds the others, and lowers it
 * again.  The answer has a result for each mapping.  A mapping gets no socket
 * if it lacks one, unless that is implied.  Returns whether all have theirs.
 */
bool pool_fill(struct pool *, const struct plan *,
    const bool granted[PLAN_MAPPINGS_MAX], struct answer *);

/*
 * Adds a socket that was inherited for this mapping of the plan, and becomes
 * the pool's.  Allocates nothing.  False if there is no room, or if it is no
 * bound socket of the mapping's protocol; then it stays the caller's.
 */
bool pool_inherit(struct pool *, const struct plan *, size_t mapping,
    int socket);

/*
 * True if a socket of another user is bound beside this variant's, and would
 * take what comes for the server; *uid is whose.  False if the kernel does not
 * say (gVisor, AF_NETLINK forbidden).  Of UDP alone: TCP has listen(2).
 */
bool pool_has_stranger(const struct pool *, const struct pool_variant *,
    uid_t *uid);

/* True if some mapping expects the server to bind this TCP or UDP port. */
bool pool_expects(const struct pool *, uint16_t server_port);

/* The variant that covers a bind of such a socket to this endpoint, or NULL.
 * It may have no socket any more. */
struct pool_variant *pool_find(struct pool *, const struct endpoint *asked,
    int protocol);

/* Learns the socket's inode, once. */
ino_t pool_inode(struct pool_socket *);

/* Adds a variant to the list (next_lent) of those that have sockets which are lent,
 * or whose options are to be restored; returns the first of it. */
void pool_note_lent(struct pool *, struct pool_variant *);
struct pool_variant *pool_lent(struct pool *);

/* True if a socket of one variant may be in the way of the wanted one's: they are
 * of one port.  True if none is wanted. */
bool pool_in_the_way(const struct pool_variant *,
    const struct pool_variant *wanted);

/* One that was inherited for a bind of this port, of either family, or NULL. */
const struct pool_variant *pool_find_inherited(const struct pool *,
    uint16_t server_port, int protocol);

/*
 * Takes the socket of the n-th port of a mapping that is by descriptor out of
 * the pool: it is the caller's to close, and no longer parked.  -1 if there is
 * none.
 */
int pool_take(struct pool *, size_t mapping, uint32_t n);

/* The number of sockets the plan asks for. */
unsigned int pool_size(const struct plan *);

#endif
