/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child.  It gives up CAP_NET_BIND_SERVICE at once.  If root started
 * it, it gives up its other capabilities when it knows the options, except those
 * that a change of user takes and those of --keep-caps.  If it had any, others of
 * its user cannot trace it until the plan is sent.
 * Reads: the caller's arguments and environment.
 */
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "attach.h"
#include "channel.h"
#include "check.h"
#include "confinement.h"
#include "doctor.h"
#include "environment.h"
#include "explain.h"
#include "holder.h"
#include "host.h"
#include "keep_caps.h"
#include "launch.h"
#include "ld_preload.h"
#include "limit.h"
#include "lint.h"
#include "manager.h"
#include "message.h"
#include "method.h"
#include "migrate.h"
#include "privilege.h"
#include "program.h"
#include "remedy.h"
#include "report.h"
#include "seccomp.h"
#include "status.h"
#include "trial.h"

static void
choose_user(struct user *user, const struct options *options)
{
	char why[REASON_TEXT];

	*user = (struct user){.uid = getuid(), .gid = getgid()};
	if (options->user != NULL && !user_resolve(user, options->user, why))
		fatalx("user '%.100s': %s", options->user, why);
	if (user->uid != getuid() && getuid() != 0)
		fatalx("user '%.100s': only root can start a server as another "
		       "user; leave out -u and LOWPORT_USER",
		    options->user);
	if (user->uid == 0 && options->purpose != PURPOSE_DOCTOR &&
	    (options->user == NULL || *options->user == ':'))
		fatalx("refusing to run the server as root; add -u USER, or "
		       "-u root to insist");
}

/* An AppArmor profile denies root what the kernel gives it. */
static void
refuse_hidden(uint64_t set, const char *purpose)
{
	char rule[RIGHTS_RULE], why[REASON_TEXT];

	if (rights_hidden(set) &&
	    confinement_explain(why,
		rights_rule(rule, set & ~privilege_permitted())))
		fatalx("%s cannot have its capabilities: %s", purpose, why);
}

/* The server keeps only what the caller holds himself, and the file capability
 * of this program is not his. */
static void
choose_listed(struct start *start, const char *list)
{
	char why[REASON_TEXT];
	uint64_t set;

	if (!keep_caps_parse(list, &set, why))
		fatalx("--keep-caps '%.100s': %s", list, why);
	if (start->rights.gained)
		fatalx("--keep-caps '%.100s': lowport has capabilities from "
		       "its file, and can keep only those of its caller; start "
		       "it as root, or without a file capability",
		    list);
	refuse_hidden(set, "--keep-caps");
	if ((set & ~privilege_permitted()) != 0)
		fatalx("--keep-caps '%.100s': lowport was not started with all "
		       "of these; start it as root, or give them to it "
		       "(--cap-add; AmbientCapabilities= without a file "
		       "capability)",
		    list);
	start->kept |= set;
}

static void
choose_capabilities(struct start *start)
{
	size_t i;

	for (i = 0; i < start->options.keep_caps_count; i++)
		choose_listed(start, start->options.keep_caps[i]);
}

/* Otherwise this lowport would own the port, and not the server of the other. */
static void
refuse_awaited(const struct start *start)
{
	const struct options *options = &start->options;
	uint16_t port;

	if (ld_preload_awaited(start->environment, options->mappings,
		options->mapping_count, &port))
		fatalx("the lowport around this one expects its server to bind "
		       "port %u, and cannot see this one bind it by preload; "
		       "start that one with --method notify",
		    port);
}

static void
become_user(struct start *start)
{
	choose_user(&start->user, &start->options);
	start->user_changes = start->user.uid != getuid();
	if (start->user_changes)
		refuse_hidden(PRIVILEGE_IDS, "-u");
	if (start->options.purpose == PURPOSE_DOCTOR && getuid() == 0)
		doctor_as_root(start);
	privilege_become(&start->user, start->kept, start->options.new_privs);
	if (start->options.user != NULL)
		start->environment = environment_set(start->environment, "HOME",
		    "%s", start->user.home);
}

/*
 * The terminal is still root's, and the server must not type into it.  Nor must
 * others of its user, by a process of lowport's that they trace
 * (tests/root/terminal.bats): so this comes before one is shown to them.
 *
 * Without a terminal there is no filter, which each call of the server would
 * pass.  If none starts, no filter is needed: only who has a controlling terminal
 * can type there (ioctl_tty(2)).  A server with --keep-caps or --allow-new-privs
 * is not held back: it has more privilege than its user, or can get more by exec.
 */
