/* SPDX-License-Identifier: ISC */
/*
 * lowport: an unmodified, unprivileged server owns a privileged port.
 *
 * Runs in: both processes.  The helper keeps the capability until the ports are
 * bound, and then drops it for ever.  The child never uses it, and becomes the
 * server.  Before the server's first instruction runs, neither of them can bind
 * a privileged port any more.
 * Reads: in the helper, the child's plan.
 */
#include "machine.h" /* first: a refused machine may lack the others */

#include <errno.h>
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
#include "process.h"
#include "remedy.h"
#include "seccomp.h"
#include "server_socket.h"
#include "socket.h"
#include "supervisor.h"
#include "verdict.h"

/* Static: the size is bounded, and pages that are never touched cost nothing. */
static struct plan plan;
static struct pool pool;

static void
refuse_unusable_start(int argc)
{
	int fd;

	/* Our sockets would get these numbers, and the server would print into
	 * one.  (With a file capability glibc has opened /dev/null there.) */
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

/* Closes all else that the caller left open.  The child keeps it, as the server
 * may need it. */
static int
keep_only(int channel)
{
	int kept = STDERR_FILENO + 1;

	if (channel != kept && dup3(channel, kept, O_CLOEXEC) < 0)
		fatal("cannot move the channel");
	if (!process_close_from(kept + 1))
		fatal("cannot close what the caller left open; mount /proc");
	return kept;
}

/* The helper must not keep a pipe open that somebody reads, nor a file system
 * busy that somebody unmounts. */
static void
leave_output_and_directory(void)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (null >= 0) {
		dup2(null, STDOUT_FILENO);
		close(null);
	}
	if (chdir("/") != 0)
		warnx("cannot leave the working directory");
}

/* The pool may need more than the soft limit.  The server keeps its own. */
static void
raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/* The plan was refused or never came: an empty one takes its place. */
static void
refuse_plan(struct answer *answer)
{
	size_t i;

	plan = (struct plan){.uid = getuid(),
	    .gid = getgid(),
	    .verbosity = VERBOSITY_QUIET,
	    .dry = true};
	for (i = 0; i < PLAN_MAPPINGS_MAX; i++)
		answer->results[i].outcome = OUTCOME_REFUSED;
}

/* Sends the child the sockets that the server starts with.  If the child does not
 * take one, it is closed. */
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

/* Then the server's own sockets are bound, and the pool needs none. */
static void
map_by_kernel(struct server_group *group, pid_t child, struct answer *answer)
{
	answer->remedy = plan.bpf == PLAN_BPF_NO &&
	    server_group_is_permitted(&plan);
	remedy_set(answer->remedy != 0);
	if (plan.bpf == PLAN_BPF_NO && !plan.dry)
		return;
	if (!server_group_make(group, &plan, child, answer) &&
	    plan.bpf == PLAN_BPF_IF_IT_CAN)
		plan.bpf = PLAN_BPF_NO;
}

static int
helper_run(int channel, pid_t child, pid_t parent)
{
	struct handoff handoff = {.listener = -1,
	    .in_trial = true,
	    .plan = &plan,
	    .pool = &pool,
	    .unused = {.plan = &plan}};
	bool granted[PLAN_MAPPINGS_MAX];
	struct answer answer = {0};
	int signals, status;

	/* With the capability: receive one plan, check it, and bind its ports. */
	privilege_hide();
	channel = keep_only(channel);
	handoff.network = socket_network(channel);
	leave_output_and_directory();
	raise_descriptor_limit();
	signals = supervisor_prepare();
	privilege_trim(PRIVILEGE_BIND | PRIVILEGE_KILL | PRIVILEGE_GROUP);
	verdict_prepare(); /* while the child reads its options */
	if (channel_receive_plan(channel, &plan) &&
	    plan_check(&plan, getuid(), getgid())) {
		map_by_kernel(&handoff.group, child, &answer);
		privilege_trim(PRIVILEGE_BIND | PRIVILEGE_KILL);
		verdict_grant(granted, &plan);
		privilege_change_user(plan.uid, plan.gid);
		pool_fill(&pool, &plan, granted, &answer);
	} else {
		refuse_plan(&answer);
	}

	/* The drop: the capability goes for ever, whatever came of the plan. */
	privilege_drop(plan.uid, plan.gid, plan.keep_kill ? PRIVILEGE_KILL : 0);
	message_set(plan.verbosity, plan.journal);
	handoff.adopts = supervisor_settle(&plan.supervision, parent);
	seccomp_confine(plan.show_expected != 0, plan.dry != 0);

	/* From here on the helper has no power over anything but the server. */
	if (plan.baseline)
		server_socket_set_baseline();
	/* If it never comes, the child has ended, or soon will. */
	channel_receive_ready(channel);
	handoff.notify.observe = plan.observe || seccomp_is_deadly() ||
	    !server_socket_can_fetch(child);
	answer.observe = handoff.notify.observe;
	answer.looks = !answer.observe && server_socket_can_look(child);
	channel_send_answer(channel, &answer);
	give_sockets(channel);
	status = supervisor_run(&handoff, signals, channel, child);
	server_group_remove(&handoff.group);
	return status;
}

int
main(int argc, char **argv)
{
	sigset_t signals;
	int channel[2], no_helper;
	pid_t child, parent = getppid();

	refuse_unusable_start(argc);
	seccomp_is_deadly(); /* both processes are to know it */
	supervisor_block_signals(&signals);
	channel_open(channel);
	child = fork();
	no_helper = child < 0 ? errno : 0;
	if (child > 0) /* _exit: there is nothing to flush */
		_exit(helper_run(channel[0], child, parent));
	close(channel[0]);
	launch(channel[1], no_helper, argc, argv, &signals);
}
