/* SPDX-License-Identifier: ISC */
/*
 * --check: does all of a start but the last step, and reports it.
 */
#ifndef CHECK_H
#define CHECK_H

#include "start.h"

/* Each reports a part: the user of the server, how the file has its capability,
 * what the policy says, whether each mapping has its sockets, and the hand-off,
 * which is tried. */
void check_user(const struct start *);
void check_file(void);
void check_policy(const struct start *);
void check_mappings(const struct start *);
void check_handoff(struct start *);

/* Reports all of these, and whether the command is there.  Ends the process. */
_Noreturn void check_report(struct start *);

#endif
