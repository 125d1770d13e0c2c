/* SPDX-License-Identifier: ISC */
/*
 * What the unit tests share.  Each test runs in a process of its own (check's
 * fork mode), so it may change whatever belongs to a process.
 */
#ifndef UNIT_H
#define UNIT_H

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <regex.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/*
 * Leaves a test this host has not the means for, and says so.  With
 * LOWPORT_MUST_WORK=1 that is a failure.
 */
#define UNIT_NEEDS(condition, reason)                                          \
	do {                                                                   \
		if (!(condition)) {                                            \
			unit_missing(__func__, reason);                        \
			return;                                                \
		}                                                              \
	} while (0)

static inline void
unit_missing(const char *test, const char *reason)
{
	const char *must = getenv("LOWPORT_MUST_WORK");

	if (must != NULL && strcmp(must, "1") == 0)
		ck_abort_msg("%s", reason);
	fprintf(stderr, "skipped: %s: %s\n", test, reason);
}

#ifdef SANITIZED
/* lowport frees nothing that lives until it executes the server; and what is
 * undefined shall be a failure. */
const char *__asan_default_options(void);
const char *__ubsan_default_options(void);

const char *
__asan_default_options(void)
{
	return "detect_leaks=0";
}

const char *
__ubsan_default_options(void)
{
	return "halt_on_error=1";
}
#endif

/*
 * Adds a test, if its function's name matches the regular expression
 * UNIT_FILTER.  All forms of tcase_add_test come here.
 */
static inline void
unit_add(TCase *tests, const TTest *test, int signal, int status, int start,
    int end)
{
	const char *filter = getenv("UNIT_FILTER");
	bool wanted = true;
	regex_t regex;

	if (filter != NULL &&
	    regcomp(&regex, filter, REG_EXTENDED | REG_NOSUB) == 0) {
		wanted = regexec(&regex, test->name, 0, NULL, 0) == 0;
		regfree(&regex);
	}
	if (wanted)
		_tcase_add_test(tests, test, signal, status, start, end);
}
#define _tcase_add_test unit_add

/* Runs a suite; returns the exit status for main. */
static inline int
unit_run(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* How many descriptors this process has open. */
static inline int
unit_descriptors(void)
{
	DIR *directory = opendir("/proc/self/fd");
	int count = 0;

	ck_assert_ptr_nonnull(directory);
	while (readdir(directory) != NULL)
		count++;
	closedir(directory);
	return count;
}

/* Waits for a child; returns its status as waitpid(2) does. */
static inline int
unit_wait(pid_t child)
{
	int status;

	ck_assert_int_eq(waitpid(child, &status, 0), child);
	return status;
}

/* Root reads every process and binds every port: be somebody who does not. */
static inline void
unit_become_ordinary(void)
{
	if (getuid() != 0)
		return;
	ck_assert_int_eq(setgroups(0, NULL), 0);
	ck_assert_int_eq(setresgid(65534, 65534, 65534), 0);
	ck_assert_int_eq(setresuid(65534, 65534, 65534), 0);
	ck_assert_int_eq(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), 0);
}

/* Writes a file of this text, in place of what it was. */
static inline bool
unit_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	size_t length = strlen(text);
	bool written = fd >= 0 && write(fd, text, length) == (ssize_t)length;

	close(fd);
	return written;
}

/*
 * Becomes root of a user namespace, and of other namespaces (clone(2)'s
 * CLONE_NEW), in which what was this user's is root's, and what was root's is
 * nobody's.  False where the host does not let it.
 */
static inline bool
unit_become_root(int namespaces)
{
	char uids[32], gids[32];

	snprintf(uids, sizeof(uids), "0 %u 1", getuid());
	snprintf(gids, sizeof(gids), "0 %u 1", getgid());
	return unshare(CLONE_NEWUSER | namespaces) == 0 &&
	    unit_write("/proc/self/setgroups", "deny") &&
	    unit_write("/proc/self/gid_map", gids) &&
	    unit_write("/proc/self/uid_map", uids);
}

/*
 * Becomes root in an empty tree of its own.  The working directory is the old
 * root still: a path without a slash in front is one of the host.
 */
static inline bool
unit_enter_tree(void)
{
	return unit_become_root(CLONE_NEWNS) &&
	    mount("tmpfs", "/tmp", "tmpfs", 0, "mode=755") == 0 &&
	    chdir("/") == 0 && chroot("/tmp") == 0;
}

/* What a function wrote to descriptors 1 and 2, and how its process ended. */
struct unit_output {
	int status; /* of waitpid(2) */
	char out[4096];
	char err[4096];
};

static inline void
unit_read_back(int fd, char *text, size_t size)
{
	ssize_t length = pread(fd, text, size - 1, 0);

	ck_assert_int_ge(length, 0);
	text[length] = '\0';
	close(fd);
}

/* Calls a function in a process of its own; status is 0 if it returns. */
static inline void
unit_capture(struct unit_output *output, void (*function)(const void *),
    const void *argument)
{
	int out = memfd_create("out", MFD_CLOEXEC);
	int err = memfd_create("err", MFD_CLOEXEC);
	pid_t child = fork();

	ck_assert_int_ge(child, 0);
	if (child == 0) {
		dup2(out, STDOUT_FILENO);
		dup2(err, STDERR_FILENO);
		function(argument);
		_exit(EXIT_SUCCESS);
	}
	output->status = unit_wait(child);
	unit_read_back(out, output->out, sizeof(output->out));
	unit_read_back(err, output->err, sizeof(output->err));
}

/* True when the process ended of its own accord, with this status. */
static inline bool
unit_exited(int status, int expected)
{
	return WIFEXITED(status) && WEXITSTATUS(status) == expected;
}

#endif
