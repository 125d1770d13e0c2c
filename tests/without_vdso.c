/* SPDX-License-Identifier: ISC */
/*
 * usage: without_vdso COMMAND [ARG...]
 *
 * Executes a command as a kernel without a vDSO does (vdso(7)): its C library
 * asks the kernel for the time, by system calls.  Ends as the command does.
 */
#include <elf.h>
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#define START_STACK 28 /* field of /proc/PID/stat: proc(5) */

/* Where an executed program finds the number of its arguments. */
static unsigned long
start_of_stack(pid_t pid)
{
	char path[64], text[1024], *at;
	unsigned int field = 2;
	size_t length;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "r");
	if (file == NULL)
		err(2, "%s", path);
	length = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[length] = '\0';
	for (at = strrchr(text, ')'); at != NULL && field < START_STACK;
	     field++)
		at = strchr(at + 1, ' ');
	return at == NULL ? 0 : strtoul(at, NULL, 10);
}

static unsigned long
peek(pid_t pid, unsigned long address)
{
	errno = 0;
	const long word = ptrace(PTRACE_PEEKDATA, pid, address, 0);

	if (errno != 0)
		err(2, "the stack of process %d", pid);
	return (unsigned long)word;
}

/* Behind the number: arguments, NULL, environment, NULL, pairs of getauxval(3). */
static void
hide_vdso(pid_t pid)
{
	const size_t word = sizeof(long);
	unsigned long at = start_of_stack(pid);

	at += (peek(pid, at) + 2) * word;
	while (peek(pid, at) != 0)
		at += word;
	for (at += word; peek(pid, at) != AT_NULL; at += 2 * word)
		if (peek(pid, at) == AT_SYSINFO_EHDR)
			ptrace(PTRACE_POKEDATA, pid, at, AT_IGNORE);
}

int
main(int argc, char **argv)
{
	pid_t pid = argc < 2 ? -1 : fork();
	int status;

	if (pid < 0)
		errx(2, "usage: without_vdso COMMAND [ARG...]");
	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		execvp(argv[1], argv + 1);
		_exit(127);
	}
	/* Stopped by the exec, before its first instruction. */
	if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
		errx(2, "%s was not executed", argv[1]);
	hide_vdso(pid);
	ptrace(PTRACE_DETACH, pid, 0, 0);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
