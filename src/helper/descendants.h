/* SPDX-License-Identifier: ISC */
/* The processes below the helper: the server, and all it has started. */
#ifndef DESCENDANTS_H
#define DESCENDANTS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "process.h"

enum descent {
	DESCENT_STRANGER, /* the helper is none of its ancestors */
	DESCENT_OURS,     /* it is, or it is this process */
	DESCENT_UNKNOWN,  /* it, or one of them, cannot be looked at */
};

enum descent descendants_place(pid_t);

/* True for DESCENT_OURS. */
bool descendants_have(pid_t);

/*
 * Says whether orphans of the server become children of this process.  If so,
 * all it has is found by the lists of children below this process: what that
 * costs is the server's affair alone, whoever else is on the machine.  If not,
 * each search goes through all of /proc.
 */
void descendants_set_adopting(bool);

/* The processes that a walk names. */
enum descendants_wanted {
	DESCENDANTS_CHILDREN, /* once each */
	DESCENDANTS_ALL,      /* once each */
	DESCENDANTS_LISTED,   /* all of each list, and no walk of /proc */
};

/*
 * A walk also names those that appear meanwhile, but takes no longer than a
 * bounded time.  There is one at a time.  A caller that stops before the end
 * calls descendants_end.
 */
struct descendants {
	enum descendants_wanted wanted;
	size_t at;          /* in the last list */
	unsigned int lists; /* so many have been made */
	bool complete;      /* the last one names all it should */
	bool settled;       /* it does, and equals the one before */
	struct process_numbers processes; /* of a walk of /proc */
};

void descendants_begin(struct descendants *, enum descendants_wanted);

/* The next one, or 0 at the end. */
pid_t descendants_next(struct descendants *);

void descendants_end(struct descendants *);

/* Begins a walk of /proc, in which descendants_in_walk says who is one. */
void descendants_walk_proc(struct process_numbers *);
bool descendants_in_walk(pid_t);

#endif
