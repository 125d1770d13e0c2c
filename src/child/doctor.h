/* SPDX-License-Identifier: ISC */
/*
 * --doctor: one screen on whether lowport can work here, and why not.
 */
#ifndef DOCTOR_H
#define DOCTOR_H

#include "check.h"

/* Reports rules that divert the ports.  To be called while this process is
 * root. */
void doctor_as_root(const struct start *);

/* Reports everything that needs no helper: the helper may fail.  To be called
 * after privilege_become. */
void doctor_begin(const struct start *);

/* Reports what of the rest needs none.  Ends the process. */
_Noreturn void doctor_without_helper(const struct start *);

/* Reports the rest.  Ends the process. */
_Noreturn void doctor_report(struct start *);

#endif
