/* SPDX-License-Identifier: ISC */
/*
 * The hand-off: a server's bind(2) of the port it expects ends with a pool
 * socket at its descriptor.
 */
#ifndef HANDOFF_H
#define HANDOFF_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "plan.h"
#include "pool.h"

/* Sockets handed out last, by inode: to know them again in a repeated call. */
#define HANDOFF_RECENT 64

/* A bind that no mapping covers is told once; so many are remembered. */
#define HANDOFF_TOLD 16

struct handoff_told {
	struct endpoint endpoint;
	int protocol;
};

struct handoff {
	int listener;  /* -1: no call can come (any more) */
	bool killable; /* a received call cannot be interrupted */
	bool observe;  /* target.h */
	bool probing;  /* the child tries the hand-off: sockets are lent */
	const struct plan *plan;
	struct pool *pool;
	bool used[PLAN_MAPPINGS_MAX]; /* a bind has used the mapping */
	bool sandboxed; /* some process has put itself into a sandbox */
	bool told_unreadable;
	struct handoff_told told[HANDOFF_TOLD]; /* uncovered binds */
	size_t told_count;
	ino_t recent[HANDOFF_RECENT];
	size_t handed;
};

/* Receives the sockets a service manager has passed, as many as the greeting
 * announced, into the pool. */
void handoff_inherit(struct handoff *, int channel, uint32_t count);

/*
 * Receives one call from the listener and answers it.  Never ends the process.
 */
void handoff_serve(struct handoff *);

/* Says once which mappings no bind has used; when says since when. */
void handoff_report_unused(struct handoff *, const char *when);

#endif
