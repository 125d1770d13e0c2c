/* SPDX-License-Identifier: ISC */
/*
 * The hand-off: a server's bind(2) of the port it expects ends with a pool
 * socket at its descriptor.  How the call comes here and the socket gets there
 * is the affair of notify.h or preload.h; what it gets is decided here.
 */
#ifndef HANDOFF_H
#define HANDOFF_H

#include <stdbool.h>
#include <sys/types.h>

#include "landlock.h"
#include "plan.h"
#include "pool.h"
#include "request.h"
#include "target.h"
#include "unused.h"
#include "warned.h"

/* Sockets handed out last, by inode: to know them again in a repeated call. */
#define HANDOFF_RECENT 64

/* Expected ports that the server has bound itself, uncovered; so many are
 * remembered. */
#define HANDOFF_UNCOVERED 16

/* Hand-offs less than so many milliseconds apart are counted as a row, which is
 * looked at when it has grown by so many. */
#define HANDOFF_ROW_GAP 20000
#define HANDOFF_ROW     3

/* The hand-offs of a mapping, as far as they are of interest. */
struct handoff_use {
	struct endpoint endpoint; /* the public one that was handed out last */
	unsigned int handed;      /* sockets, one soon after the other */
	unsigned int examined;    /* of these, when it was asked what became */
	unsigned int doubts;      /* so often that was */
	long long handed_at;      /* the last, in milliseconds */
	bool listened;            /* one has been seen to */
};

/* Connections of the preload library that have yet to ask: those of the helper's
 * user, and behind them those of others, among whom a server may be that has
 * changed its user. */
#define HANDOFF_OWN     64
#define HANDOFF_OTHERS  8
#define HANDOFF_WAITING (HANDOFF_OWN + HANDOFF_OTHERS)

struct handoff_waiting {
	int connection; /* 0: none */
	bool greeted;
	unsigned long since; /* in the order they came */
};

struct handoff {
	int listener;  /* where calls come from; -1: none can (any more) */
	bool preload;  /* it is the preload library's: preload.h */
	bool killable; /* a received call cannot be interrupted */
	bool observe;  /* target.h */
	/* What requests begin with, and what greets: struct rendezvous. */
	char key[REQUEST_WORD];
	char proof[REQUEST_WORD];
	struct handoff_waiting waiting[HANDOFF_WAITING];
	unsigned long connections; /* so many have come */
	uint64_t network;          /* the helper's: socket_network, or 0 */
	bool adopts; /* orphans of the server are this process's children */
	bool trying; /* the child tries the hand-off: sockets are lent */
	const struct plan *plan;
	struct pool *pool;
	bool used[PLAN_MAPPINGS_MAX]; /* a bind has used the mapping */
	struct landlock landlock;
	bool sandboxed; /* some process has put itself into a sandbox */
	struct warned warned;
	struct unused unused;
	struct handoff_uncovered {
		uint16_t port, protocol;
	} uncovered[HANDOFF_UNCOVERED];
	size_t uncovered_count;
	struct handoff_use uses[PLAN_MAPPINGS_MAX];
	bool look_soon; /* something has happened that a look may tell of */
	ino_t recent[HANDOFF_RECENT];
	uint16_t recent_mapping[HANDOFF_RECENT];
	size_t handed;
};

/* A bind(2) of the server's. */
struct handoff_bind {
	pid_t task;
	int fd;
	struct endpoint asked;
	struct target target; /* what is at fd */
	bool uncovered;       /* it is let through, as no mapping covers it */
	int journey; /* hangs up when a socket that is on its way has arrived;
			-1: it is there at once */
};

/* What is to become of it. */
enum handoff_outcome {
	HANDOFF_LET_THROUGH, /* the kernel may do it */
	HANDOFF_ANSWER,      /* bind(2) ends with error, or 0 */
	HANDOFF_HAND_OVER,   /* socket goes to fd */
};

struct handoff_decision {
	enum handoff_outcome outcome;
	int error;
	int socket; /* the pool's */
	struct pool_variant *variant;
};

/* The port is one the server was expected to bind.  What is to be handed over
 * has the options of the server's socket already. */
struct handoff_decision handoff_decide(struct handoff *, struct handoff_bind *);

/* The socket has got there, or is on its way; the pool may keep journey, which
 * becomes -1 then. */
void handoff_commit(struct handoff *, struct handoff_bind *,
    const struct handoff_decision *);

/* A bind was let through: error is what came of it, or UNUSED_UNKNOWN where the
 * kernel carries it out now; then it is looked for at target.fd, which may be
 * -1. */
void handoff_let_through(struct handoff *, const struct handoff_bind *,
    int error);

/* True when this socket is one of those handed out last. */
bool handoff_is_recent(const struct handoff *, ino_t);

/* What getsockname(2) is to answer: the mappings, and the inherited sockets as
 * if they were some. */
void handoff_table(const struct handoff *, struct table *);

/* True when it is of this mapping, too. */
bool handoff_is_of(const struct handoff *, ino_t, size_t mapping);

/* No call can come any more. */
void handoff_close(struct handoff *);

#endif
