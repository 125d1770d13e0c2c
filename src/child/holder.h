/* SPDX-License-Identifier: ISC */
/*
 * The holder of a port that is in use.
 */
#ifndef HOLDER_H
#define HOLDER_H

#include <stdbool.h>
#include <sys/types.h>

#include "endpoint.h"
#include "plan.h"
#include "process.h"

enum holder_state {
	HOLDER_LISTENS,   /* or takes datagrams */
	HOLDER_PARKED,    /* UDP, kept by another lowport for its server */
	HOLDER_BOUND,     /* bound only; reported since Linux 6.8 */
	HOLDER_CONNECTED, /* connections, perhaps of a server that has ended */
	HOLDER_NONE,
};

struct holder {
	uid_t uid; /* of the socket's maker */
	enum holder_state state;
	struct endpoint endpoint; /* the socket's */
	pid_t pid;                /* 0: the process cannot be seen */
	char name[PROCESS_NAME];
};

/*
 * Finds a socket of IPPROTO_TCP or IPPROTO_UDP that is in the way of a bind(2)
 * to the endpoint; of several, one that is first in enum holder_state.  Returns
 * false if there is none, or none can be seen.
 */
bool holder_find(struct holder *, const struct endpoint *, int protocol);

/*
 * TCP sockets with SO_REUSEADDR share a port until one of them listens, so two
 * lowports could both start.  This is called when the helper has bound its own,
 * and marks the mappings whose port another process has bound as well.  Of two
 * lowports that look at the same time, the one that bound last sees the other.
 * Linux 6.8; an older kernel does not report such sockets.
 */
void holder_find_shared(const struct plan *, bool shared[PLAN_MAPPINGS_MAX]);

/* The lowport, by its name alone, that is the holder's process or an ancestor of
 * it, or 0. */
pid_t holder_lowport_above(const struct holder *);

/* Finds another lowport, by its name alone; fills in pid and name. */
bool holder_find_lowport(struct holder *);

#endif
