/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child.  Root regains its capabilities by exec (capabilities(7)).
 * The tools of --doctor need that.  Before the server, the child has become
 * another user, and has set no_new_privs.
 * Reads: the server's command; the output of a tool.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "confinement.h"
#include "environment.h"
#include "limit.h"
#include "message.h"
#include "process.h"
#include "program.h"
#include "refusal.h"
#include "signals.h"
#include "status.h"

/* The kernel follows so many scripts that run one another (exec_binprm in
 * fs/exec.c). */
#define DEPTH_MAX 5

const char *
program_own_path(void)
{
	static char path[256];
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (length <= 0)
		return "lowport";
	path[length] = '\0';
	return path;
}

/*
 * The server gets a process group of its own: a signal to lowport's group
 * (timeout(1), a shell's kill %1) then reaches it once, by the helper.  It gets
 * the terminal if lowport has it.
 */
static void
make_job(void)
{
	bool foreground = tcgetpgrp(STDIN_FILENO) == getpgrp();

	setpgid(0, 0);
	if (foreground)
		tcsetpgrp(STDIN_FILENO, getpgrp());
}

static bool is_there(const char *command, char **environment);

const char *
program_absence(const char *command, char **environment)
{
	return is_there(command, environment) ? "its interpreter is missing"
					      : "not found";
}

static const char *
explain_path(char text[REASON_TEXT], const char *path)
{
	struct statvfs mount;
	struct stat status;

	if (stat(path, &status) == 0 && !S_ISREG(status.st_mode))
		reason_say(text, "; it is no regular file");
	else if (statvfs(path, &mount) == 0 && (mount.f_flag & ST_NOEXEC) != 0)
		reason_say(text, "; its file system is mounted noexec");
	else
		refusal_remark(text, path, S_IXOTH);
	return text;
}

/* 0, or the errno(3) value with which the file itself is refused. */
static int
look_alone(const char *path)
{
	struct stat status;

	if (stat(path, &status) != 0)
		return errno;
	return S_ISREG(status.st_mode) && access(path, X_OK) == 0 ? 0 : EACCES;
}

/* Likewise of the interpreter or loader of the file, and of an interpreter's own,
 * up to the one that is refused, or to the last: b becomes that.  A file that is
 * not readable is left to execve(2). */
static int
look_behind(struct binary *b)
{
	struct binary next;
	bool is_script;
	int depth = 0, error = 0;

	while (error == 0 && *b->runner != '\0') {
		is_script = b->kind == BINARY_SCRIPT;
		if (is_script && depth++ == DEPTH_MAX)
			return ELOOP;
		next = binary_read(b->runner);
		error = look_alone(b->runner);
		*b = next;
		/* The kernel looks for no loader of a loader. */
		if (!is_script)
			*b->runner = '\0';
	}
	return error;
}

/* 0, or an errno(3) value. */
static int
look_at(const char *path)
{
	struct binary b;
	const int error = look_alone(path);

	if (error != 0)
		return error;
	b = binary_read(path);
	return look_behind(&b);
}

/* For EACCES. */
static void
explain_refusal(char text[REASON_TEXT], const char *path)
{
	struct binary b = binary_read(path);
	char why[REASON_TEXT];

	if (look_alone(path) != 0)
		explain_path(text, path);
	else if (look_behind(&b) == EACCES)
		reason_say(text, ", by its interpreter %.200s%.400s", b.path,
		    explain_path(why, b.path));
	else if (b.kind == BINARY_UNKNOWN && access(b.path, X_OK) == 0 &&
	    access(b.path, R_OK) != 0)
		reason_say(text,
		    "; perhaps its interpreter or loader is refused, which "
		    "cannot be seen: %s is not readable",
		    b.path);
	else
		explain_path(text, path);
}

const char *
program_refusal(char text[REASON_TEXT], const char *path, int error)
{
	*text = '\0';
	if (error == EACCES)
		explain_refusal(text, path);
	else if (error == ELOOP && look_alone(path) == 0)
		reason_say(text,
		    "; the interpreter of a script may be a script, but only "
		    "%d of them may run one another",
		    DEPTH_MAX);
	return text;
}

