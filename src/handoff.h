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

#include "plan.h"
#include "pool.h"
#include "request.h"
#include "target.h"

/* Sockets handed out last, by inode: to know them again in a repeated call. */
#define HANDOFF_RECENT 64

/* A bind that no mapping covers is told once; so many are remembered. */
#define HANDOFF_TOLD 16

struct handoff_told {
	struct endpoint endpoint;
	int protocol;
};

struct handoff {
	int listener;  /* where calls come from; -1: none can (any more) */
	bool preload;  /* it is the preload library's: preload.h */
	bool killable; /* a received call cannot be interrupted */
	bool observe;  /* target.h */
	/* What requests begin with, and replies: struct rendezvous. */
	char key[REQUEST_WORD];
	char proof[REQUEST_WORD];
	bool adopts; /* orphans of the server are this process's children */
	bool trying; /* the child tries the hand-off: sockets are lent */
	const struct plan *plan;
	struct pool *pool;
	bool used[PLAN_MAPPINGS_MAX]; /* a bind has used the mapping */
	bool sandboxed; /* some process has put itself into a sandbox */
	bool told_unreadable;
	bool told_unplaced;
	bool told_in_use;
	bool stray;                             /* one was told */
	struct handoff_told told[HANDOFF_TOLD]; /* uncovered binds */
	size_t told_count;
	ino_t recent[HANDOFF_RECENT];
	size_t handed;
};

/* A bind(2) of the server's. */
struct handoff_bind {
	pid_t task;
	int fd;
	struct endpoint asked;
	struct target target; /* what is at fd */
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

/* What getsockname(2) is to answer: the mappings, and the inherited sockets as
 * if they were some. */
void handoff_table(const struct handoff *, struct table *);

/* No call can come any more. */
void handoff_close(struct handoff *);

/* Says once which mappings no bind has used; when says since when. */
void handoff_report_unused(struct handoff *, const char *when);

#endif
