/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the helper, after the drop; what prepares it, before the fork and
 * the drop.  From supervisor_run on nothing here ends the process while a
 * process of the server lives that it can end: its bind(2) would fail with
 * ENOSYS for ever.
 * Reads: signals.
 */
#include <errno.h>
#include <limits.h>
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
#include "handoff.h"
#include "job.h"
#include "lease.h"
#include "message.h"
#include "notify.h"
#include "plan.h"
#include "preload.h"
#include "process.h"
#include "signals.h"
#include "socket.h"
#include "status.h"
#include "stray.h"
#include "supervisor.h"

/* Milliseconds. */
#define UNUSED_AFTER 30000 /* "the server has not yet bound ..." */
#define KILL_AFTER   5000  /* leftovers get SIGTERM, then SIGKILL */
#define KILL_EVERY   50    /* and that until none is left */
#define BRIEF        100   /* so long no daemon is started */
#define STRAY_AFTER  500   /* to the first look, and while it starts */
#define STRAY_EVERY  60000 /* twice as long each time, up to */

/* So many processes that are to end are remembered. */
#define ENDING_MAX 64

struct supervisor {
	struct handoff *handoff;
	int signals;
	int channel; /* -1 once the child is the server, or gone */
	struct job job;
	int status;         /* lowport's exit status, once the server ended */
	bool ended;         /* the server, the first child, has */
	bool stopping;      /* it was told to */
	int cleared;        /* the signal that what it left has got, or 0 */
	bool unsignallable; /* some of that could not be sent it */
	/* Processes of a server that has daemonized, which were told to end and
	 * have not yet. */
	pid_t ending[ENDING_MAX];
	size_t ending_count;
	int end_signal; /* the signal they were told by */
	/* Times of clock_milliseconds(), 0 for never: */
	long long unused_at;  /* to report unused mappings */
	long long clear_at;   /* to end what the server left */
	long long stray_at;   /* to look at what listens */
	long long stray_wait; /* how long from then to the next look */
};

/* sigfillset(3) leaves out two that the C library uses where it has threads.
 * They too may come from outside, and would kill the helper. */
static void
every_signal(sigset_t *set)
{
	memset(set, 0xff, sizeof(*set));
}

void
supervisor_block_signals(sigset_t *original)
{
	sigset_t all;

	/* A fault of our own kills all the same: the kernel sees to that. */
	every_signal(&all);
	sigemptyset(original);
	signal_set_mask(&all, original);
}

int
supervisor_prepare(void)
{
	sigset_t all;
	int fd;

	/* Ignored ones may be inherited: a SIGCHLD that is would make wait(2)
	 * lose statuses, the others would not stop the job. */
	signal(SIGCHLD, SIG_DFL);
	job_prepare();
	every_signal(&all);
	/* Waits are to end in time: some are of microseconds (lease_due). */
	prctl(PR_SET_TIMERSLACK, 1000);
	fd = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		fatal("cannot receive signals (is 'ulimit -n' too low?)");
	return fd;
}

/*
 * Without a subreaper, as in gVisor of old, a server in the foreground misses
 * nothing.  Of one that daemonizes, the helper still serves the binds by
 * notify, as it waits for the listener's end, too (is_awaited); by preload it
 * ends, and they fail.
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

	process_set_adopting(adopts);
	if (signal == 0)
		return adopts;
	if (prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0) != 0)
		fatal("cannot have a signal sent when the parent ends");
	/* It may have ended before that; its signal is among ours then. */
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

/* A signal on its way to some processes. */
struct delivery {
	int signal;
	bool arrived;  /* at one of them */
	pid_t refused; /* one that has changed its user, or 0 */
};

static void
deliver(pid_t process, void *argument)
{
	struct delivery *delivery = argument;

	if (kill(process, delivery->signal) == 0)
		delivery->arrived = true;
	else if (errno == EPERM)
		delivery->refused = process;
}

