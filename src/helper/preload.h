/* SPDX-License-Identifier: ISC */
/*
 * The hand-off by LD_PRELOAD: the library in the server (liblowport.c) asks the
 * helper at a Unix socket, before bind(2).
 */
#ifndef PRELOAD_H
#define PRELOAD_H

#include <poll.h>
#include <stddef.h>

#include "handoff.h"

/* Takes one connection.  Neither waits nor ends the process. */
void preload_serve(struct handoff *);

/* Writes what those that are to ask are waited for by; returns how many. */
size_t preload_await(const struct handoff *,
    struct pollfd fds[HANDOFF_WAITING]);

/* Greets, or replies to, those that poll(2) found to have said something, or to
 * have gone. */
void preload_attend(struct handoff *, const struct pollfd *, size_t count);

#endif
