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

static void __attribute__((format(printf, 3, 0))) print(const char *kind,
    const char *subject, const char *format, va_list arguments)
{
	char line[LINE_MAX_BYTES];

	vsnprintf(line, sizeof(line), format, arguments);
	message_make_printable(line);
	if (dprintf(STDOUT_FILENO, "%-8s %-12s %s\n", kind, subject, line) < 0)
		failed = true;
}

void
report_ok(const char *subject, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	print("ok", subject, format, arguments);
	va_end(arguments);
}

void
report_note(const char *subject, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	print("note", subject, format, arguments);
	va_end(arguments);
}

void
report_problem(const char *subject, const char *format, ...)
{
	va_list arguments;

	failed = true;
	va_start(arguments, format);
	print("problem", subject, format, arguments);
	va_end(arguments);
}

void
report_end(void)
{
	_exit(failed ? STATUS_FAILURE : EXIT_SUCCESS);
}
