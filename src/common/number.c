/* SPDX-License-Identifier: ISC */
/*
 * Runs in: both processes.  Computes only.
 * Reads: the caller's text, and the policy's.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "number.h"

bool
number_is(const char *text)
{
	return *text != '\0' && text[strspn(text, "0123456789")] == '\0';
}

bool
number_parse(unsigned long *number, const char *text, unsigned long least,
    unsigned long most)
{
	unsigned long value;

	if (!number_is(text))
		return false;
	errno = 0;
	value = strtoul(text, NULL, 10);
	if (errno != 0 || value < least || value > most)
		return false;
	*number = value;
	return true;
}
