/* SPDX-License-Identifier: ISC */
/*
 * Runs in: both processes, before and after the drop.
 * Reads: JOURNAL_STREAM, in the child; names that others chose, as arguments.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "message.h"

#define LINE_MAX_BYTES 1024
#define PREFIX         "lowport: "

/* Kinds of messages, with their priority of syslog(3). */
static const struct kind {
	int priority;
	enum verbosity level; /* printed from here on */
	bool ends;            /* printed at every level, even if it must wait */
} end = {LOG_ERR, VERBOSITY_QUIET, true}, alert = {LOG_ERR, VERBOSITY_QUIET},
  warning = {LOG_WARNING, VERBOSITY_NORMAL},
  step = {LOG_INFO, VERBOSITY_VERBOSE};

static enum verbosity verbosity = VERBOSITY_NORMAL;
static bool journal;
static void (*at_end)(const char *line);

void
message_at_end(void (*function)(const char *line))
{
	at_end = function;
}

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

/*
 * Characters that move the cursor, order or hide text, or have no fixed form:
 * controls, line separators, format characters (category Cf), surrogates,
 * private use, noncharacters.  Both ends are included.
 */
static const struct range {
	uint32_t first, last;
} unprintable[] = {
    {0x0, 0x1f},
    {0x7f, 0x9f},
    {0xad, 0xad},
    {0x34f, 0x34f},
    {0x600, 0x605},
    {0x61c, 0x61c},
    {0x6dd, 0x6dd},
    {0x70f, 0x70f},
    {0x890, 0x891},
    {0x8e2, 0x8e2},
    {0x115f, 0x1160},
    {0x17b4, 0x17b5},
    {0x180b, 0x180f},
    {0x200b, 0x200f},
    {0x2028, 0x202e},
    {0x2060, 0x206f},
    {0x3164, 0x3164},
    {0xd800, 0xf8ff},
    {0xfdd0, 0xfdef},
    {0xfe00, 0xfe0f},
    {0xfeff, 0xfeff},
    {0xffa0, 0xffa0},
    {0xfff0, 0xfffb},
    {0x110bd, 0x110bd},
    {0x110cd, 0x110cd},
    {0x13430, 0x1343f},
    {0x1bca0, 0x1bca3},
    {0x1d173, 0x1d17a},
    {0xe0000, UINT32_MAX},
};

static bool
is_printable(uint32_t character)
{
	size_t i;

	for (i = 0; i < sizeof(unprintable) / sizeof(unprintable[0]); i++)
		if (character >= unprintable[i].first &&
		    character <= unprintable[i].last)
			return false;
	return (character & 0xfffe) != 0xfffe;
}

/*
 * Reads the character of UTF-8 (RFC 3629) that begins a text.  Returns how many
 * bytes it has, or 0 if it is invalid, overlong or cut.  The final NUL ends
 * each sequence, so nothing behind it is read.
 */
static size_t
read_character(const char *text, uint32_t *character)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *at = (const unsigned char *)text;
	size_t length, i;

	length = *at < 0x80 ? 1
	    : *at < 0xc0    ? 0
	    : *at < 0xe0    ? 2
	    : *at < 0xf0    ? 3
	    : *at < 0xf8    ? 4
			    : 0;
	*character = length < 2 ? *at : *at & (0x7fU >> length);
	for (i = 1; i < length; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
		*character = *character << 6 | (at[i] & 0x3f);
	}
	return length > 0 && *character >= least[length] ? length : 0;
}

void
message_make_printable(char *line)
{
	char *to = line;
	uint32_t character;
	size_t length;

	for (; *line != '\0'; line += length > 0 ? length : 1) {
		length = read_character(line, &character);
		if (length > 0 && is_printable(character)) {
			memmove(to, line, length);
			to += length;
		} else {
			*to++ = '?';
		}
	}
	*to = '\0';
}

#if __GLIBC__ * 100 + __GLIBC_MINOR__ < 232
/* Of an error that there is, strerror(3) allocates nothing in the C locale, and
 * lowport has no other. */
static const char *
strerrordesc_np(int error)
{
	return error >= 0 && error <= EHWPOISON ? strerror(error) : NULL;
}
#endif

const char *
message_error(int error)
{
	const char *text = strerrordesc_np(error);

	return text != NULL ? text : "unknown error";
}

/*
 * A failed write(2) sends a signal.  If it is blocked it stays pending: the
 * server would get it from the child, or the helper would forward it.
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

/* A reader that stalls must not stall the helper, and the server with it. */
static bool
has_room(void)
{
	struct pollfd error = {.fd = STDERR_FILENO, .events = POLLOUT};

	return poll(&error, 1, 0) == 1 && (error.revents & POLLOUT) != 0;
}

/* One byte stays free for the newline. */
static void __attribute__((format(printf, 3, 0)))
say(const struct kind *kind, int error, const char *format, va_list arguments)
{
	const size_t size = LINE_MAX_BYTES - 1;
	char line[LINE_MAX_BYTES] = PREFIX;
	size_t used, begin;

	if (!kind->ends && (verbosity < kind->level || !has_room()))
		return;
	if (journal)
		snprintf(line, size, "<%d>" PREFIX, kind->priority);
	begin = used = strlen(line);
	vsnprintf(line + used, size - used, format, arguments);
	used = strlen(line);
	if (error != 0)
		snprintf(line + used, size - used, ": %s",
		    message_error(error));
	message_make_printable(line);
	used = strlen(line);
	line[used] = '\n';
	/* There is nowhere to report that this failed. */
	if (write(STDERR_FILENO, line, used + 1) < 0)
		signal_discard(errno == EPIPE ? SIGPIPE : SIGXFSZ);
	line[used] = '\0';
	if (kind->ends && at_end != NULL)
		at_end(line + begin);
}

/* In each function below: its own arguments, as a line of this kind. */
#define SAY(kind, error, format)                                               \
	do {                                                                   \
		va_list arguments;                                             \
                                                                               \
		va_start(arguments, format);                                   \
		say(&(kind), error, format, arguments);                        \
		va_end(arguments);                                             \
	} while (0)

void
fatal(const char *format, ...)
{
	SAY(end, errno, format);
	_exit(STATUS_FAILURE);
}

void
fatalx(const char *format, ...)
{
	SAY(end, 0, format);
	_exit(STATUS_FAILURE);
}

void
fatal_status(enum status status, const char *format, ...)
{
	SAY(end, 0, format);
	_exit(status);
}

void
alertx(const char *format, ...)
{
	SAY(alert, 0, format);
}

void
warnx(const char *format, ...)
{
	SAY(warning, 0, format);
}

bool
message_is_verbose(void)
{
	return verbosity >= step.level;
}

void
verbose(const char *format, ...)
{
	SAY(step, 0, format);
}
