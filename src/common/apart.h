/* SPDX-License-Identifier: ISC */
/*
 * Tries what cannot be undone in another process, which ends.
 */
#ifndef APART_H
#define APART_H

#include <stdbool.h>

/*
 * Runs a function in a process of its own and waits for its end.  It runs in this
 * one's memory, as with vfork(2), which takes less time.  Its end sends no signal: a
 * SIGCHLD would stay pending for the server.  Returns its status (wait(2)), or -1
 * with errno.
 */
int apart_run(int (*run)(void *), void *argument);

/*
 * True if a seccomp filter of the caller's answers a system call of this function
 * by the end of the process (SECCOMP_RET_KILL_PROCESS, as systemd's
 * SystemCallFilter= does).  Without a filter it is not run.
 */
bool apart_is_deadly(int (*run)(void *));

#endif
