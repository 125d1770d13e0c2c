/* SPDX-License-Identifier: ISC */
/*
 * What the supervisor asks the kernel for, what it does with the signals that
 * come and with what the server leaves, and the status it returns.
 */
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "channel.h"
#include "fixture.h"
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

static int
first_signal(int ignored)
{
	sigset_t all;
	int signal = 0;

	sigfillset(&all);
	sigdelset(&all, ignored);
	sigwait(&all, &signal);
	return signal;
}

/* A server that ends with the number of the first signal it gets. */
static void
serve(const void *unused)
{
	(void)unused;
	_exit(first_signal(SIGKILL));
}

/* A socket that is offered for the preload library to ask at, if not below 0, and
 * whether the supervisor has kept it. */
static int offered = -1;
static bool kept;

/* Sends these signals to a supervisor of a server; returns its status. */
static int
supervise_server(const struct supervision *supervision, const int *signals,
    void (*server)(const void *), const void *argument)
{
	struct handoff handoff = {.listener = -1,
	    .plan = &plan,
	    .pool = &pool,
	    .unused = {.plan = &plan}};
	const struct offer offer = {OFFER_PRELOAD};
	int descriptor = prepare(), channel[2], status;
	pid_t child;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, channel), 0);
	if (offered >= 0)
		ck_assert(channel_send_offer(channel[1], &offer, offered));
	child = fork();
	if (child == 0) {
		close(channel[0]);
		server(argument);
	}
	close(channel[1]);
	plan.supervision = *supervision;
	for (; *signals != 0; signals++)
		ck_assert_int_eq(kill(getpid(), *signals), 0);
	status = supervisor_run(&handoff, descriptor, channel[0], child);
	kept = handoff.listener >= 0;
	return status;
}

static int
supervise(const struct supervision *supervision, const int *signals)
{
	return supervise_server(supervision, signals, serve, NULL);
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
	struct supervision settings = nothing;

	settings.rewrite[SIGHUP - 1] = SIGUSR2;
	settings.rewrite[SIGINT - 1] = SIGNAL_DROPPED;
	ck_assert_int_eq(supervise(&settings, SENT(SIGHUP)), SIGUSR2);
	ck_assert_int_eq(supervise(&settings, SENT(SIGINT, SIGUSR1)), SIGUSR1);
}
END_TEST

START_TEST(reports_a_success)
{
	struct supervision settings = nothing;

	settings.success[SIGUSR1 / 8] = 1 << SIGUSR1 % 8;
	ck_assert_int_eq(supervise(&settings, SENT(SIGUSR1)), 0);
	ck_assert_int_eq(supervise(&settings, SENT(SIGUSR1 + 1)), SIGUSR1 + 1);
	ck_assert_int_eq(supervise(&settings, SENT(SIGUSR1 + 8)), SIGUSR1 + 8);
	/* A signal that has ended it is one too. */
	settings.rewrite[SIGHUP - 1] = SIGKILL;
	ck_assert_int_eq(supervise(&settings, SENT(SIGHUP)), 128 + SIGKILL);
	settings.success[(128 + SIGKILL) / 8] = 1 << SIGKILL % 8;
	ck_assert_int_eq(supervise(&settings, SENT(SIGHUP)), 0);
}
END_TEST

/* A server that leaves a process, which says what signal it gets. */
struct leaving {
	bool waits; /* for a signal, before it ends */
	int status;
	int ignored; /* by what it leaves */
	int sent;    /* to the supervisor, by that, once the server is gone */
	int got;
	int said; /* where it says so */
};

static void
leave(const void *argument)
{
	const struct leaving *l = argument;
	const pid_t server = getpid();

	if (fork() != 0) {
		if (l->waits)
			first_signal(SIGKILL);
		_exit(l->status);
	}
	if (l->ignored != 0)
		signal(l->ignored, SIG_IGN);
	while (l->sent != 0 && kill(server, 0) == 0)
		poll(NULL, 0, 1);
	if (l->sent != 0)
		kill(getppid(), l->sent);
	dprintf(l->said, "%d", first_signal(l->ignored));
	_exit(EXIT_SUCCESS);
}

