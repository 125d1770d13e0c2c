/* SPDX-License-Identifier: ISC */
/*
 * What has been reported.  A message that could come again and again is printed
 * once for each cause it was true of: this process, that address.  A server
 * that finds ever new causes does not flood the log: TOLD_BURST messages of a
 * kind are printed a minute, and the number of the others.
 */
#ifndef TOLD_H
#define TOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "endpoint.h"

enum told_kind {
	TOLD_UNREADABLE, /* a process that cannot be looked at */
	TOLD_UNPLACED,   /* one that may be the server's or not */
	TOLD_UNCOVERED,  /* a bind that no mapping covers */
	TOLD_IN_USE,     /* all sockets of one address are in use */
	TOLD_STRANGER,   /* a socket of another user beside ours */
	TOLD_STRAY,      /* a process that has an expected port itself */
	TOLD_RIVAL,      /* a process that listens on a public port */
	TOLD_REFUSED,    /* one that a signal does not reach */
	TOLD_FOREIGN,    /* a process of another network namespace */
	TOLD_FORBIDDEN,  /* one that may not bind ports */
	TOLD_KINDS,
};

/* So many causes are remembered; the oldest is forgotten. */
#define TOLD_KNOWN 64
#define TOLD_BURST 16

struct told {
	uint64_t known[TOLD_KNOWN]; /* a hash of each */
	size_t count;
	struct told_rate {
		long long since;       /* when the minute began */
		unsigned int lately;   /* messages since then */
		unsigned int left_out; /* and those that were too many */
	} rates[TOLD_KINDS];
};

/* True where the message about this cause is to be printed now. */
bool told_first(struct told *, enum told_kind, const void *cause, size_t size);

/* The same, where the cause is a process.  One that gets the number of another
 * later is another cause. */
bool told_first_process(struct told *, enum told_kind, pid_t);

/* The same, where it is an address, of some protocol; detail is the caller's. */
bool told_first_endpoint(struct told *, enum told_kind, const struct endpoint *,
    int protocol, int detail);

/* Prints how many messages were left out since the last call. */
void told_report_rest(struct told *);

#endif
