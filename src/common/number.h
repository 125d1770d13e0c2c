/* SPDX-License-Identifier: ISC */
/*
 * Decimal numbers as people write them.
 */
#ifndef NUMBER_H
#define NUMBER_H

#include <stdbool.h>

/* True where the text is of digits alone, of one at least. */
bool number_is(const char *text);

/* Reads a text that number_is, from least to most, into *number; false, and
 * changes nothing, where it is another or beyond these. */
bool number_parse(unsigned long *number, const char *text, unsigned long least,
    unsigned long most);

#endif
