/* SPDX-License-Identifier: ISC */
/*
 * The supervisor, what the helper is after its drop: forwards signals, reaps,
 * serves the listener, and returns the server's status.  As PID 1 of a
 * container it is the init there; elsewhere it is a subreaper, so that a server
 * that daemonizes stays its descendant.
 */
#ifndef SUPERVISOR_H
#define SUPERVISOR_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

struct handoff;
struct supervision;

/*
 * Blocks every signal that can be forwarded and stores the mask that was; the
 * first thing main does, so that none is lost or kills half of lowport.
 */
void supervisor_block_signals(sigset_t *original);

/* Makes the descriptor signals arrive at.  Needs no privilege; ends the process
 * on failure. */
int supervisor_prepare(void);

/*
 * Becomes a subreaper, and asks for the plan's signal at the end of parent, who
 * started lowport.  Behind the drop, as a change of ids undoes the latter
 * (PR_SET_PDEATHSIG(2const), tests/root/privilege.bats); before the
 * confinement, which forbids prctl(2).  Returns whether orphans of the server
 * become children of this process.
 */
bool supervisor_settle(const struct supervision *, pid_t parent);

/*
 * Runs until no process of the server is left; signals is what
 * supervisor_prepare returned.  channel's end tells that the child has become
 * the server, or that it has ended without.  Returns the exit status for
 * lowport.
 */
int supervisor_run(struct handoff *, int signals, int channel, pid_t server);

#endif
