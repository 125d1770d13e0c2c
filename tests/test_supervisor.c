/* SPDX-License-Identifier: ISC */
/*
 * What the supervisor asks the kernel for, and what it does with the signals
 * that come.
 */
#include <signal.h>
#include <sys/socket.h>

#include "handoff.h"
#include "plan.h"
#include "signals.h"
#include "supervisor.h"
#include "unit.h"

static const struct supervision nothing;

/* Signals are blocked, as main has it. */
static int
prepare(void)
{
	sigset_t original;

	supervisor_block_signals(&original);
	return supervisor_prepare();
}

static bool
is_pending(int signal)
{
	sigset_t pending;

	sigpending(&pending);
	return sigismember(&pending, signal) == 1;
}

START_TEST(becomes_a_subreaper)
{
	int subreaper = 0;

	supervisor_settle(&nothing, getppid());
	ck_assert_int_eq(prctl(PR_GET_CHILD_SUBREAPER, &subreaper), 0);
	ck_assert_int_eq(subreaper, 1);
}
END_TEST

START_TEST(asks_for_the_parents_end)
{
	const struct supervision asked = {.pdeathsig = SIGUSR1};
	int signal = 0;

	prepare();
	supervisor_settle(&nothing, getppid());
	ck_assert_int_eq(prctl(PR_GET_PDEATHSIG, &signal), 0);
	ck_assert_int_eq(signal, 0);
	supervisor_settle(&asked, getppid());
	ck_assert_int_eq(prctl(PR_GET_PDEATHSIG, &signal), 0);
	ck_assert_int_eq(signal, SIGUSR1);
	ck_assert(!is_pending(SIGUSR1));
}
END_TEST

/* One that ended before the kernel was asked. */
START_TEST(notices_a_parent_that_has_ended)
{
	const struct supervision asked = {.pdeathsig = SIGUSR1};

	prepare();
	supervisor_settle(&nothing, getppid() + 1);
	ck_assert(!is_pending(SIGUSR1));
	supervisor_settle(&asked, getppid() + 1);
	ck_assert(is_pending(SIGUSR1));
}
END_TEST

/* A server that ends with the number of the first signal it gets. */
static _Noreturn void
serve(int channel)
{
	sigset_t all;
	int signal = 0;

	sigfillset(&all);
	close(channel);
	sigwait(&all, &signal);
	_exit(signal);
}

/* Sends these to a supervisor told this; returns its status. */
static int
supervise(const struct supervision *supervision, const int *signals)
{
	static struct plan plan;
	static struct pool pool;
	struct handoff handoff = {.listener = -1,
	    .plan = &plan,
	    .pool = &pool,
	    .unused = {.plan = &plan}};
	int descriptor = prepare(), channel[2];
	pid_t server;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, channel), 0);
	server = fork();
	if (server == 0)
		serve(channel[0]);
	close(channel[1]);
	plan.supervision = *supervision;
	for (; *signals != 0; signals++)
		ck_assert_int_eq(kill(getpid(), *signals), 0);
	return supervisor_run(&handoff, descriptor, channel[0], server);
}

#define SENT(...) ((const int[]){__VA_ARGS__, 0})

START_TEST(forwards)
{
	static const int rows[] = {SIGHUP, SIGABRT, SIGTTIN, SIGUSR2, 34, 64};

	ck_assert_int_eq(supervise(&nothing, SENT(rows[_i])), rows[_i]);
}
END_TEST

/* The parent's end, as settled for, is forwarded like any other. */
START_TEST(forwards_what_it_sent_itself)
{
	const struct supervision asked = {.pdeathsig = SIGUSR1};

	prepare();
	supervisor_settle(&asked, getppid() + 1);
	ck_assert_int_eq(supervise(&asked, SENT(0)), SIGUSR1);
}
END_TEST

START_TEST(rewrites)
{
	struct supervision told = nothing;

	told.rewrite[SIGHUP - 1] = SIGUSR2;
	told.rewrite[SIGINT - 1] = SIGNAL_DROPPED;
	ck_assert_int_eq(supervise(&told, SENT(SIGHUP)), SIGUSR2);
	ck_assert_int_eq(supervise(&told, SENT(SIGINT, SIGUSR1)), SIGUSR1);
}
END_TEST

START_TEST(reports_a_success)
{
	struct supervision told = nothing;

	told.success[SIGUSR1 / 8] = 1 << SIGUSR1 % 8;
	ck_assert_int_eq(supervise(&told, SENT(SIGUSR1)), 0);
	ck_assert_int_eq(supervise(&told, SENT(SIGUSR1 + 1)), SIGUSR1 + 1);
	ck_assert_int_eq(supervise(&told, SENT(SIGUSR1 + 8)), SIGUSR1 + 8);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("supervisor");
	TCase *t = tcase_create("supervisor");

	tcase_add_test(t, becomes_a_subreaper);
	tcase_add_test(t, asks_for_the_parents_end);
	tcase_add_test(t, notices_a_parent_that_has_ended);
	tcase_add_loop_test(t, forwards, 0, 6);
	tcase_add_test(t, forwards_what_it_sent_itself);
	tcase_add_test(t, rewrites);
	tcase_add_test(t, reports_a_success);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(suite());
}
