/* SPDX-License-Identifier: ISC */
/*
 * The hand-off by notification: a seccomp filter holds the server's bind(2) and
 * the calls of enum seccomp_traps until the helper answers (seccomp_unotify(2)).
 */
#ifndef NOTIFY_H
#define NOTIFY_H

#include <stdbool.h>
#include <sys/types.h>

#include "endpoint.h"
#include "landlock.h"

struct handoff;

/* This many binds, the last that ended well, are known again. */
#define NOTIFY_DONE 64

struct notify {
	bool interruptible; /* a signal may interrupt a received call */
	bool observe;       /* server_socket.h: not fetch */
	struct landlock landlock;
	struct notify_done {
		ino_t inode;                     /* of the bound socket */
		uint8_t address[ENDPOINT_BYTES]; /* that the call named */
	} done[NOTIFY_DONE];
	size_t done_count; /* so far */
};

/* Receives one call from the listener and answers it. */
void notify_serve(struct handoff *);

#endif
