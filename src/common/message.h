/* SPDX-License-Identifier: ISC */
/*
 * The messages of lowport: always one line on standard error.  A line is written
 * at once, so that lines of the helper and the server do not mix.  It says what
 * failed, on which object, why, and what to do.
 */
#ifndef MESSAGE_H
#define MESSAGE_H

#include <stdbool.h>

#include "status.h"

enum verbosity {
	VERBOSITY_QUIET,   /* -q: errors that end the run, and alerts */
	VERBOSITY_NORMAL,  /* these, and warnings */
	VERBOSITY_VERBOSE, /* -v: these, and each step */
};

/*
 * Sets which messages are printed from here on.  For the journal, each line
 * begins with its priority, <3> and so on (sd-daemon(3)).  Before the first
 * call the level is NORMAL, and there are no priorities.
 */
void message_set(enum verbosity, bool journal);

/* From here on, fatal and the like call this with their line, without its
 * prefix, before they end the process. */
void message_at_end(void (*)(const char *line));

/* True if standard error is the journal: JOURNAL_STREAM, whose value may be
 * NULL, names its device and inode (systemd.exec(5)). */
bool message_is_journal(const char *value);

/* The text of an errno(3) value.  Unlike strerror(3), which looks for a
 * translation, it allocates nothing: the confined helper may call it. */
const char *message_error(int error);

/*
 * Puts '?' in place of each control, format or private character, and of each
 * byte that is not clean UTF-8, such as a character cut in half.  The line gets
 * no longer.  So text that others chose (the name of a command or process, a
 * line of a file) cannot become a second line, move the terminal's cursor, or
 * show other text than there is.
 */
void message_make_printable(char *line);

/*
 * fatal and fatalx print, then end this process by _exit(2) with
 * STATUS_FAILURE; fatal adds the text of errno.  fatal_status ends it with
 * another status.  The helper never calls them once a server runs.
 */
_Noreturn void fatal(const char *, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void fatalx(const char *, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void fatal_status(enum status, const char *, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * The others never wait for a reader: if standard error has no room, the
 * message is lost.
 *
 * alertx prints even with -q: a server is on a port that it should not use.
 */
void alertx(const char *, ...) __attribute__((format(printf, 1, 2)));

/* Prints unless -q. */
void warnx(const char *, ...) __attribute__((format(printf, 1, 2)));

/* True with -v, so that what would be thrown away need not be composed. */
bool message_is_verbose(void);

/* Prints with -v. */
void verbose(const char *, ...) __attribute__((format(printf, 1, 2)));

#endif
