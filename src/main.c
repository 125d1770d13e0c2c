/* SPDX-License-Identifier: ISC */
/*
 * lowport: an unmodified, unprivileged server owns a privileged port.
 *
 * Two processes.  The helper keeps the capability until the ports are bound and
 * then drops it for ever; the child never uses it and becomes the server.  The
 * server's first instruction runs when no process of ours can bind a privileged
 * port any more.
 */
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "channel.h"
#include "handoff.h"
#include "launch.h"
#include "message.h"
#include "plan.h"
#include "pool.h"
#include "privilege.h"
#include "seccomp.h"
#include "supervisor.h"
#include "target.h"

/* Static: the size is bounded, and what is never touched costs nothing. */
static struct plan plan;
static struct pool pool;

static void
refuse_unusable_start(int argc)
{
	int fd;

	/* The sockets of ours would take the places of these, and a server
	 * would print into one.  (With a file capability glibc has put
	 * /dev/null there before main, and all is well.) */
	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			fatalx("file descriptor %d is closed; redirect it from "
			       "or to /dev/null",
			    fd);
	if (argc < 1)
		fatalx("started without any argument, not even a name");
	if (getuid() != geteuid() || getgid() != getegid())
		fatalx("set-user-ID or set-group-ID is not how lowport gets "
		       "its right; use: setcap cap_net_bind_service=p");
}

/* The helper needs none of what the caller left open; the server may. */
static int
keep_only(int channel)
{
	int kept = STDERR_FILENO + 1;

	if (channel != kept && dup3(channel, kept, O_CLOEXEC) < 0)
		fatal("cannot move the channel");
	close_range((unsigned int)kept + 1, ~0U, 0);
	return kept;
}

/* Nobody shall wait for the helper to close standard output, or to leave a
 * file system. */
static void
leave_the_rest(void)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (null >= 0) {
		dup2(null, STDOUT_FILENO);
		close(null);
	}
	if (chdir("/") != 0)
		warnx("cannot leave the working directory");
}

/* The pool may be larger than the soft limit; the server keeps that. */
static void
raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/*
 * Everything between the fork and privilege_drop runs with the capability
 * permitted.  The answer is sent when it is gone, whatever the outcome.
 */
static int
help(int channel, pid_t child)
{
	struct handoff handoff = {.listener = -1, .probing = true};
	struct answer answer = {0};
	struct greeting greeting;
	int signals;

	privilege_hide();
	channel = keep_only(channel);
	leave_the_rest();
	raise_descriptor_limit();
	signals = supervisor_prepare();
	privilege_trim(true);
	answer.outcome = OUTCOME_REFUSED;
	if (channel_receive_plan(channel, &plan) &&
	    plan_check(&plan, getuid(), getgid()))
		pool_fill(&pool, &plan, &answer);
	else
		plan = (struct plan){.uid = getuid(),
		    .gid = getgid(),
		    .verbosity = VERBOSITY_NORMAL};
	privilege_drop(plan.uid, plan.gid);
	seccomp_confine();
	/* From here on the helper has no power over anything but the server. */
	message_set_verbosity(plan.verbosity);
	if (plan.baseline)
		target_set_baseline();
	answer.observe = plan.observe || !target_can_fetch(child);
	if (!channel_send_answer(channel, &answer) ||
	    answer.outcome != OUTCOME_READY)
		return supervisor_wait(child);
	handoff.listener = channel_receive_listener(channel, &greeting);
	handoff.killable = handoff.listener >= 0 && greeting.killable;
	handoff.observe = answer.observe;
	handoff.plan = &plan;
	handoff.pool = &pool;
	return supervisor_run(&handoff, signals, channel, child);
}

int
main(int argc, char **argv)
{
	sigset_t signals;
	int channel[2];
	pid_t child;

	refuse_unusable_start(argc);
	supervisor_block_signals(&signals);
	channel_open(channel);
	child = fork();
	if (child < 0)
		fatal("cannot fork");
	if (child > 0)
		_exit(help(channel[0], child)); /* with nothing to flush */
	close(channel[0]);
	launch(channel[1], argc, argv, &signals);
}
