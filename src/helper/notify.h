/* SPDX-License-Identifier: ISC */
/*
 * The hand-off by notification: a seccomp filter traps the server's bind(2),
 * and what else enum seccomp_traps says, until the helper has answered
 * (seccomp_unotify(2)).
 */
#ifndef NOTIFY_H
#define NOTIFY_H

#include <stdbool.h>

#include "landlock.h"

struct handoff;

struct notify {
	bool interruptible; /* a signal may interrupt a received call */
	bool observe;       /* server_socket.h */
	bool sandboxed;     /* some process has put itself into a sandbox */
	struct landlock landlock;
};

/* Receives one call from the listener and answers it.  Never ends the
 * process. */
void notify_serve(struct handoff *);

#endif
