/* SPDX-License-Identifier: ISC */
/*
 * The hand-off by LD_PRELOAD: the library in the server (liblowport.c) asks the
 * helper at a Unix socket, before bind(2).
 */
#ifndef PRELOAD_H
#define PRELOAD_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

#include "request.h"

struct handoff;

/* Connections that have not sent a request yet: so many of the helper's user, and
 * behind them those of other users; a server may have changed its user. */
#define PRELOAD_OWN     64
#define PRELOAD_OTHERS  8
#define PRELOAD_WAITING (PRELOAD_OWN + PRELOAD_OTHERS)

struct preload_waiting {
	int connection; /* 0: none */
	bool greeted;
	unsigned long since; /* its number */
};

struct preload {
	/* Those of struct rendezvous. */
	char key[REQUEST_WORD];
	char proof[REQUEST_WORD];
	struct preload_waiting waiting[PRELOAD_WAITING];
	unsigned long connections; /* so far */
};

/* Takes one connection.  Does not wait. */
void preload_serve(struct handoff *);

/* Writes what poll(2) is to wait for; returns how many. */
size_t preload_await(const struct preload *,
    struct pollfd fds[PRELOAD_WAITING]);

/* Greets, or replies to, the connections that poll(2) found readable or gone. */
void preload_attend(struct handoff *, const struct pollfd *, size_t count);

#endif
