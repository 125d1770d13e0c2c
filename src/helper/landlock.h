/* SPDX-License-Identifier: ISC */
/*
 * Which processes have forbidden themselves to bind TCP ports (landlock(7)).  The
 * kernel judges their own bind(2), but not a socket that is put at their
 * descriptor; and it tells nobody what a process is forbidden.  So it is learnt
 * as they do it.
 */
#ifndef LANDLOCK_H
#define LANDLOCK_H

#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* More than these, and everybody is taken for one of them. */
#define LANDLOCK_RESTRICTED 256

struct landlock {
	bool binds; /* some ruleset is about binding TCP ports */
	size_t count;
	struct landlock_restricted {
		pid_t task, process;
		uint64_t since; /* as process_started counts */
	} restricted[LANDLOCK_RESTRICTED];
};

/* landlock_create_ruleset(2) and landlock_restrict_self(2), as they are called. */
void landlock_note(struct landlock *, const struct seccomp_notif *);

/* True where the task may not bind some TCP port, or may have inherited that:
 * threads and children do, a parent does not. */
bool landlock_restricts(const struct landlock *, pid_t task);

#endif
