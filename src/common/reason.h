/* SPDX-License-Identifier: ISC */
/*
 * Why something failed, and what to do: the part of a message that only the
 * room knows where it failed.
 */
#ifndef REASON_H
#define REASON_H

#include <stdbool.h>

/* The longest, with its NUL; what is longer is cut. */
#define REASON_TEXT 768

/* Writes one, printf(3)'s way.  Always false: what fails returns it. */
bool reason_say(char why[REASON_TEXT], const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
