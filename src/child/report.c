/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child, with --check, --doctor and --check-policy.
 * Reads: nothing; the arguments are ours.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "message.h"
#include "report.h"
#include "status.h"

#define LINE_MAX_BYTES 1024

static bool failed;

void
report(enum report_kind kind, const char *subject, const char *format, ...)
{
	static const char *const kinds[] = {"ok", "note", "problem"};
	char line[LINE_MAX_BYTES];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	message_make_printable(line);
	if (dprintf(STDOUT_FILENO, "%-8s %-12s %s\n", kinds[kind], subject,
		line) < 0 ||
	    kind == REPORT_PROBLEM)
		failed = true;
}

void
report_end(void)
{
	_exit(failed ? STATUS_FAILURE : EXIT_SUCCESS);
}