static const struct supervision *
settings_of(const struct supervisor *s)
{
	return &s->handoff->plan->supervision;
}

/* Once for each process: what one signal does not reach, no other does. */
static void
tell_refused(struct supervisor *s, const struct delivery *delivery)
{
	char text[SIGNAL_TEXT];

	if (warned_first_process(&s->handoff->warned, WARNED_REFUSED,
		delivery->refused))
		warnx("%s does not reach process %d, which has changed its "
		      "user; add kill to --keep-caps, as in --keep-caps "
		      "setuid,kill",
		    signal_format(delivery->signal, text), delivery->refused);
}

/*
 * To the server; where it has daemonized, to what it left.  No group is named
 * by number then: that might be another's by now.
 */
static void
forward(struct supervisor *s, int signal)
{
	const bool group = settings_of(s)->group;
	struct delivery delivery = {.signal = signal};

	if (s->ended && group)
		process_each_descendant(deliver, &delivery);
	else if (s->ended)
		process_each_child(deliver, &delivery);
	/* The child makes its group just before it becomes the server. */
	else if (!group || kill(-s->job.server, signal) != 0)
		deliver(s->job.server, &delivery);
	if (delivery.refused != 0)
		tell_refused(s, &delivery);
}

/* Where nothing arrived, all may be hidden (hidepid of proc(5)). */
static void
clear_leftovers(struct supervisor *s)
{
	struct delivery delivery = {
	    .signal = s->cleared == 0 ? SIGTERM : SIGKILL};

	process_each_descendant(deliver, &delivery);
	s->unsignallable = delivery.refused != 0 || !delivery.arrived;
	s->clear_at = clock_milliseconds() +
	    (s->cleared == 0 ? KILL_AFTER : KILL_EVERY);
	s->cleared = delivery.signal;
}

/*
 * What is left has changed its user, and would be waited for in vain; where
 * this is process 1, it ends with it.  Until they are reaped, those that have
 * ended can be signalled: here by one who does not reap, so not beyond SIGKILL.
 */
static bool
give_leftovers_up(const struct supervisor *s)
{
	struct delivery look = {.signal = 0};

	if (!s->unsignallable)
		return false;
	process_each_descendant(deliver, &look);
	if (look.arrived && s->cleared != SIGKILL)
		return false;
	if (look.refused != 0)
		warnx("process %d, which the server left, has changed its "
		      "user: it cannot be signalled, and is not waited for; "
		      "add kill to --keep-caps",
		    look.refused);
	else
		warnx("what the server left is hidden (hidepid of proc(5)), "
		      "and not waited for");
	return true;
}

static void
server_ended(struct supervisor *s, int status)
{
	s->ended = true;
	s->status = status_of(status);
	job_ended(&s->job);
	verbose("the server (process %d) ended with status %d", s->job.server,
	    s->status);
	/* One that ended well and was not told to has daemonized: what it left
	 * is the server now. */
	if (s->stopping || s->status != 0)
		s->clear_at = clock_milliseconds();
}

static void
note_ending(pid_t process, void *argument)
{
	struct supervisor *s = argument;

	if (s->ending_count < ENDING_MAX &&
	    !process_ignores(process, s->end_signal))
		s->ending[s->ending_count++] = process;
}

/*
 * A server that has daemonized was told to end by a signal.  One that handles
 * the signal is given the time it takes, as a server in the foreground is; one
 * that ignores it never ends by itself.
 */
static void
daemon_told(struct supervisor *s, int signal)
{
	s->end_signal = signal;
	s->ending_count = 0;
	process_each_child(note_ending, s);
	if (s->ending_count == 0 && s->clear_at == 0)
		s->clear_at = clock_milliseconds();
}

/* When the last of those ends, the rest is what a server left. */
static void
daemon_ended(struct supervisor *s, pid_t pid)
{
	size_t i = 0;

	while (i < s->ending_count && s->ending[i] != pid)
		i++;
	if (i == s->ending_count)
		return;
	s->ending[i] = s->ending[--s->ending_count];
	if (s->ending_count == 0 && s->clear_at == 0)
		s->clear_at = clock_milliseconds();
}

