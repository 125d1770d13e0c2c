/* SPDX-License-Identifier: ISC */
/*
 * The child, from the fork to the exec of the server.
 */
#ifndef LAUNCH_H
#define LAUNCH_H

#include <signal.h>

/*
 * Parses the options, becomes the user, sends the plan to the helper, which binds
 * the ports, installs and tries the hand-off, and executes the server with the
 * caller's environment and this signal mask.  A failure on the way is reported
 * and ends the process with one of enum status.  no_helper is 0, or the errno(3)
 * value of the fork(2) that failed: then this process is the only one, and does
 * what needs no helper.
 */
_Noreturn void launch(int channel, int no_helper, int argc, char **argv,
    const sigset_t *signals);

#endif
