/* SPDX-License-Identifier: ISC */
/*
 * The hand-off: a server's bind(2) of the port it expects ends with a pool
 * socket at its descriptor.  This room decides which; notify.h or preload.h
 * brings the call here and the socket there.
 */
#ifndef HANDOFF_H
#define HANDOFF_H

#include <stdbool.h>
#include <sys/types.h>

#include "notify.h"
#include "plan.h"
#include "pool.h"
#include "preload.h"
#include "relay.h"
#include "server_group.h"
#include "server_socket.h"
#include "stray.h"
#include "unused.h"
#include "warned.h"

struct offer;

/* This many sockets, the last handed out, are known again by inode. */
#define HANDOFF_RECENT 64

/* State that the rooms of the powerless helper share, and that of each room. */
struct handoff {
	const struct plan *plan;
	struct pool *pool;
	uint64_t network; /* the helper's: socket_network, or 0 */
	bool adopts;      /* orphans of the server become its children */
	bool in_trial;    /* the child tries the hand-off: sockets are lent */
	int listener;     /* where calls come from; -1: none can come */
	bool by_preload;  /* they come from the preload library */
	struct server_group group; /* by bpf alone; then no call comes */
	struct notify notify;
	struct preload preload;
	struct relay relay;
	struct handoff_recent {
		ino_t inode;
		uint16_t mapping;
	} recent[HANDOFF_RECENT];
	size_t handed; /* sockets so far */
	struct unused unused;
	struct stray stray;
	struct warned warned;
};

/* A bind(2) of the server's. */
struct handoff_bind {
	pid_t task;
	int fd;
	struct endpoint asked;
	struct server_socket own; /* the one at fd */
	bool uncovered;           /* no mapping covers it: it is let through */
	int delivery; /* hangs up when the server has received the socket; -1:
			 it has it at once */
};

enum handoff_outcome {
	HANDOFF_LET_THROUGH, /* the kernel may do it */
	HANDOFF_ANSWER,      /* bind(2) ends with error, or 0 */
	HANDOFF_HAND_OVER,   /* socket goes to fd */
};

struct handoff_decision {
	enum handoff_outcome outcome;
	int error;
	struct pool_socket *socket; /* until handoff_commit or _cancel */
};

/* Decides on a bind of an expected port.  A socket to be handed over has the
 * options of the server's socket already. */
struct handoff_decision handoff_decide(struct handoff *, struct handoff_bind *);

/* Notes that the socket has arrived, or is on its way; the pool may keep delivery,
 * which becomes -1 then. */
void handoff_commit(struct handoff *, struct handoff_bind *,
    const struct handoff_decision *);

/* It did not arrive: the server has died, or its limit of descriptors is below
 * this one.  A UDP socket takes datagrams no longer, if nobody holds it. */
void handoff_cancel(struct handoff *, const struct handoff_decision *);

/* Notes that a bind was let through.  error is what came of it, or UNUSED_UNKNOWN
 * if the kernel still does it: own.fd, if it is not -1, will show that. */
void handoff_note_let_through(struct handoff *, const struct handoff_bind *,
    int error);

/* Return true if this socket is one of those handed out last; the second, if it
 * is also of this mapping. */
bool handoff_is_recent(const struct handoff *, ino_t);
bool handoff_is_of(const struct handoff *, ino_t, size_t mapping);

/* Writes what getsockname(2) is to answer: the mappings, and each passed socket
 * as a mapping. */
void handoff_table(const struct handoff *, struct table *);

/* Takes calls from this listener, and closes the one before, which was for a
 * trial. */
void handoff_open(struct handoff *, const struct offer *, int listener);

/* From here on no call can come. */
void handoff_close(struct handoff *);

#endif
