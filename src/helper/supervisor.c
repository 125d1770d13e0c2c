/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the helper, after the drop; its first two functions before.  From
 * supervisor_run on, nothing here ends the process while the server lives:
 * bind(2) would fail with ENOSYS for ever.
 * Reads: signals.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "channel.h"
#include "clock.h"
#include "descendants.h"
#include "handoff.h"
#include "job.h"
#include "lease.h"
#include "leftovers.h"
#include "message.h"
#include "notify.h"
#include "plan.h"
#include "preload.h"
#include "signals.h"
#include "socket.h"
#include "sockstate.h"
#include "status.h"
#include "stray.h"
#include "supervisor.h"

struct supervisor {
	struct handoff *handoff;
	int signals;
	int channel; /* -1 once the child has become the server, or ended */
	pid_t server;
	struct job job;
	struct leftovers leftovers;
	bool stopping; /* the server was asked to end */
	bool ended;    /* the server has ended */
	int status;    /* lowport's exit status, then */
};

/* sigfillset(3) leaves out two signals that the C library uses for threads.
 * Others may send them too, and they would kill the helper. */
static void
every_signal(sigset_t *set)
{
	memset(set, 0xff, sizeof(*set));
}

void
supervisor_block_signals(sigset_t *original)
{
	sigset_t all;

	/* A fault of our own still kills: the kernel sees to that. */
	every_signal(&all);
	sigemptyset(original);
	signal_set_mask(&all, original);
}

int
supervisor_prepare(void)
{
	sigset_t all;
	int fd;

	/* The caller may ignore it; then wait(2) would lose statuses. */
	signal(SIGCHLD, SIG_DFL);
	job_prepare();
	every_signal(&all);
	/* Some waits are of microseconds (lease_due). */
	prctl(PR_SET_TIMERSLACK, 1000);
	fd = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		fatal("cannot receive signals (is 'ulimit -n' too low?)");
	return fd;
}

/*
 * An old gVisor has no subreapers.  A server in the foreground needs none.  For
 * a server that daemonizes, the helper still serves the binds by notify: it
 * waits for the listener's end (listener_is_awaited).  By preload it ends, and
 * they fail.
 */
static bool
become_subreaper(void)
{
	if (getpid() == 1 || prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0)
		return true;
	warnx("cannot become a subreaper (%s): signals would not reach a "
	      "server that daemonizes; run it in the foreground",
	    message_error(errno));
	return false;
}

bool
supervisor_settle(const struct supervision *supervision, pid_t parent)
{
	const int signal = (int)supervision->pdeathsig;
	const bool adopts = become_subreaper();

	descendants_set_adopting(adopts);
	if (signal == 0)
		return adopts;
	if (prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0) != 0)
		fatal("cannot have a signal sent when the parent ends");
	/* The parent may have ended before the call. */
	if (getppid() != parent)
		kill(getpid(), signal);
	return adopts;
}

static int
status_of(int wait_status)
{
	return WIFSIGNALED(wait_status) ? STATUS_SIGNAL + WTERMSIG(wait_status)
					: WEXITSTATUS(wait_status);
}

static const struct supervision *
settings_of(const struct supervisor *s)
{
	return &s->handoff->plan->supervision;
}

/* A process that refuses one signal refuses all: one warning for each. */
static void
warn_unsignallable(struct supervisor *s, int signal, pid_t process)
{
	char text[SIGNAL_TEXT];

	if (warned_first_process(&s->handoff->warned, WARNED_REFUSED, process))
		warnx("%s does not reach process %d, which has changed its "
		      "user; add kill to --keep-caps, as in --keep-caps "
		      "setuid,kill",
		    signal_format(signal, text), process);
}

/* To the server; if it has daemonized, to the processes it left.  The number of
 * its group may be another group's then. */
static void
forward(struct supervisor *s, int signal)
{
	const bool group = settings_of(s)->group;
	pid_t refused = 0;

	if (s->ended)
		refused = leftovers_signal(signal, group);
	else if (!job_signal(&s->job, signal, group) && errno == EPERM)
		refused = s->server;
	if (refused != 0)
		warn_unsignallable(s, signal, refused);
}

/* The child has failed, or a shell has found no command. */
static bool
no_server_ran(int status)
{
	return status >= STATUS_FAILURE && status <= STATUS_NOT_FOUND;
}

static void
server_ended(struct supervisor *s, int status)
{
	s->ended = true;
	s->status = status_of(status);
	job_ended(&s->job);
	verbose(no_server_ran(s->status)
		? "process %d ended with status %d"
		: "the server (process %d) ended with status %d",
	    s->server, s->status);
	/* A server that ends unasked, with 0, has daemonized. */
	if (s->stopping || s->status != 0)
		leftovers_end(&s->leftovers);
}

