/* SPDX-License-Identifier: ISC */
/*
 * Runs in: both processes, before and after the drop.
 * Reads: nothing; the arguments are ours.  But for JOURNAL_STREAM, in the
 * child.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "message.h"

#define LINE_MAX_BYTES 1024
#define PREFIX         "lowport: "

/* The priorities of syslog(3). */
#define FATAL   LOG_ERR
#define ALERT   LOG_ERR
#define WARNING LOG_WARNING
#define STEP    LOG_INFO

static enum verbosity verbosity = VERBOSITY_NORMAL;
static bool journal;

void
message_set(enum verbosity wanted, bool to_journal)
{
	verbosity = wanted;
	journal = to_journal;
}

bool
message_is_journal(const char *value)
{
	unsigned long long device, inode;
	struct stat status;

	return value != NULL && fstat(STDERR_FILENO, &status) == 0 &&
	    sscanf(value, "%llu:%llu", &device, &inode) == 2 &&
	    device == status.st_dev && inode == status.st_ino;
}

void
message_make_printable(char *line)
{
	for (; *line != '\0'; line++)
		if ((unsigned char)*line < ' ' || *line == 0x7f)
			*line = '?';
}

/* strerror(3) looks for a translation, and allocates. */
const char *
message_error(int error)
{
	const char *text = strerrordesc_np(error);

	return text != NULL ? text : "unknown error";
}

/* Adds to a line what still fits; one byte stays free for the newline. */
static void __attribute__((format(printf, 2, 0)))
line_append(char *line, const char *format, va_list arguments)
{
	size_t used = strlen(line);

	vsnprintf(line + used, LINE_MAX_BYTES - 1 - used, format, arguments);
}

/*
 * Where signals are blocked, the one a failed write(2) has sent is pending: the
 * server would get it, from the child, or the helper forward it.
 */
static void
signal_discard(int number)
{
	const struct timespec none = {0};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, number);
	sigtimedwait(&set, NULL, &none);
}

static void __attribute__((format(printf, 2, 0)))
print(int priority, const char *format, va_list arguments, int error)
{
	char line[LINE_MAX_BYTES] = PREFIX;
	size_t used;

	if (journal)
		snprintf(line, sizeof(line), "<%d>" PREFIX, priority);
	line_append(line, format, arguments);
	used = strlen(line);
	if (error != 0)
		snprintf(line + used, sizeof(line) - 1 - used, ": %s",
		    message_error(error));
	message_make_printable(line);
	used = strlen(line);
	line[used] = '\n';
	/* Nobody can be told that telling failed. */
	if (write(STDERR_FILENO, line, used + 1) < 0)
		signal_discard(errno == EPIPE ? SIGPIPE : SIGXFSZ);
}

void
fatal(const char *format, ...)
{
	va_list arguments;
	int error = errno;

	va_start(arguments, format);
	print(FATAL, format, arguments, error);
	va_end(arguments);
	_exit(STATUS_FAILURE);
}

void
fatalx(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	print(FATAL, format, arguments, 0);
	va_end(arguments);
	_exit(STATUS_FAILURE);
}

void
fatal_status(enum status status, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	print(FATAL, format, arguments, 0);
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

static void __attribute__((format(printf, 3, 0)))
print_from(enum verbosity level, int priority, const char *format,
    va_list arguments)
{
	if (verbosity >= level && has_room())
		print(priority, format, arguments, 0);
}

void
alertx(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	print_from(VERBOSITY_QUIET, ALERT, format, arguments);
	va_end(arguments);
}

void
warnx(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	print_from(VERBOSITY_NORMAL, WARNING, format, arguments);
	va_end(arguments);
}

void
verbose(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	print_from(VERBOSITY_VERBOSE, STEP, format, arguments);
	va_end(arguments);
}
