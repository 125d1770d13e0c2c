/* SPDX-License-Identifier: ISC */
/*
 * The limits of how many processes there may be.
 */
#ifndef LIMIT_H
#define LIMIT_H

#include "reason.h"

/* The reason for which fork(2), clone(2) or execve(2) failed with this errno(3)
 * value: for EAGAIN, the limit that is met, or those that may be. */
void limit_explain(char text[REASON_TEXT], int error);

#endif
