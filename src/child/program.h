/* SPDX-License-Identifier: ISC */
/*
 * Programs: this one, the server, tools.  No other room calls exec.
 */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <signal.h>

#include "binary.h"

/* The path of this program, for a message. */
const char *program_own_path(void);

/*
 * Becomes the server: command is looked up in PATH of the environment and runs
 * with this signal mask, in a process group of its own.  Where that fails, it
 * is told and the process ends with 126 or 127.
 */
_Noreturn void program_execute(char **command, char **environment,
    const sigset_t *signals);

/* Room for a path. */
#define PROGRAM_PATH 4096

/* Writes the path of the file that program_execute would execute.  Returns 0,
 * or the errno(3) value it would fail with, be it for want of the interpreter
 * or loader that the file names. */
int program_find(const char *command, char **environment,
    char path[PROGRAM_PATH]);

/*
 * The program a file is of: itself, or of a script what runs that, which is
 * looked up in PATH of this environment behind env(1).
 */
struct binary program_binary(const char *path, char **environment);

/* Why a command ends with STATUS_NOT_FOUND: it, or what a script or a program
 * needs to run, is not there. */
const char *program_absence(const char *command, char **environment);

enum program_outcome {
	PROGRAM_ABSENT,
	PROGRAM_FAILED,
	PROGRAM_READ,
};

/*
 * Calls visit with each line a tool of the administrator writes to its standard
 * output, the newline cut off.  The tool is given by its path, and gets an
 * empty environment and none of the caller's descriptors.
 */
enum program_outcome program_read(char *const command[],
    void (*visit)(const char *, void *), void *argument);

#endif