static const char *
remark_on_refusal(char text[REASON_TEXT], const char *command,
    char **environment, int error)
{
	char path[PROGRAM_PATH], rule[PROGRAM_PATH + 8];

	program_find(command, environment, path);
	if (error != EPERM)
		return program_refusal(text, path, error);
	snprintf(rule, sizeof(rule), "%s mrix,", path);
	return confinement_remark(text, rule);
}

void
program_execute(char **command, char **environment, const sigset_t *signals)
{
	char why[REASON_TEXT], remark[REASON_TEXT];
	int error;

	make_job();
	signal_set_mask(signals, NULL);
	/* execvp(3) reads PATH from environ(7). */
	environ = environment;
	execvp(command[0], command);
	if (errno == ENOENT)
		fatal_status(STATUS_NOT_FOUND, "cannot execute '%.200s': %s",
		    command[0], program_absence(command[0], environment));
	error = errno;
	remark_on_refusal(remark, command[0], environment, error);
	/* EAGAIN: the user whom this process has become has too many. */
	limit_explain(why, error);
	fatal_status(STATUS_NOT_EXECUTABLE,
	    "cannot execute '%.200s': %.400s%.600s", command[0], why, remark);
}

static const char *
search_path(char **environment)
{
	const char *path = environment_get(environment, "PATH");

	return path != NULL ? path : "/bin:/usr/bin";
}

/* Writes the next file that execvp(3) would try; returns the rest of the path, or
 * NULL at its end. */
static const char *
next_file(const char *path, const char *command, char file[PROGRAM_PATH])
{
	const size_t length = strcspn(path, ":");

	snprintf(file, PROGRAM_PATH, "%.*s%s%s", (int)length, path,
	    length == 0 ? "" : "/", command);
	return path[length] == '\0' ? NULL : path + length + 1;
}

/* True if the file is there: then execve(2) has not found its interpreter. */
static bool
is_there(const char *command, char **environment)
{
	const char *path = search_path(environment);
	char file[PROGRAM_PATH];

	if (strchr(command, '/') != NULL)
		return access(command, F_OK) == 0;
	while (path != NULL && *command != '\0') {
		path = next_file(path, command, file);
		if (access(file, X_OK) == 0)
			return true;
	}
	return false;
}

/* As execvp(3) does: a file that may not be executed is skipped.  If there is no
 * other, the first such is written. */
static int
look_along(const char *path, const char *command, char file[PROGRAM_PATH])
{
	char refused[PROGRAM_PATH] = "";
	int found;

	while (path != NULL) {
		path = next_file(path, command, file);
		found = look_at(file);
		if (found == 0 || found == ELOOP)
			return found;
		if (found == EACCES && *refused == '\0')
			strcpy(refused, file);
	}
	strcpy(file, refused);
	return *refused == '\0' ? ENOENT : EACCES;
}

int
program_find(const char *command, char **environment, char file[PROGRAM_PATH])
{
	if (strchr(command, '/') == NULL && *command != '\0')
		return look_along(search_path(environment), command, file);
	snprintf(file, PROGRAM_PATH, "%s", command);
	return look_at(command);
}

/* Looks at the interpreter of a script, or at the program that env(1) would
 * execute. */
static bool
follow(const struct binary *script, char **environment, struct binary *next)
{
	const char *name = script->runner, *slash = strrchr(name, '/');
	char path[PROGRAM_PATH];

	if (*name == '\0')
		return false;
	if (slash != NULL && strcmp(slash, "/env") == 0 &&
	    *script->argument != '\0' && *script->argument != '-' &&
	    strchr(script->argument, '=') == NULL)
		name = script->argument;
	if (program_find(name, environment, path) != 0)
		return false;
	*next = binary_read(path);
	return true;
}

struct binary
program_binary(const char *path, char **environment)
{
	struct binary b = binary_read(path), next;
	int depth = 0;

	for (; b.kind == BINARY_SCRIPT && depth < DEPTH_MAX &&
	     follow(&b, environment, &next);
	     depth++)
		b = next;
	if (b.kind == BINARY_SCRIPT)
		b.kind = BINARY_UNKNOWN;
	return b;
}

static _Noreturn void
become_tool(char *const command[], int output)
{
	static char *environment[] = {NULL};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	dup2(null, STDIN_FILENO);
	dup2(null, STDERR_FILENO);
	dup2(output, STDOUT_FILENO);
	process_close_from(STDERR_FILENO + 1);
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
