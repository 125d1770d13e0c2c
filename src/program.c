/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child.  An exec of root's may regain what root has
 * (capabilities(7)): with --doctor that is what program_read is for, and the
 * server is another user by then, and under no_new_privs.
 * Reads: the server's command; what a tool prints.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <linux/close_range.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "environment.h"
#include "message.h"
#include "program.h"
#include "signals.h"
#include "status.h"

/*
 * A process group of its own, so that a signal to lowport's group (timeout(1),
 * a shell's kill %1) reaches the server once, by way of the helper; and the
 * terminal, where lowport has it.
 */
static void
make_job(void)
{
	bool foreground = tcgetpgrp(STDIN_FILENO) == getpgrp();

	setpgid(0, 0);
	if (foreground)
		tcsetpgrp(STDIN_FILENO, getpgrp());
}

const char *
program_absence(const char *command)
{
	return strchr(command, '/') != NULL && access(command, F_OK) == 0
	    ? "its interpreter is missing"
	    : "not found";
}

void
program_execute(char **command, char **environment, const sigset_t *signals)
{
	make_job();
	signal_set_mask(signals, NULL);
	/* PATH is looked up in environ(7). */
	environ = environment;
	execvp(command[0], command);
	if (errno == ENOENT)
		fatal_status(STATUS_NOT_FOUND, "cannot execute '%.200s': %s",
		    command[0], program_absence(command[0]));
	fatal_status(STATUS_NOT_EXECUTABLE, "cannot execute '%.200s': %s",
	    command[0], strerror(errno));
}

/* The loader a program of this machine asks for, NULL where it asks for none. */
static const char *
find_loader(const char *head, size_t length)
{
	const ElfW(Ehdr) *elf = (const void *)head;
	const ElfW(Phdr) *part = (const void *)(head + sizeof(*elf));
	size_t i;

	/* That is where linkers put the table. */
	if (length < sizeof(*elf) || memcmp(head, ELFMAG, SELFMAG) != 0 ||
	    elf->e_ident[EI_CLASS] !=
		(sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32) ||
	    elf->e_phoff != sizeof(*elf) ||
	    elf->e_phnum > (length - sizeof(*elf)) / sizeof(*part))
		return NULL;
	for (i = 0; i < elf->e_phnum; i++)
		if (part[i].p_type == PT_INTERP && part[i].p_offset < length)
			return head + part[i].p_offset;
	return NULL;
}

/* The interpreter that a script's first line names (execve(2)), or NULL. */
static const char *
find_interpreter(char *head)
{
	char *name;

	if (strncmp(head, "#!", 2) != 0)
		return NULL;
	name = head + 2 + strspn(head + 2, " \t");
	name[strcspn(name, " \t\n")] = '\0';
	return name;
}

/* Whether what shall run the file can run.  Which of them is not to be read is
 * left to execve(2). */
static int
look_behind(const char *path)
{
	/* Aligned for the headers of a program; with an end for strings. */
	static _Alignas(ElfW(Ehdr)) char head[4096 + 1];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	const char *name;
	ssize_t length;

	if (fd < 0)
		return 0;
	length = read(fd, head, sizeof(head) - 1);
	close(fd);
	if (length < 0)
		return 0;
	head[length] = '\0';
	name = find_interpreter(head);
	if (name == NULL)
		name = find_loader(head, (size_t)length);
	return name == NULL || access(name, X_OK) == 0 ? 0 : errno;
}

/* 0, or an errno(3) value. */
static int
look_at(const char *path)
{
	struct stat status;

	if (stat(path, &status) != 0)
		return errno;
	return S_ISREG(status.st_mode) && access(path, X_OK) == 0
	    ? look_behind(path)
	    : EACCES;
}

/* As execvp(3) does: what may not be executed is passed by, and remembered. */
static int
look_along(const char *path, const char *command, char file[PROGRAM_PATH])
{
	int error = ENOENT, found;
	size_t length;

	for (;; path += length + 1) {
		length = strcspn(path, ":");
		snprintf(file, PROGRAM_PATH, "%.*s%s%s", (int)length, path,
		    length == 0 ? "" : "/", command);
		found = look_at(file);
		if (found == 0)
			return 0;
		if (found == EACCES)
			error = found;
		if (path[length] == '\0')
			return error;
	}
}

int
program_find(const char *command, char **environment, char file[PROGRAM_PATH])
{
	const char *path = environment_get(environment, "PATH");

	if (strchr(command, '/') == NULL && *command != '\0')
		return look_along(path != NULL ? path : "/bin:/usr/bin",
		    command, file);
	snprintf(file, PROGRAM_PATH, "%s", command);
	return look_at(command);
}

static _Noreturn void
become_tool(char *const command[], int output)
{
	static char *environment[] = {NULL};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	dup2(null, STDIN_FILENO);
	dup2(null, STDERR_FILENO);
	dup2(output, STDOUT_FILENO);
	close_range(STDERR_FILENO + 1, INT_MAX, CLOSE_RANGE_CLOEXEC);
	execve(command[0], command, environment);
	_exit(STATUS_NOT_FOUND);
}

static void
read_lines(int fd, void (*visit)(const char *, void *), void *argument)
{
	FILE *stream = fdopen(fd, "r");
	char *line = NULL;
	size_t size = 0;

	if (stream == NULL) {
		close(fd);
		return;
	}
	while (getline(&line, &size, stream) >= 0) {
		line[strcspn(line, "\n")] = '\0';
		visit(line, argument);
	}
	free(line);
	fclose(stream);
}

enum program_outcome
program_read(char *const command[], void (*visit)(const char *, void *),
    void *argument)
{
	int ends[2], status;
	pid_t pid;

	if (access(command[0], X_OK) != 0)
		return PROGRAM_ABSENT;
	if (pipe2(ends, O_CLOEXEC) != 0)
		return PROGRAM_FAILED;
	pid = fork();
	if (pid == 0)
		become_tool(command, ends[1]);
	close(ends[1]);
	read_lines(ends[0], visit, argument);
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0
	    ? PROGRAM_READ
	    : PROGRAM_FAILED;
}
