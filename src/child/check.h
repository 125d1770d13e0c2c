/* SPDX-License-Identifier: ISC */
/*
 * --check: what would happen, by doing all of it but the last step.
 */
#ifndef CHECK_H
#define CHECK_H

#include "start.h"

/* Report on a start: as whom the server runs, what the policy says, whether
 * each mapping has its sockets, and how they are handed over, which is
 * tried. */
void check_user(const struct start *);
void check_file(void);
void check_policy(const struct start *);
void check_mappings(const struct start *);
void check_handoff(struct start *);

/* All of these, and whether the command is there.  Ends the process. */
_Noreturn void check_report(struct start *);

#endif
