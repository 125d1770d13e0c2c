/* SPDX-License-Identifier: ISC */
/*
 * The warnings that were printed.  A message that could come again and again is
 * printed once for each cause: this process, that address.  A server that finds
 * ever new causes does not flood the log: WARNED_BURST messages of a kind are
 * printed a minute, and the number of the others.
 */
#ifndef WARNED_H
#define WARNED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "endpoint.h"

enum warned_kind {
	WARNED_UNREADABLE, /* a process that cannot be looked at */
	WARNED_UNPLACED,   /* a process that may be the server's or not */
	WARNED_UNCOVERED,  /* a bind that no mapping covers */
	WARNED_IN_USE,     /* all sockets of one address are in use */
	WARNED_STRANGER,   /* a socket of another user beside ours */
	WARNED_STRAY,      /* a process that has an expected port itself */
	WARNED_RIVAL,      /* a process that listens on a public port */
	WARNED_REFUSED,    /* a process that refuses signals */
	WARNED_FOREIGN,    /* a process of another network namespace */
	WARNED_FORBIDDEN,  /* a process that may not bind ports */
	WARNED_KINDS,
};

/* So many causes are remembered; the oldest is forgotten. */
#define WARNED_KNOWN 64
#define WARNED_BURST 16

struct warned {
	uint64_t known[WARNED_KNOWN]; /* a hash of each */
	size_t count;
	struct warned_rate {
		long long since;       /* when the minute began */
		unsigned int lately;   /* messages since then */
		unsigned int left_out; /* and so many more were not printed */
	} rates[WARNED_KINDS];
};

/* True if the message about this cause is to be printed now. */
bool warned_first(struct warned *, enum warned_kind, const void *cause,
    size_t size);

/* The cause is a process.  If its number goes to another one later, that is
 * another cause. */
bool warned_first_process(struct warned *, enum warned_kind, pid_t);

/* The cause is an address, of some protocol; detail is the caller's. */
bool warned_first_endpoint(struct warned *, enum warned_kind,
    const struct endpoint *, int protocol, int detail);

/* Prints how many messages were left out since the last call. */
void warned_report_rest(struct warned *);

#endif
