/* SPDX-License-Identifier: ISC */
/*
 * The helper after its drop: forwards signals, reaps, serves the listener, and
 * returns the server's status.  As process 1 of a container it is the init.
 * Elsewhere it is a subreaper, so a server that daemonizes stays its
 * descendant.
 */
#ifndef SUPERVISOR_H
#define SUPERVISOR_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

struct handoff;
struct supervision;

/* Blocks every signal and stores the old mask.  main does this first: no signal
 * is lost, and none kills only one of the two processes. */
void supervisor_block_signals(sigset_t *original);

/* Returns a descriptor that signals arrive at; ends the process on failure. */
int supervisor_prepare(void);

/*
 * Becomes a subreaper, and asks for the plan's signal when parent ends, which
 * started lowport.  After the drop, because a change of ids cancels that signal
 * (PR_SET_PDEATHSIG(2const), tests/root/privilege.bats); before the
 * confinement, which forbids prctl(2).  Returns whether orphans of the server
 * become children of this process.
 */
bool supervisor_settle(const struct supervision *, pid_t parent);

/*
 * Runs until no process of the server is left; returns lowport's exit status.
 * signals is supervisor_prepare's descriptor.  The child has become the server,
 * or has ended, when channel does.
 */
int supervisor_run(struct handoff *, int signals, int channel, pid_t server);

#endif
