/* SPDX-License-Identifier: ISC */
/*
 * The child: from its first line to the server's.
 */
#ifndef LAUNCH_H
#define LAUNCH_H

#include <signal.h>

/*
 * Parses the options, becomes the user, has the helper bind the ports,
 * installs and tries the hand-off, and executes the server with the caller's
 * environment and this signal mask.  A failure before that is told and ends
 * the process with one of enum status.
 */
_Noreturn void launch(int channel, int argc, char **argv,
    const sigset_t *signals);

#endif