static void
orphan_changed(struct supervisor *s, pid_t pid, int status)
{
	if (!WIFSTOPPED(status))
		daemon_ended(s, pid);
	if (settings_of(s)->warn && !WIFSTOPPED(status))
		warnx("reaped process %d, an orphan of the server", pid);
}

/* Reaps whatever has ended.  Returns false when there is no child left. */
static bool
reap(struct supervisor *s)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0) {
		/* Its number may be another's, once it has ended. */
		if (pid != s->job.server || s->ended)
			orphan_changed(s, pid, status);
		else if (WIFSTOPPED(status))
			job_stopped(&s->job, WSTOPSIG(status));
		else
			server_ended(s, status);
	}
	return pid == 0 || errno == EINTR;
}

static bool
ends_a_server(int signal)
{
	return signal == SIGTERM || signal == SIGINT || signal == SIGQUIT;
}

static bool
stops_a_server(int signal)
{
	return signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU ||
	    signal == SIGSTOP;
}

/*
 * What SIGTERM has become is still meant to end the server, whichever signal
 * that takes; and what has become SIGTERM will.
 */
static void
take_signal(struct supervisor *s, int received)
{
	const int signal = signal_rewritten(settings_of(s)->rewrite, received);
	const bool ends = ends_a_server(received) || ends_a_server(signal);
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
	s->stopping |= ends;
	if (stops_a_server(signal))
		s->job.suspending = signal;
	if (signal == SIGCONT && !s->ended)
		job_continue(&s->job);
	else
		forward(s, signal);
	if (ends && s->ended)
		daemon_told(s, signal);
	/* It would not end before that; systemd.kill(5) does the same. */
	if (ends && s->job.stopped)
		job_continue(&s->job);
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

/* While the server starts, and a mapping is unused, it may listen at any
 * moment. */
static void
look_for_stray(struct supervisor *s, long long time)
{
	stray_look(s->handoff, false);
	if (s->unused_at == 0 || !unused_any(&s->handoff->unused, 0))
		s->stray_wait = s->stray_wait < STRAY_EVERY / 2
		    ? s->stray_wait * 2
		    : STRAY_EVERY;
	s->stray_at = time + s->stray_wait;
}

/* After a bind that a look may tell of, soon. */
static void
hasten_look(struct supervisor *s, long long time)
{
	if (s->handoff->stray.look_wanted && s->stray_at > time + STRAY_AFTER) {
		s->stray_wait = STRAY_AFTER;
		s->stray_at = time + STRAY_AFTER;
	}
	s->handoff->stray.look_wanted = false;
}

static void
check_times(struct supervisor *s)
{
	long long time = clock_milliseconds();

	if (s->clear_at != 0 && time >= s->clear_at)
		clear_leftovers(s);
	if (s->unused_at != 0 && time >= s->unused_at) {
		unused_report(&s->handoff->unused, UNUSED_YET, 0);
		s->unused_at = 0;
	}
	lease_visit(s->handoff->pool);
	hasten_look(s, time);
	if (s->stray_at != 0 && time >= s->stray_at)
		look_for_stray(s, time);
}

static void
earlier(long long *time, long long other)
{
	if (other != 0 && other < *time)
		*time = other;
}

/* How long until check_times has something to do; NULL for ever. */
static const struct timespec *
next_time(const struct supervisor *s, struct timespec *wait)
{
	const long long time = clock_milliseconds();
	const long long lease = lease_due(s->handoff->pool);
	long long next = LLONG_MAX;

	earlier(&next, s->clear_at);
	earlier(&next, s->unused_at);
	earlier(&next, s->stray_at);
	if (next == LLONG_MAX && lease < 0)
		return NULL;
	if (next != LLONG_MAX)
		next = next > time ? (next - time) * 1000 : 0;
	if (lease >= 0 && lease < next)
		next = lease;
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
	unused_start(&s->handoff->unused, s->job.server);
	s->unused_at = clock_milliseconds() + UNUSED_AFTER;
	s->stray_wait = STRAY_AFTER;
	/* Where all sockets are given by descriptor, nothing is intercepted. */
	if (s->handoff->listener >= 0)
		s->stray_at = clock_milliseconds() + STRAY_AFTER;
}

/* Another would be readable for ever once its other end is closed. */
static bool
is_for_requests(int fd)
{
	return socket_option(fd, SOL_SOCKET, SO_DOMAIN) == AF_UNIX &&
	    socket_option(fd, SOL_SOCKET, SO_TYPE) == SOCK_SEQPACKET &&
	    socket_option(fd, SOL_SOCKET, SO_ACCEPTCONN) != 0;
}

/* What the child offers; anything else is the end. */
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
	else if (offer.kind != OFFER_INHERITED ||
	    !pool_inherit(h->pool, h->plan, offer.mapping, fd))
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

/* What is polled always; behind it, the connections of the preload library. */
#define FIXED 3

/*
 * The listener stands before the channel: poll(2) looks at them in this order,
 * so a call of the server is never seen without the channel's end, which came
 * first, and is attended to first.
 */
static void
serve(struct supervisor *s)
{
	struct pollfd fds[FIXED + PRELOAD_WAITING] = {
	    {.fd = s->handoff->listener, .events = POLLIN},
	    {.fd = s->channel, .events = POLLIN},
	    {.fd = s->signals, .events = POLLIN},
	};
	const size_t waiting = preload_await(&s->handoff->preload, fds + FIXED);
	struct timespec wait;

	if (ppoll(fds, FIXED + waiting, next_time(s, &wait), NULL) <= 0)
		return;
	preload_attend(s->handoff, fds + FIXED, waiting);
	if (fds[1].revents != 0)
		channel_take(s);
	else if ((fds[0].revents & POLLIN) != 0)
		serve_call(s->handoff);
	else if (fds[0].revents != 0)
		handoff_close(s->handoff); /* no task is trapped any more */
	if (fds[2].revents != 0)
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

/* lowport's own statuses, from the child, or a shell's that found nothing. */
static bool
says_no_server(int status)
{
	return status >= STATUS_FAILURE && status <= STATUS_NOT_FOUND;
}

/* Some process that is no descendant may bind yet.  (Where they all are, what a
 * caller has passed in place of a listener is not waited for.)  By preload, the
 * end of those that ask is not to be seen, and descendants alone are served. */
static bool
is_awaited(const struct handoff *handoff)
{
	return !handoff->adopts && handoff->listener >= 0 &&
	    !handoff->by_preload;
}

/* A last look: the server may have ended before the first.  It takes the kernel
 * milliseconds, so not for a command that has hardly run. */
static void
report_end(struct supervisor *s)
{
	const long long begun = s->unused_at - UNUSED_AFTER;

	if (s->stray_at != 0 &&
	    (s->unused_at == 0 || clock_milliseconds() - begun >= BRIEF))
		stray_look(s->handoff, true);
	unused_report(&s->handoff->unused, UNUSED_NEVER, s->status);
	warned_report_rest(&s->handoff->warned);
}

int
supervisor_run(struct handoff *handoff, int signals, int channel, pid_t server)
{
	struct supervisor s = {.handoff = handoff,
	    .signals = signals,
	    .channel = channel,
	    .job = {.server = server}};

	/* No way out of this loop but the last process's end, of those that
	 * can be ended. */
	while (reap(&s) || is_awaited(handoff)) {
		check_times(&s);
		if (!is_awaited(handoff) && give_leftovers_up(&s))
			break;
		serve(&s);
	}
	if (!says_no_server(s.status))
		report_end(&s);
	return status_reported(&s);
}
