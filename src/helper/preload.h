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

/* Connections of the preload library that have yet to ask: those of the helper's
 * user, and behind them those of others, among whom a server may be that has
 * changed its user. */
#define PRELOAD_OWN     64
#define PRELOAD_OTHERS  8
#define PRELOAD_WAITING (PRELOAD_OWN + PRELOAD_OTHERS)

struct preload_waiting {
	int connection; /* 0: none */
	bool greeted;
	unsigned long since; /* in the order they came */
};

struct preload {
	/* What requests begin with, and what greets: struct rendezvous. */
	char key[REQUEST_WORD];
	char proof[REQUEST_WORD];
	struct preload_waiting waiting[PRELOAD_WAITING];
	unsigned long connections; /* so many have come */
};

/* Takes one connection.  Neither waits nor ends the process. */
void preload_serve(struct handoff *);

/* Writes what those that are to ask are waited for by; returns how many. */
size_t preload_await(const struct preload *,
    struct pollfd fds[PRELOAD_WAITING]);

/* Greets, or replies to, those that poll(2) found to have said something, or to
 * have gone. */
void preload_attend(struct handoff *, const struct pollfd *, size_t count);

#endif
