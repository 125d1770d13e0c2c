/* SPDX-License-Identifier: ISC */
/*
 * Other programs: the only room that calls exec.
 */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <signal.h>
#include <stdbool.h>

/*
 * Becomes the server: command is looked up in PATH of the environment and runs
 * with this signal mask, in a process group of its own.  Where that fails, it is
 * told and the process ends with 126 or 127.
 */
_Noreturn void program_execute(char **command, char **environment,
    const sigset_t *signals);

/* True where program_execute would find a file to execute, and the interpreter or
 * loader it names; otherwise *status is what it would end with. */
bool program_is_there(const char *command, char **environment, int *status);

/* Why a command ends with STATUS_NOT_FOUND: it, or what a script or a program
 * needs to run, is not there. */
const char *program_absence(const char *command);

enum program_outcome {
	PROGRAM_ABSENT,
	PROGRAM_FAILED,
	PROGRAM_READ,
};

/*
 * Calls visit with each line a tool of the administrator writes to its standard
 * output, the newline cut off.  The tool is given by its path, and gets an empty
 * environment and none of the caller's descriptors.
 */
enum program_outcome program_read(char *const command[],
    void (*visit)(const char *, void *), void *argument);

#endif
