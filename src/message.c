/* SPDX-License-Identifier: ISC */
/*
 * Runs in: both processes, before and after the drop.
 * Reads: nothing; the arguments are ours.
 */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "message.h"

#define LINE_MAX_BYTES 1024
#define PREFIX         "lowport: "

static enum verbosity verbosity = VERBOSITY_NORMAL;

void
message_set_verbosity(enum verbosity wanted)
{
	verbosity = wanted;
}

/*
 * A byte of the caller's (a command's name, an option's argument) must not
 * become a second line or move the terminal's cursor.
 */
static void
line_make_printable(char *line)
{
	for (; *line != '\0'; line++)
		if ((unsigned char)*line < ' ' || *line == 0x7f)
			*line = '?';
}

/* Adds to a line what still fits; one byte stays free for the newline. */
static void __attribute__((format(printf, 2, 0)))
line_append(char *line, const char *format, va_list arguments)
{
	size_t used = strlen(line);

	vsnprintf(line + used, LINE_MAX_BYTES - 1 - used, format, arguments);
}

static void __attribute__((format(printf, 1, 0)))
print(const char *format, va_list arguments, int error)
{
	char line[LINE_MAX_BYTES] = PREFIX;
	size_t used;

	line_append(line, format, arguments);
	used = strlen(line);
	if (error != 0)
		snprintf(line + used, sizeof(line) - 1 - used, ": %s",
		    strerror(error));
	line_make_printable(line);
	used = strlen(line);
	line[used] = '\n';
	/* Nobody can be told that telling failed. */
	if (write(STDERR_FILENO, line, used + 1) < 0)
		return;
}

void
fatal(const char *format, ...)
{
	va_list arguments;
	int error = errno;

	va_start(arguments, format);
	print(format, arguments, error);
	va_end(arguments);
	_exit(STATUS_FAILURE);
}

void
fatalx(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	print(format, arguments, 0);
	va_end(arguments);
	_exit(STATUS_FAILURE);
}

void
fatal_status(enum status status, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	print(format, arguments, 0);
	va_end(arguments);
	_exit(status);
}

/* A reader that stalls must not stall the helper, and the server with it. */
static bool
has_room(void)
{
	struct pollfd error = {.fd = STDERR_FILENO, .events = POLLOUT};

	return poll(&error, 1, 0) == 1 && (error.revents & POLLOUT) != 0;
}

static void __attribute__((format(printf, 2, 0)))
print_from(enum verbosity level, const char *format, va_list arguments)
{
	if (verbosity >= level && has_room())
		print(format, arguments, 0);
}

void
alertx(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	print_from(VERBOSITY_QUIET, format, arguments);
	va_end(arguments);
}

void
warnx(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	print_from(VERBOSITY_NORMAL, format, arguments);
	va_end(arguments);
}

void
verbose(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	print_from(VERBOSITY_VERBOSE, format, arguments);
	va_end(arguments);
}
