/* SPDX-License-Identifier: ISC */
/* The reason of a failure, and the remedy: the part of a message that only the
 * place of the failure knows. */
#ifndef REASON_H
#define REASON_H

#include <stdbool.h>

/* Room, with the NUL; a longer reason is cut. */
#define REASON_TEXT 768

/*
 * Writes a reason, as printf(3) does.  Returns false, for the caller to return.
 */
bool reason_say(char why[REASON_TEXT], const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
