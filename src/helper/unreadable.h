/* SPDX-License-Identifier: ISC */
/*
 * Obstacles: why the helper cannot look at a process of the server.
 */
#ifndef UNREADABLE_H
#define UNREADABLE_H

#include <sys/types.h>

#include "reason.h"

/* Writes the cause for which a look at the task failed with this errno(3) value
 * while the task lived; returns its argument. */
const char *unreadable_explain(pid_t task, int error, char why[REASON_TEXT]);

#endif