static void
protect_terminal(const struct start *start)
{
	if (!start->user_changes || start->kept != 0 ||
	    start->options.new_privs)
		return;
	/* If fork(2) failed, this process may lead a group, and setsid(2) fails. */
	if (start->options.purpose == PURPOSE_RUN ? host_has_terminal()
						  : setsid() < 0)
		seccomp_deny_typing();
}

static void
make_plan(struct plan *plan, const struct options *options, uint64_t kept)
{
	memset(plan, 0, sizeof(*plan));
	plan->magic = PLAN_MAGIC;
	plan->uid = getuid();
	plan->gid = getgid();
	plan->spares = options->spares;
	plan->verbosity = options->verbosity;
	plan->journal = options->journal;
	plan->observe = options->observe;
	plan->show_expected = options->show_expected;
	plan->baseline = options->baseline;
	plan->keep_kill = (kept & PRIVILEGE_KILL) != 0;
	plan->supervision = options->supervision;
	plan->mapping_count = (uint32_t)options->mapping_count;
	memcpy(plan->mappings, options->mappings,
	    options->mapping_count * sizeof(options->mappings[0]));
	if (options->purpose == PURPOSE_RUN)
		return;
	plan->dry = true;
	/* Nothing runs that could leave a mapping unused. */
	plan->verbosity = VERBOSITY_QUIET;
	if (trial_needed(plan))
		trial_add(plan);
}

static _Noreturn void
refuse(const struct start *start, size_t mapping)
{
	char why[REASON_TEXT];

	explain_result(why, &start->plan, &start->answer, mapping,
	    &start->rights);
	fatalx("%s", why);
}

/* Until the plan is sent, nobody can trace this process and change it: the plan
 * may be root's, and this process already runs as the user
 * (tests/root/privilege.bats). */
static bool
send_plan(const struct start *start)
{
	if (!channel_send_plan(start->channel, &start->plan))
		return false;
	privilege_show();
	return channel_send_ready(start->channel);
}

/* True if another process had a socket of some port already, in any state.  Of
 * two starts at the same moment, at least one sees the other (pool.c). */
static bool
is_crowded(const struct start *start)
{
	uint32_t i;

	for (i = 0; i < start->plan.mapping_count; i++)
		if (start->answer.results[i].crowded)
			return true;
	return false;
}

/* The kernel takes some milliseconds to list all bound sockets of TCP. */
static void
look_for_shared(struct start *start)
{
	bool shared[PLAN_MAPPINGS_MAX];
	uint32_t i;

	if (!is_crowded(start))
		return;
	holder_find_shared(&start->plan, shared);
	for (i = 0; i < start->plan.mapping_count; i++)
		if (shared[i] &&
		    start->answer.results[i].outcome == OUTCOME_READY)
			start->answer.results[i].outcome = OUTCOME_SHARED;
}

/* The helper has said why it ended. */
static _Noreturn void
end_with_helper(const struct start *start)
{
	if (start->options.purpose == PURPOSE_DOCTOR)
		doctor_without_helper(start);
	if (start->options.json) {
		report_problem("lowport",
		    "the helper has ended; see standard error");
		report_end();
	}
	_exit(STATUS_FAILURE);
}

static void
have_ports_bound(struct start *start)
{
	if (!send_plan(start) ||
	    !channel_receive_answer(start->channel, &start->answer))
		end_with_helper(start);
	remedy_set(start->answer.remedy != 0);
	/* The whole plan is refused, so nothing else in it is to be used. */
	if (start->answer.results[0].outcome == OUTCOME_REFUSED)
		refuse(start, 0);
	if (!activation_receive(&start->activation, &start->channel,
		&start->options, &start->plan, &start->answer))
		end_with_helper(start);
	look_for_shared(start);
}

static void
require_sockets(const struct start *start)
{
	uint32_t i;

	for (i = 0; i < start->plan.mapping_count; i++)
		if (start->answer.results[i].outcome != OUTCOME_READY)
			refuse(start, i);
}

static void
report_method(const struct method *method)
{
	const char *name = method_name(method->taken);

	if (*method->why == '\0')
		verbose("hand-off by %s", name);
	else
		verbose("hand-off by %s: %s", name, method->why);
}

