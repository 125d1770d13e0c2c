/* SPDX-License-Identifier: ISC */
/*
 * Obstacles: why the helper cannot look at a process of the server.
 */
#ifndef OBSTACLE_H
#define OBSTACLE_H

#include <sys/types.h>

#include "reason.h"

/* Writes the cause for which a look at the task failed with this errno(3) value
 * while the task lived; returns its argument. */
const char *obstacle_explain(pid_t task, int error, char why[REASON_TEXT]);

#endif
