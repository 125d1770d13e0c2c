/* SPDX-License-Identifier: ISC */
/*
 * lowport: an unmodified, unprivileged server owns a privileged port.
 *
 * Two processes.  The helper keeps the capability until the ports are bound and
 * then drops it for ever; the child never uses it and becomes the server.  The
 * server's first instruction runs when no process of ours can bind a privileged
 * port any more.
 */
#include "machine.h" /* before what a refused one may lack */

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
#include "socket.h"
#include "supervisor.h"
#include "target.h"
#include "verdict.h"

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
	/* By close_range(2), or without it: an old container's profile refuses
	 * that, and gVisor its usual arguments. */
	closefrom(kept + 1);
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

/* A plan of nothing, in place of one that is refused or never came. */
static void
refuse_plan(struct answer *answer)
{
	size_t i;

	plan = (struct plan){.uid = getuid(),
	    .gid = getgid(),
	    .verbosity = VERBOSITY_NORMAL};
	for (i = 0; i < PLAN_MAPPINGS_MAX; i++)
		answer->results[i].outcome = OUTCOME_REFUSED;
}

/* What the server is given when it starts.  Who does not take it gets none. */
static void
give_sockets(int channel)
{
	uint32_t i, n;
	int fd;

	for (i = 0; i < plan.mapping_count; i++) {
		if (!mapping_by_descriptor(&plan.mappings[i]))
			continue;
		for (n = 0; n < plan.mappings[i].ports; n++) {
			fd = pool_take(&pool, i, n);
			if (fd < 0)
				continue;
			channel_send_socket(channel, fd);
			close(fd);
		}
	}
}

/*
 * Everything between the fork and privilege_drop runs with the capability
 * permitted.  The answer is sent when it is gone, whatever came of the plan.
 */
static int
helper_run(int channel, pid_t child, pid_t parent)
{
	struct handoff handoff = {.listener = -1,
	    .trying = true,
	    .plan = &plan,
	    .pool = &pool};
	bool granted[PLAN_MAPPINGS_MAX];
	struct answer answer = {0};
	int signals;

	privilege_hide();
	channel = keep_only(channel);
	handoff.network = socket_network(channel);
	leave_the_rest();
	raise_descriptor_limit();
	signals = supervisor_prepare();
	privilege_trim(PRIVILEGE_BIND | PRIVILEGE_KILL);
	if (channel_receive_plan(channel, &plan) &&
	    plan_check(&plan, getuid(), getgid())) {
		verdict_grant(granted, &plan);
		privilege_change_user(plan.uid, plan.gid);
		pool_fill(&pool, &plan, granted, &answer);
	} else {
		refuse_plan(&answer);
	}
	privilege_drop(plan.uid, plan.gid, plan.keep_kill ? PRIVILEGE_KILL : 0);
	message_set(plan.verbosity, plan.journal);
	handoff.adopts = supervisor_settle(&plan.supervision, parent);
	seccomp_confine(plan.show_expected != 0);
	/* From here on the helper has no power over anything but the server. */
	if (plan.baseline)
		target_set_baseline();
	/* Where it never comes, the child is gone, or will be. */
	channel_receive_ready(channel);
	handoff.observe = plan.observe || !target_can_fetch(child);
	answer.observe = handoff.observe;
	channel_send_answer(channel, &answer);
	give_sockets(channel);
	return supervisor_run(&handoff, signals, channel, child);
}

int
main(int argc, char **argv)
{
	sigset_t signals;
	int channel[2];
	pid_t child, parent = getppid();

	refuse_unusable_start(argc);
	supervisor_block_signals(&signals);
	channel_open(channel);
	child = fork();
	if (child < 0)
		fatal("cannot fork");
	if (child > 0)
		_exit(helper_run(channel[0], child,
		    parent)); /* with nothing to flush */
	close(channel[0]);
	launch(channel[1], argc, argv, &signals);
}