static void
orphan_ended(struct supervisor *s, pid_t pid)
{
	leftovers_reaped(&s->leftovers, pid);
	if (settings_of(s)->warn)
		warnx("reaped process %d, an orphan of the server", pid);
}

/* Reaps the children that have ended; false if no child is left. */
static bool
reap(struct supervisor *s)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0) {
		/* After the server's end, its number may be another's. */
		const bool server = pid == s->server && !s->ended;

		if (server && WIFSTOPPED(status))
			job_stopped(&s->job, WSTOPSIG(status));
		else if (server)
			server_ended(s, status);
		else if (!WIFSTOPPED(status))
			orphan_ended(s, pid);
	}
	return pid == 0 || errno == EINTR;
}

static bool
asks_to_end(int signal)
{
	return signal == SIGTERM || signal == SIGINT || signal == SIGQUIT;
}

static void
take_signal(struct supervisor *s, int received)
{
	const int signal = signal_rewritten(settings_of(s)->rewrite, received);
	char from[SIGNAL_TEXT], to[SIGNAL_TEXT];

	if (signal == 0) {
		verbose("dropping %s", signal_format(received, from));
		return;
	}
	if (signal == received)
		verbose("forwarding %s", signal_format(received, from));
	else
		verbose("forwarding %s as %s", signal_format(received, from),
		    signal_format(signal, to));
	forward(s, signal);
	/* -r may turn SIGTERM into another signal; the server was asked to end
	 * all the same. */
	if (!asks_to_end(received) && !asks_to_end(signal))
		return;
	s->stopping = true;
	if (s->ended)
		leftovers_await_end(&s->leftovers, signal);
	/* A stopped server does not end; systemd.kill(5) does the same. */
	job_wake(&s->job);
}

static void
take_signals(struct supervisor *s)
{
	struct signalfd_siginfo info;
	int signal;

	while (read(s->signals, &info, sizeof(info)) == sizeof(info)) {
		signal = (int)info.ssi_signo;
		if (signal != SIGCHLD)
			take_signal(s, signal);
	}
}

static void
do_what_is_due(struct supervisor *s)
{
	leftovers_visit(&s->leftovers);
	lease_visit(s->handoff->pool);
	stray_visit(s->handoff);
}

/* The earlier of two times; 0 is never. */
static long long
earlier(long long a, long long b)
{
	return a == 0 || (b != 0 && b < a) ? b : a;
}

/* The time until something is due; NULL: for ever. */
static const struct timespec *
next_time(const struct supervisor *s, struct timespec *wait)
{
	const long long due = earlier(s->leftovers.due, s->handoff->stray.due);
	const long long lease = lease_due(s->handoff->pool);
	long long next = (due - clock_milliseconds()) * 1000;

	if (due == 0 && lease < 0)
		return NULL;
	if (due == 0 || (lease >= 0 && lease < next))
		next = lease;
	if (next < 0)
		next = 0;
	wait->tv_sec = next / 1000000;
	wait->tv_nsec = next % 1000000 * 1000;
	return wait;
}

static void
channel_close(struct supervisor *s)
{
	close(s->channel);
	s->channel = -1;
	s->handoff->in_trial = false;
	unused_start(&s->handoff->unused, s->server);
	/* Without these, all sockets were given by descriptor. */
	if (s->handoff->listener >= 0 || s->handoff->group.counts != NULL)
		stray_start(&s->handoff->stray);
}

/* Older gVisor answers 0 for every UNIX socket, and accepting shows it.  A socket
 * on which that would wait is refused. */
static bool
is_listening(int fd)
{
	int connection;

	if (sockstate_is_listening(fd))
		return true;
	if ((fcntl(fd, F_GETFL) & O_NONBLOCK) == 0)
		return false;
	connection = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	if (connection >= 0)
		close(connection);
	return connection >= 0 || errno == EAGAIN;
}

/* A socket of another kind would be readable for ever after its peer's end. */
static bool
is_for_requests(int fd)
{
	return socket_option(fd, SOL_SOCKET, SO_DOMAIN) == AF_UNIX &&
	    socket_option(fd, SOL_SOCKET, SO_TYPE) == SOCK_SEQPACKET &&
	    is_listening(fd);
}

static bool
keep_offered(struct handoff *h, const struct offer *offer, int fd)
{
	switch (offer->kind) {
	case OFFER_INHERITED:
		return pool_inherit(h->pool, h->plan, offer->mapping, fd);
	case OFFER_MANAGER:
		return relay_set_manager(&h->relay, fd);
	case OFFER_REPORTS:
		return relay_set_reports(&h->relay, fd);
	default:
		return false;
	}
}

