/* SPDX-License-Identifier: ISC */
/*
 * --doctor: one screen on whether lowport can work here, and why not.
 */
#ifndef DOCTOR_H
#define DOCTOR_H

#include "check.h"

/* Root's own part, while this process is still root: what else diverts the
 * ports.  To be called before privilege_become. */
void doctor_as_root(const struct start *);

/* What can be told without the helper, which may fail.  To be called after
 * privilege_become: it tells what the server's user may. */
void doctor_begin(const struct start *);

/* The rest.  Ends the process. */
_Noreturn void doctor_report(struct start *);

#endif
