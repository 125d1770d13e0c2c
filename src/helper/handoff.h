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

#include "notify.h"
#include "plan.h"
#include "pool.h"
#include "preload.h"
#include "server_socket.h"
#include "stray.h"
#include "unused.h"
#include "warned.h"

struct offer;

/* Sockets handed out last, by inode: to know them again in a repeated call. */
#define HANDOFF_RECENT 64

/* What the helper's rooms share once it is powerless, and the part of each. */
struct handoff {
	const struct plan *plan;
	struct pool *pool;
	uint64_t network; /* the helper's: socket_network, or 0 */
	bool adopts;      /* orphans of the server become its children */
	bool in_trial;    /* the child tries the hand-off: sockets are lent */
	int listener;     /* where calls come from; -1: none can (any more) */
	bool by_preload;  /* it is the preload library's */
	struct notify notify;
	struct preload preload;
	struct handoff_recent {
		ino_t inode;
		uint16_t mapping;
	} recent[HANDOFF_RECENT];
	size_t handed; /* so many sockets were */
	struct unused unused;
	struct stray stray;
	struct warned warned;
};

/* A bind(2) of the server's. */
struct handoff_bind {
	pid_t task;
	int fd;
	struct endpoint asked;
	struct server_socket own; /* what is at fd */
	bool uncovered; /* it is let through, as no mapping covers it */
	int delivery;   /* hangs up when the server has received the socket;
			 -1: it has it at once */
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
	struct pool_socket *socket; /* until handoff_commit */
};

/* The port is one the server was expected to bind.  What is to be handed over
 * has the options of the server's socket already. */
struct handoff_decision handoff_decide(struct handoff *, struct handoff_bind *);

/* The socket has got there, or is on its way; the pool may keep delivery, which
 * becomes -1 then. */
void handoff_commit(struct handoff *, struct handoff_bind *,
    const struct handoff_decision *);

/* A bind was let through: error is what came of it, or UNUSED_UNKNOWN where the
 * kernel carries it out now; then it is looked for at own.fd, which may be
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

/* Calls come from this listener, in place of the one before, which was for a
 * trial. */
void handoff_open(struct handoff *, const struct offer *, int listener);

/* No call can come any more. */
void handoff_close(struct handoff *);

#endif