/* Takes an offer of the child's.  Anything else closes the channel. */
static void
channel_take(struct supervisor *s)
{
	struct handoff *h = s->handoff;
	struct offer offer;
	int fd = channel_receive_offer(s->channel, &offer);

	if (fd < 0)
		channel_close(s);
	else if (offer.kind == OFFER_NOTIFY ||
	    (offer.kind == OFFER_PRELOAD && is_for_requests(fd)))
		handoff_open(h, &offer, fd);
	else if (!keep_offered(h, &offer, fd))
		close(fd);
}

static void
serve_call(struct handoff *h)
{
	if (h->by_preload)
		preload_serve(h);
	else
		notify_serve(h);
}

/* So many descriptors, and then the preload library's connections. */
#define ALWAYS_POLLED 4

/* Nanoseconds. */
#define POLL_AGAIN_AFTER 5000000

/*
 * poll(2) refuses to look at more descriptors than the limit (EINVAL), which the
 * server, a process of the same user, can lower at any time (prlimit(2)).  Then
 * they are looked at one by one.  Under a limit of 0 only signals are attended to,
 * whose descriptor does not block.
 */
static void
poll_one_by_one(const struct supervisor *s, struct pollfd *fds, size_t count)
{
	static const struct timespec now = {0, 0};
	static const struct timespec later = {.tv_nsec = POLL_AGAIN_AFTER};
	struct pollfd *p = fds, *end = fds + count;
	int any = 0, ready;

	for (; p < end; p++) {
		p->revents = 0;
		ready = p->fd < 0 ? 0 : ppoll(p, 1, &now, NULL);
		if (ready < 0 && p->fd == s->signals)
			p->revents = POLLIN;
		any |= ready > 0;
	}
	if (!any)
		ppoll(NULL, 0, &later, NULL);
}

static bool
wait_for_any(const struct supervisor *s, struct pollfd *fds, size_t count)
{
	struct timespec wait;
	int ready = ppoll(fds, count, next_time(s, &wait), NULL);

	if (ready >= 0 || errno != EINVAL)
		return ready > 0;
	poll_one_by_one(s, fds, count);
	return true;
}

/*
 * The listener stands before the channel, because poll(2) looks at them in this
 * order.  The channel ends before the server's first call: whoever sees the
 * call sees the end too, and attends to that first.
 */
static void
serve(struct supervisor *s)
{
	struct pollfd fds[ALWAYS_POLLED + PRELOAD_WAITING] = {
	    {.fd = s->handoff->listener, .events = POLLIN},
	    {.fd = s->channel, .events = POLLIN},
	    {.fd = s->signals, .events = POLLIN},
	    relay_await(&s->handoff->relay),
	};
	const size_t waiting = preload_await(&s->handoff->preload,
	    fds + ALWAYS_POLLED);

	if (!wait_for_any(s, fds, ALWAYS_POLLED + waiting)) {
		lease_restore_one(s->handoff->pool);
		return;
	}
	preload_attend(s->handoff, fds + ALWAYS_POLLED, waiting);
	if (fds[3].revents != 0)
		relay_attend(&s->handoff->relay, (uid_t)s->handoff->plan->uid);
	if (fds[1].revents != 0)
		channel_take(s);
	else if ((fds[0].revents & POLLIN) != 0)
		serve_call(s->handoff);
	else if (fds[0].revents != 0)
		handoff_close(s->handoff); /* no task is trapped any more */
	/* A server that has ended takes no signal: what it left does. */
	if (fds[2].revents != 0 && reap(s))
		take_signals(s);
}

static int
status_reported(const struct supervisor *s)
{
	const unsigned int status = (unsigned int)s->status;

	return (settings_of(s)->success[status / 8] >> status % 8 & 1) != 0
	    ? 0
	    : s->status;
}

/*
 * A process that is no descendant may still bind.  By preload, only descendants
 * are served.  (If orphans are adopted, all are descendants, and the listener
 * is not waited for: the caller may have passed something else in its place.)
 */
static bool
listener_is_awaited(const struct handoff *handoff)
{
	return !handoff->adopts && handoff->listener >= 0 &&
	    !handoff->by_preload;
}

int
supervisor_run(struct handoff *handoff, int signals, int channel, pid_t server)
{
	struct supervisor s = {.handoff = handoff,
	    .signals = signals,
	    .channel = channel,
	    .server = server};

	job_start(&s.job, server);
	/* The only way out of this loop: all processes have ended that can be
	 * ended. */
	while (reap(&s) || listener_is_awaited(handoff)) {
		do_what_is_due(&s);
		if (!listener_is_awaited(handoff) &&
		    leftovers_given_up(&s.leftovers))
			break;
		serve(&s);
	}
	relay_finish(&handoff->relay, (uid_t)handoff->plan->uid);
	if (!no_server_ran(s.status)) {
		/* It may have ended before the channel's end was seen. */
		handoff->in_trial = false;
		stray_end(handoff);
		server_group_look(handoff);
		unused_report(&handoff->unused, s.status);
		warned_report_rest(&handoff->warned);
	}
	return status_reported(&s);
}
