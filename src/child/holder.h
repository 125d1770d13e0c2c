/* SPDX-License-Identifier: ISC */
/*
 * Who has a port that is in use.
 */
#ifndef HOLDER_H
#define HOLDER_H

#include <stdbool.h>
#include <sys/types.h>

#include "endpoint.h"
#include "plan.h"

enum holder_state {
	HOLDER_LISTENS,   /* or takes datagrams */
	HOLDER_PARKED,    /* UDP, kept by another lowport for its server */
	HOLDER_BOUND,     /* bound only; reported since Linux 6.8 */
	HOLDER_CONNECTED, /* connections, perhaps of a server that has ended */
};

/* Room for a process's name (proc(5), comm). */
#define HOLDER_NAME 32

struct holder {
	uid_t uid; /* of the socket's maker */
	enum holder_state state;
	struct endpoint endpoint; /* the socket's */
	pid_t pid;                /* 0: the process cannot be seen */
	char name[HOLDER_NAME];   /* "?" where it cannot be read */
};

/*
 * Finds a socket of IPPROTO_TCP or IPPROTO_UDP that is in the way of a bind(2)
 * to the endpoint, in the order of their states (sock_diag(7)).  Returns false
 * where there is none, or none can be seen.
 */
bool holder_find(struct holder *, const struct endpoint *, int protocol);

/*
 * Sockets of TCP with SO_REUSEADDR share a port until one of them listens, so
 * two lowports could both start.  Marks the mappings whose port another process
 * has bound like that, once the helper has bound its own (Linux 6.8; an older
 * kernel does not report such sockets).  Of two that look at the same time, the
 * one that bound last sees the other.
 */
void holder_find_rivals(const struct plan *, bool shared[PLAN_MAPPINGS_MAX]);

/* A process that is another lowport, by its name alone: pid and name. */
bool holder_find_lowport(struct holder *);

#endif
