/* SPDX-License-Identifier: ISC */
/*
 * Runs in: both processes.  Computes only.
 * Reads: what it is given.
 */
#include <stdarg.h>
#include <stdio.h>

#include "reason.h"

bool
reason_say(char why[REASON_TEXT], const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(why, REASON_TEXT, format, arguments);
	va_end(arguments);
	return false;
}
