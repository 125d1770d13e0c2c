/* SPDX-License-Identifier: ISC */
/*
 * Looks at the sockets of this host that listen, and reports:
 *
 *   strays   processes of the server that have an expected port themselves: the
 *            preload library is not in them, or their bind(2) was not seen;
 *   rivals   processes of others that listen at a public port, so that the
 *            server cannot;
 *   servers that listen at another port than the expected one (unused.h);
 *   servers that close each socket they are given (node's cluster).
 *
 * A look reads the kernel's lists of listeners.  It searches for the holder of
 * a listener only if that is of interest and new.
 */
#ifndef STRAY_H
#define STRAY_H

#include <stdbool.h>

#include "endpoint.h"
#include "plan.h"

struct handoff;
struct pool_variant;

/* The hand-offs of a mapping. */
struct stray_use {
	struct endpoint endpoint; /* of the last one: the public one */
	unsigned int handed;   /* so many in a row, each soon after another */
	unsigned int examined; /* handed, at the last search for holders */
	unsigned int searches; /* so many for holders */
	long long handed_at;   /* the last one, in milliseconds */
	bool listened;         /* a socket was seen to listen */
};

struct stray {
	struct stray_use uses[PLAN_MAPPINGS_MAX];
	bool look_wanted; /* something has happened that a look may explain */
	/* In clock_milliseconds: */
	long long began;    /* the server has */
	long long due;      /* for stray_visit; 0: never */
	long long interval; /* from then to the next look */
};

/* A socket of this variant has been handed out. */
void stray_note_use(struct stray *, const struct pool_variant *);

/* The server has started. */
void stray_start(struct stray *);

/* Looks if that is due: often while the server starts, soon after a bind of
 * interest, then less and less. */
void stray_visit(struct handoff *);

/* The server has ended: a last look, perhaps the first.  After a short run
 * there is none: the kernel takes milliseconds for it. */
void stray_end(struct handoff *);

#endif
