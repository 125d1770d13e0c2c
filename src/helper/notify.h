/* SPDX-License-Identifier: ISC */
/*
 * The hand-off by notification: a seccomp filter holds the server's bind(2) and
 * the calls of enum seccomp_traps until the helper answers (seccomp_unotify(2)).
 */
#ifndef NOTIFY_H
#define NOTIFY_H

#include <stdbool.h>

#include "landlock.h"

struct handoff;

struct notify {
	bool interruptible; /* a signal may interrupt a received call */
	bool observe;       /* server_socket.h: not fetch */
	struct landlock landlock;
};

/* Receives one call from the listener and answers it. */
void notify_serve(struct handoff *);

#endif
