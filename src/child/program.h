/* SPDX-License-Identifier: ISC */
/*
 * Programs: this one, the server, tools.  No other room calls exec.
 */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <signal.h>

#include "binary.h"
#include "reason.h"

/* The path of this program, for a message. */
const char *program_own_path(void);

/*
 * Becomes the server: looks command up in PATH of the environment, and executes
 * it with this signal mask, in a process group of its own.  A failure is reported
 * and ends the process with 126 or 127.
 */
_Noreturn void program_execute(char **command, char **environment,
    const sigset_t *signals);

#define PROGRAM_PATH 4096

/* Writes the path of the file that program_execute would execute, for EACCES of
 * the one that it may not.  Returns 0, or the errno(3) value it would fail with,
 * also for the interpreter or loader that the file names. */
int program_find(const char *command, char **environment,
    char path[PROGRAM_PATH]);

/* Of a file that program_find has found to fail with this errno(3) value: the
 * interpreter, if that was refused, "; " and the reason; or "". */
const char *program_refusal(char text[REASON_TEXT], const char *path,
    int error);

/*
 * Looks at a file, or if it is a script at its interpreter.  After env(1) that is
 * looked up in PATH of this environment.
 */
struct binary program_binary(const char *path, char **environment);

/* The reason for which a command ends with STATUS_NOT_FOUND: it is missing, or
 * its interpreter or loader is. */
const char *program_absence(const char *command, char **environment);

enum program_outcome {
	PROGRAM_ABSENT,
	PROGRAM_FAILED,
	PROGRAM_READ,
};

/*
 * Runs a tool of the administrator, by its path, and calls visit with each line
 * of its standard output, without the newline.  The tool gets an empty
 * environment and none of the caller's descriptors.
 */
enum program_outcome program_read(char *const command[],
    void (*visit)(const char *, void *), void *argument);

#endif
