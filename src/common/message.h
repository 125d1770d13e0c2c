/* SPDX-License-Identifier: ISC */
/*
 * What lowport says, always one line on standard error, written at once, so
 * that lines of helper and server do not mix.  A line says what failed, on
 * which object, why, and what to do.
 */
#ifndef MESSAGE_H
#define MESSAGE_H

#include <stdbool.h>

#include "status.h"

enum verbosity {
	VERBOSITY_QUIET,   /* -q: only what ends the run, and alerts */
	VERBOSITY_NORMAL,  /* and what the user must know */
	VERBOSITY_VERBOSE, /* -v: and what was done, step by step */
};

/*
 * Sets what is printed from here on, and whether each line begins with a
 * priority, <3> and so on, as systemd's journal takes it from standard error
 * (sd-daemon(3)).  Before the first call: NORMAL, without.
 */
void message_set(enum verbosity, bool journal);

/*
 * True when standard error is the journal: value, that of JOURNAL_STREAM, names
 * its device and inode (systemd.exec(5)).  NULL is no value.
 */
bool message_is_journal(const char *value);

/* What an errno(3) value means, without a call that may allocate: also for what
 * is confined. */
const char *message_error(int error);

/*
 * Text of others (a command's name, a process's, a line of a file) must not
 * become a second line, move the terminal's cursor, or show other text than
 * there is.  Puts '?' in place of each control, format or private character,
 * and of each byte that is not clean UTF-8, such as a character cut in half.
 * The line gets no longer.
 */
void message_make_printable(char *line);

/*
 * fatal and fatalx print and end the process with STATUS_FAILURE; fatal adds
 * what errno says.  They end this process only, by _exit(2): the helper never
 * calls them once a server runs.  fatal_status does so with a status of its
 * own.
 */
_Noreturn void fatal(const char *, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void fatalx(const char *, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void fatal_status(enum status, const char *, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * The others never wait for a reader: where standard error has no room, the
 * message is lost.
 *
 * alertx prints even with -q: a server is on a port that is not to be used.
 */
void alertx(const char *, ...) __attribute__((format(printf, 1, 2)));

/* Prints unless -q. */
void warnx(const char *, ...) __attribute__((format(printf, 1, 2)));

/* Prints with -v. */
void verbose(const char *, ...) __attribute__((format(printf, 1, 2)));

#endif
