/* SPDX-License-Identifier: ISC */
/*
 * The reason for which the helper cannot look at a process of the server.
 */
#ifndef UNREADABLE_H
#define UNREADABLE_H

#include <sys/types.h>

#include "reason.h"

/* Writes why a look at this task, which still lives, failed with this errno(3)
 * value.  Returns its last argument. */
const char *unreadable_explain(pid_t task, int error, char why[REASON_TEXT]);

#endif
