/* SPDX-License-Identifier: ISC */
/* Finds the sockets that processes below the helper hold, or other processes. */
#ifndef SEARCH_H
#define SEARCH_H

#include <stdbool.h>
#include <sys/types.h>

#include "descendants.h"
#include "process.h"

enum process_holding {
	PROCESS_NONE_HOLDS,
	PROCESS_MAY_HOLD, /* a descendant that cannot be read may */
	PROCESS_HOLDS,
};

/* The passes of a walk. */
enum search_pass {
	SEARCH_BELOW,    /* by lists of descendants */
	SEARCH_PROC,     /* through all of /proc, if there are no such lists */
	SEARCH_ANYWHERE, /* through /proc, for sockets of strangers */
	SEARCH_OVER,
};

/*
 * A walk names each socket that a descendant of this process holds.  (If the
 * server's orphans are not adopted: that any process holds which this one may
 * look at.)  With `anywhere` it goes on to all other processes this one may
 * look at, which costs a walk of all of /proc.  There is one walk at a time.
 */
struct search {
	enum search_pass pass;
	bool anywhere;
	struct descendants below; /* its walk of /proc serves all */
	unsigned int lists;
	struct process_numbers descriptors;
	pid_t process; /* whose descriptors these are, or 0 */
	bool shown;    /* it shows some */
	bool unknown;  /* a descendant that could not be read may hold some */
};

void search_begin(struct search *, bool anywhere);

/* The next socket and where it is; false at the end. */
bool search_next(struct search *, ino_t *, struct process_descriptor *);

/* Ends the walk, and says who may hold other sockets than it has named:
 * PROCESS_HOLDS if the caller stopped before the end. */
enum process_holding search_end(struct search *);

#endif