static void
warn_of_oddities(const struct start *start)
{
	char text[REASON_TEXT];
	uint32_t i;

	for (i = 0; i < start->plan.mapping_count; i++)
		if (explain_mapping(text, &start->plan.mappings[i]))
			warnx("mapping %s", text);
}

static void
install_handoff(struct start *start)
{
	struct method method;

	if (start->activation.count > 0)
		verbose("hand-off by descriptor: %u of them, from 3 on",
		    start->activation.count);
	/* A server that binds nothing needs no method. */
	if (!trial_needed(&start->plan))
		return;
	method = method_install(start);
	if (method.taken == METHOD_NONE)
		fatalx("%s", method.why);
	report_method(&method);
}

/* Here, before the helper has bound anything. */
static void
require_filters(void)
{
	const int error = seccomp_refusal();
	char why[REASON_TEXT];

	if (error == 0)
		return;
	explain_no_filter(why, error);
	fatalx("%s", why);
}

/* Without a server to forward them to, signals end this process. */
static void
be_interruptible(const sigset_t *signals)
{
	signal(SIGCHLD, SIG_DFL); /* program_read waits */
	sigprocmask(SIG_SETMASK, signals, NULL);
}

/* Linux asks for these alone; without them, it says so to bpf(2). */
static void
run_with_groups(const struct options *options, const struct rights *rights)
{
	refuse_hidden(PRIVILEGE_ATTACH, "--attach");
	privilege_trim(PRIVILEGE_ATTACH);
	privilege_use(PRIVILEGE_ATTACH);
	if (options->purpose == PURPOSE_ATTACH)
		attach_group(options, rights);
	if (options->purpose == PURPOSE_DETACH)
		attach_remove(options, rights);
	attach_list();
}

/* Of others' processes, the descriptors; of others' rules, the files. */
static void
run_migration(const struct options *options)
{
	const uint64_t reads = UINT64_C(1) << CAP_SYS_PTRACE |
	    UINT64_C(1) << CAP_DAC_READ_SEARCH;

	privilege_trim(reads);
	privilege_use(reads);
	migrate(options);
}

/* While this is still the user whose limits were met. */
static void
require_helper(struct start *start, int error)
{
	if (error == 0)
		return;
	limit_explain(start->no_helper, error);
	if (start->options.purpose != PURPOSE_DOCTOR)
		fatalx("cannot fork: %s", start->no_helper);
}

void
launch(int channel, int no_helper, int argc, char **argv,
    const sigset_t *signals)
{
	struct start start = {.rights = rights_look(), .channel = channel};

	privilege_disarm();
	start.environment = environment_recover(argc, argv);
	options_parse(&start.options, argc, argv, start.environment);
	message_set(start.options.verbosity, start.options.journal);
	if (start.options.purpose != PURPOSE_RUN)
		be_interruptible(signals);
	else
		require_filters();
	if (start.options.json)
		report_as_json();
	if (start.options.purpose >= PURPOSE_ATTACH)
		run_with_groups(&start.options, &start.rights);
	if (start.options.purpose == PURPOSE_FROM_IPTABLES)
		run_migration(&start.options);
	choose_capabilities(&start);
	privilege_trim(start.kept);
	if (start.options.purpose == PURPOSE_CHECK_POLICY)
		lint_policy(start.options.policy_file);
	require_helper(&start, no_helper);
	refuse_awaited(&start);
	start.environment = activation_find_passed(&start.passed,
	    &start.options, start.environment);
	become_user(&start);
	if (!start.options.new_privs)
		privilege_seal();
	protect_terminal(&start);
	if (start.options.purpose == PURPOSE_DOCTOR)
		doctor_begin(&start);
	make_plan(&start.plan, &start.options, start.kept);
	start.plan.bpf = method_wants_bpf(&start);
	have_ports_bound(&start);
	/* Without a server, it must not outlive the helper; but if that has
	 * ended before it answered, the report says so. */
	if (start.options.purpose != PURPOSE_RUN)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (start.options.purpose == PURPOSE_CHECK)
		check_report(&start);
	if (start.options.purpose == PURPOSE_DOCTOR)
		doctor_report(&start);
	require_sockets(&start);
	warn_of_oddities(&start);
	manager_introduce(&start);
	install_handoff(&start);
	start.environment = activation_install(&start.activation,
	    start.environment, start.options.command);
	program_execute(start.options.command, start.environment, signals);
}
