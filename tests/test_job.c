/* SPDX-License-Identifier: ISC */
/*
 * The server and lowport as a job: on a terminal of their own, of which the
 * test is the shell, and without one.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>

#include "job.h"
#include "process.h"
#include "supervisor.h"
#include "unit.h"

static int master, terminal;

static pid_t
owner(void)
{
	return tcgetpgrp(master);
}

/* A child that ends with this process. */
static pid_t
start(void)
{
	pid_t child = fork();

	if (child == 0)
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	return child;
}

static void
open_terminal(void)
{
	master = posix_openpt(O_RDWR | O_NOCTTY);
	ck_assert_int_eq(grantpt(master), 0);
	ck_assert_int_eq(unlockpt(master), 0);
	terminal = open(ptsname(master), O_RDWR);
	ck_assert_int_eq(owner(), getpgrp());
}

/* Runs a test as the leader of a new session. */
static void
in_session(void (*test)(void))
{
	pid_t leader = start();

	if (leader == 0) {
		signal(SIGTTOU, SIG_IGN);
		ck_assert_int_ge(setsid(), 0);
		test();
		_exit(EXIT_SUCCESS);
	}
	ck_assert(unit_exited(unit_wait(leader), EXIT_SUCCESS));
}

/* A signal that is blocked. */
static void
await_pending(int signal)
{
	sigset_t pending;

	do {
		poll(NULL, 0, 1);
		sigpending(&pending);
	} while (!sigismember(&pending, signal));
}

/* A server that reads a byte of the terminal.  The SIGCONT that comes when it has
 * asked for the terminal would discard a stop that was sent later. */
static _Noreturn void
serve(const sigset_t *mask, int sent)
{
	char byte;

	setpgid(0, 0);
	if (sent != 0)
		await_pending(sent);
	sigprocmask(SIG_SETMASK, mask, NULL);
	_exit(read(terminal, &byte, 1) == 1 ? EXIT_SUCCESS : EXIT_FAILURE);
}

static void
take_continue(struct job *job)
{
	const struct timespec now = {0};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCONT);
	if (sigtimedwait(&set, NULL, &now) == SIGCONT)
		job_signal(job, SIGCONT, false);
}

/* A helper that does for its server what the supervisor does. */
static _Noreturn void
help(bool foreground, int sent)
{
	sigset_t mask;
	struct job job;
	pid_t server;
	int status;

	setpgid(0, 0);
	supervisor_block_signals(&mask);
	if (foreground)
		tcsetpgrp(terminal, getpgrp());
	dup2(terminal, STDIN_FILENO);
	job_prepare();
	server = start();
	if (server == 0)
		serve(&mask, sent);
	job_start(&job, server);
	if (sent != 0)
		job_signal(&job, sent, false);
	while (waitpid(server, &status, WUNTRACED) == server &&
	    WIFSTOPPED(status)) {
		job_stopped(&job, WSTOPSIG(status));
		take_continue(&job);
	}
	job_ended(&job);
	_exit(WEXITSTATUS(status));
}

static pid_t
start_job(bool foreground, int sent)
{
	pid_t helper = start();

	if (helper == 0)
		help(foreground, sent);
	return helper;
}

static void
is_stopped_by(pid_t helper, int signal)
{
	int status;

	ck_assert_int_eq(waitpid(helper, &status, WUNTRACED), helper);
	ck_assert(WIFSTOPPED(status));
	ck_assert_int_eq(WSTOPSIG(status), signal);
}

/* In the foreground, until a line is typed. */
static void
goes_on_and_ends(pid_t helper)
{
	ck_assert_int_eq(tcsetpgrp(terminal, helper), 0);
	ck_assert_int_eq(kill(-helper, SIGCONT), 0);
	ck_assert_int_eq(write(master, "\n", 1), 1);
	ck_assert(unit_exited(unit_wait(helper), EXIT_SUCCESS));
	ck_assert_int_eq(owner(), helper);
}

static bool
is_stopped(pid_t process)
{
	char text[512];

	ck_assert_int_gt(process_text(process, "stat", text, sizeof(text)), 0);
	return strstr(text, ") T ") != NULL;
}

