/* SPDX-License-Identifier: ISC */
/*
 * Processes that have forbidden themselves to bind TCP ports (landlock(7)).  The
 * kernel applies this to their own bind(2), but not to a socket that is put at
 * their descriptor, and it tells nobody what a process is forbidden.  So lowport
 * notes the calls by which they do it.
 */
#ifndef LANDLOCK_H
#define LANDLOCK_H

#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/types.h>

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_restrict_self  446
#endif

/* If more processes restrict themselves, every process is taken for one. */
#define LANDLOCK_RESTRICTED 256

struct landlock {
	bool sandboxed; /* some process has restricted itself */
	bool binds;     /* some ruleset is about binding TCP ports */
	size_t count;
	struct landlock_restricted {
		pid_t task, process;
		uint64_t since; /* as task_started counts */
	} restricted[LANDLOCK_RESTRICTED];
};

/* A task calls landlock_create_ruleset(2): this restricts nobody yet. */
void landlock_note_ruleset(struct landlock *, const struct seccomp_notif *);

/* A task calls landlock_restrict_self(2). */
void landlock_note_restriction(struct landlock *, pid_t task);

/* Returns true if the task may be forbidden to bind some TCP port, by itself or
 * by what it has inherited: threads and children inherit it, parents do not. */
bool landlock_restricts(const struct landlock *, pid_t task);

#endif
