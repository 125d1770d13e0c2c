/* SPDX-License-Identifier: ISC */
/*
 * Looks at the sockets of this host that listen, for what lowport was not asked
 * about, or is to explain:
 *
 *   strays   processes of the server that have an expected port itself: the
 *            preload library is not in them, or their bind(2) was not seen;
 *   other ports than the expected one, where the server listens (unused.h);
 *   rivals   processes of others that listen on a public port, so that the
 *            server cannot;
 *   servers that close each socket they are given (node's cluster).
 *
 * A look reads the kernel's lists of listeners.  Only where there is one of
 * interest that is new does it look for its holder.
 */
#ifndef STRAY_H
#define STRAY_H

#include <stdbool.h>

#include "endpoint.h"
#include "plan.h"

struct handoff;
struct pool_variant;

/* The hand-offs of a mapping, as far as they are of interest. */
struct stray_use {
	struct endpoint endpoint; /* the public one that was handed out last */
	unsigned int handed;      /* sockets, one soon after the other */
	unsigned int examined;    /* of these, when it was asked what became */
	unsigned int doubts;      /* so often that was */
	long long handed_at;      /* the last, in milliseconds */
	bool listened;            /* one has been seen to */
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

/* The server has started: begins with the looks. */
void stray_start(struct stray *);

/* Looks if that is due, and reports what is new: often while the server starts
 * and soon after a bind of interest, then less and less. */
void stray_visit(struct handoff *);

/* The server has ended: a last look, as it may have ended before the first.
 * The kernel takes milliseconds for it, so there is none after a short run. */
void stray_end(struct handoff *);

#endif
