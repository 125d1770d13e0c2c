/* SPDX-License-Identifier: ISC */
/*
 * Decimal numbers as people write them.
 */
#ifndef NUMBER_H
#define NUMBER_H

#include <stdbool.h>

/* True if the text is one or more digits. */
bool number_is(const char *text);

/* Reads such a text into *number, if it is from least to most; else returns
 * false, and changes nothing. */
bool number_parse(unsigned long *number, const char *text, unsigned long least,
    unsigned long most);

#endif