/* SIGTERM is rewritten, and means the same. */
START_TEST(ends_what_the_server_leaves)
{
	const struct leaving rows[] = {
	    /* It fails: what it leaves is ended. */
	    {false, 3, 0, 0, SIGTERM},
	    /* It is asked to end: likewise. */
	    {true, 0, 0, 0, SIGTERM},
	    /* It daemonizes: what it leaves is the server. */
	    {false, 0, 0, SIGUSR1, SIGUSR1},
	    {false, 0, 0, SIGTERM, SIGUSR2},
	    /* And is ended if it ignores that. */
	    {false, 0, SIGUSR2, SIGTERM, SIGTERM},
	};
	struct leaving row = rows[_i];
	struct supervision settings = nothing;
	char said[4] = "";
	int ends[2];

	settings.rewrite[SIGTERM - 1] = SIGUSR2;
	ck_assert_int_eq(pipe(ends), 0);
	row.said = ends[1];
	supervisor_settle(&nothing, getppid());
	ck_assert_int_eq(supervise_server(&settings,
			     row.waits ? SENT(SIGTERM) : SENT(0), leave, &row),
	    row.status);
	close(ends[1]);
	ck_assert_int_gt(read(ends[0], said, sizeof(said) - 1), 0);
	ck_assert_int_eq(atoi(said), row.got);
}
END_TEST

static const struct offering {
	int domain, type;
	bool bound, listens, connects; /* connects: a client waits */
	bool kept, kept_in_gvisor;
} offerings[] = {
    {AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, true, true, false, true, true},
    {AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, true, true, true, true, true},
    /* Where only accepting shows that it listens, that would wait. */
    {AF_UNIX, SOCK_SEQPACKET, true, true, false, true, false},
    {AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, true, false, false, false, false},
    {AF_UNIX, SOCK_SEQPACKET, true, false, false, false, false},
    {AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, false, false, false, false,
	false},
    {AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, true, true, false, false, false},
    {AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, true, false, false, false, false},
    {AF_INET, SOCK_STREAM | SOCK_NONBLOCK, false, true, false, false, false},
};

static void
offer(const struct offering *o)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	socklen_t length = sizeof(sa_family_t); /* the kernel names it */

	offered = socket(o->domain, o->type, 0);
	ck_assert_int_ge(offered, 0);
	if (o->bound)
		ck_assert_int_eq(bind(offered, (struct sockaddr *)&address,
				     length),
		    0);
	if (o->listens)
		ck_assert_int_eq(listen(offered, 8), 0);
	if (!o->connects)
		return;
	length = sizeof(address);
	ck_assert_int_eq(getsockname(offered, (struct sockaddr *)&address,
			     &length),
	    0);
	ck_assert_int_eq(connect(socket(o->domain, SOCK_SEQPACKET, 0),
			     (struct sockaddr *)&address, length),
	    0);
}

START_TEST(keeps_a_listening_socket_for_requests)
{
	const bool gvisor = _i >= (int)LENGTH(offerings);
	const struct offering *o = &offerings[_i % LENGTH(offerings)];

	offer(o);
	/* Older gVisor says of no such socket that it listens. */
	if (gvisor)
		deny(SYS_getsockopt, 2, SO_ACCEPTCONN, 0);
	ck_assert_int_eq(supervise(&nothing, SENT(SIGUSR1)), SIGUSR1);
	ck_assert_int_eq(kept, gvisor ? o->kept_in_gvisor : o->kept);
}
END_TEST

/* Its peer's end would have it read for ever. */
START_TEST(keeps_no_connection_for_requests)
{
	int ends[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0,
			     ends),
	    0);
	offered = ends[0];
	if (_i != 0)
		deny(SYS_getsockopt, 2, SO_ACCEPTCONN, 0);
	ck_assert_int_eq(supervise(&nothing, SENT(SIGUSR1)), SIGUSR1);
	ck_assert(!kept);
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
	tcase_add_loop_test(t, ends_what_the_server_leaves, 0, 5);
	tcase_add_loop_test(t, keeps_a_listening_socket_for_requests, 0,
	    2 * LENGTH(offerings));
	tcase_add_loop_test(t, keeps_no_connection_for_requests, 0, 2);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(suite());
}