static void
in_the_foreground(void)
{
	pid_t helper;

	open_terminal();
	helper = start_job(true, 0);
	while (owner() == getpgrp() || owner() == helper)
		poll(NULL, 0, 1);
	/* The server.  The SIGCONT that follows would discard a stop. */
	while (is_stopped(owner()))
		poll(NULL, 0, 1);
	ck_assert_int_eq(write(master, "\x1a", 1), 1); /* Ctrl-Z */
	is_stopped_by(helper, SIGTSTP);
	ck_assert_int_eq(owner(), helper);
	goes_on_and_ends(helper);
}

START_TEST(has_the_terminal_in_the_foreground)
{
	in_session(in_the_foreground);
}
END_TEST

static void
in_the_background(void)
{
	pid_t helper;

	open_terminal();
	helper = start_job(false, 0);
	is_stopped_by(helper, SIGTTIN);
	ck_assert_int_eq(owner(), getpgrp());
	goes_on_and_ends(helper);
}

START_TEST(wants_the_terminal_in_the_background)
{
	in_session(in_the_background);
}
END_TEST

static void
by_a_signal(void)
{
	pid_t helper;

	open_terminal();
	helper = start_job(true, SIGTSTP);
	is_stopped_by(helper, SIGTSTP);
	goes_on_and_ends(helper);
}

START_TEST(is_stopped_with_lowport)
{
	in_session(by_a_signal);
}
END_TEST

/* No shell could continue this process: the server alone stays stopped. */
static void
without_a_terminal(void)
{
	struct job job;
	pid_t server = start();
	int status;

	if (server == 0)
		for (;;)
			pause();
	dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), STDIN_FILENO);
	job_start(&job, server);
	ck_assert(job_signal(&job, SIGSTOP, true));
	ck_assert_int_eq(waitpid(server, &status, WUNTRACED), server);
	job_stopped(&job, SIGSTOP);
	ck_assert_int_eq(waitpid(server, &status, WCONTINUED | WNOHANG), 0);
	job_wake(&job);
	ck_assert_int_eq(waitpid(server, &status, WCONTINUED), server);
	ck_assert(WIFCONTINUED(status));
	ck_assert(job_signal(&job, SIGUSR1, false));
	ck_assert_int_eq(WTERMSIG(unit_wait(server)), SIGUSR1);
	job_ended(&job);
	ck_assert(!job_signal(&job, SIGUSR1, true));
	ck_assert_int_eq(errno, ESRCH);
}

START_TEST(is_woken_without_a_terminal)
{
	in_session(without_a_terminal);
}
END_TEST

/* Starts two processes of one group, who hold the pipe's other end. */
static pid_t
start_group(int *held)
{
	int ends[2];
	char byte;
	pid_t server;

	ck_assert_int_eq(pipe(ends), 0);
	server = start();
	if (server == 0) {
		setpgid(0, 0);
		if (fork() == 0)
			(void)!write(ends[1], "", 1);
		for (;;)
			pause();
	}
	close(ends[1]);
	*held = ends[0];
	ck_assert_int_eq(read(*held, &byte, 1), 1);
	return server;
}

START_TEST(a_signal_reaches_it_or_its_group)
{
	struct pollfd end = {.events = POLLIN};
	struct job job;
	pid_t server = start_group(&end.fd);

	job_start(&job, server);
	ck_assert(job_signal(&job, SIGUSR1, _i == 1));
	ck_assert_int_eq(WTERMSIG(unit_wait(server)), SIGUSR1);
	/* The group's other process has the pipe until it ends. */
	ck_assert_int_eq(poll(&end, 1, _i == 1 ? -1 : 0), _i);
	kill(-server, SIGKILL);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("job");
	TCase *tests = tcase_create("job");

	tcase_add_test(tests, has_the_terminal_in_the_foreground);
	tcase_add_test(tests, wants_the_terminal_in_the_background);
	tcase_add_test(tests, is_stopped_with_lowport);
	tcase_add_test(tests, is_woken_without_a_terminal);
	tcase_add_loop_test(tests, a_signal_reaches_it_or_its_group, 0, 2);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
