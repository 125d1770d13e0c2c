/* SPDX-License-Identifier: ISC */
/*
 * Why a process cannot be looked at.
 */
#include <errno.h>
#include <signal.h>

#include "unit.h"
#include "unreadable.h"

static void
assert_cause(pid_t task, int error, const char *cause)
{
	char why[REASON_TEXT];

	ck_assert_msg(strstr(unreadable_explain(task, error, why), cause),
	    "%s, and not %s", why, cause);
}

START_TEST(cause_by_the_error)
{
	assert_cause(getpid(), EMFILE, "no file descriptor left");
	assert_cause(getpid(), ENFILE, "no file descriptor left");
	assert_cause(getpid(), ESRCH, "its main thread has ended");
	/* Nothing else is in the way of this process. */
	assert_cause(getpid(), EPERM, "Operation not permitted (a security");
}
END_TEST

START_TEST(cause_by_the_process)
{
	int ready[2];
	char byte;
	pid_t child;

	unit_become_ordinary();
	assert_cause(1, EPERM, "it runs as user 0, and not as user");
	assert_cause(0x7fffffff, EPERM, "cannot be read (hidepid?)");
	ck_assert_int_eq(pipe(ready), 0);
	child = fork();
	if (child == 0) {
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
		if (write(ready[1], "", 1) == 1)
			pause();
		_exit(EXIT_FAILURE);
	}
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	assert_cause(child, EPERM, "it is not dumpable");
	kill(child, SIGKILL);
	unit_wait(child);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("unreadable");
	TCase *t = tcase_create("unreadable");

	tcase_add_test(t, cause_by_the_error);
	tcase_add_test(t, cause_by_the_process);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(suite());
}
