/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child, in place of the server, when it holds no capability but
 * what --keep-caps names.
 * Reads: the options, the policy and the helper's answer.
 */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "check.h"
#include "explain.h"
#include "host.h"
#include "method.h"
#include "program.h"
#include "report.h"
#include "seccomp.h"
#include "status.h"
#include "trial.h"
#include "verdict.h"

void
check_user(const struct start *start)
{
	char name[USER_NAME];

	if (start->user.uid == 0)
		report_note("user", "root (uid 0), without any capability");
	else
		report_ok("user", "%s (uid %u, gid %u)",
		    user_name(start->user.uid, name), start->user.uid,
		    start->user.gid);
}

static const char *
why_not_asked(const struct rights *rights)
{
	if (rights->no_new_privs)
		return EXPLAIN_NO_NEW_PRIVS;
	if (rights->root)
		return "the caller is root";
	return "executing lowport gave its caller nothing";
}

/* False if the capability is missing: no rule would help then. */
static bool
is_denied(const struct start *start, size_t i)
{
	return start->answer.results[i].outcome == OUTCOME_DENIED &&
	    rights_lack(&start->rights) == RIGHTS_SUFFICE;
}

static void
check_verdict(const struct start *start, size_t i,
    const struct verdict *verdict, const char *why)
{
	char mapping[MAPPING_NAMED], text[REASON_TEXT];

	options_format(&start->options, i, mapping);
	if (verdict->permitted) {
		report_ok("policy", "%s: permitted by %s:%u", mapping,
		    verdict_policy, verdict->line);
		return;
	}
	explain_verdict(text, &start->plan.mappings[i], verdict, why);
	if (is_denied(start, i))
		report_problem("policy", "%s: %s", mapping, text);
	else
		report_note("policy", "%s: not permitted, and not needed: %s",
		    mapping, text);
}

static void
note_policy(const char *warning)
{
	report_note("policy", "%s", warning);
}

void
check_policy(const struct start *start)
{
	struct verdict verdicts[PLAN_MAPPINGS_MAX];
	size_t count = start->options.mapping_count, i;
	char why[REASON_TEXT];
	bool reached;

	if (!start->rights.gained) {
		report_ok("policy", "not asked: %s",
		    why_not_asked(&start->rights));
		return;
	}
	reached = verdict_reach(verdicts, start->plan.mappings, count, why);
	verdict_warn(note_policy);
	for (i = 0; i < count; i++)
		if (!mapping_inherited(&start->plan.mappings[i]))
			check_verdict(start, i, &verdicts[i],
			    reached ? NULL : why);
}

/* A socket that does not listen yet keeps other users away only if the port is
 * privileged. */
static void
note_unprivileged(const struct start *start, size_t i)
{
	const struct mapping *m = &start->plan.mappings[i];
	char mapping[MAPPING_NAMED];

	if (start->answer.results[i].outcome == OUTCOME_READY &&
	    m->protocol == IPPROTO_TCP && !mapping_inherited(m) &&
	    !mapping_by_descriptor(m) &&
	    m->public_port + m->ports > host_port_start())
		report_note("sockets",
		    "%s: the port needs no privilege, so another user can bind "
		    "it by SO_REUSEADDR and listen before the server does",
		    options_format(&start->options, i, mapping));
}

void
check_file(void)
{
	if (rights_file_is_effective())
		report_note("capability",
		    "%s has it as '=ep', so it cannot even be executed if the "
		    "bounding set lacks CAP_NET_BIND_SERVICE; run setcap "
		    "cap_net_bind_service=p, without the e",
		    program_own_path());
}

static void
note_oddities(const struct start *start)
{
	char text[REASON_TEXT];
	size_t i;

	for (i = 0; i < start->options.mapping_count; i++) {
		note_unprivileged(start, i);
		if (explain_mapping(text, &start->plan.mappings[i]))
			report_note("mapping", "%s", text);
	}
}

/* The kernel is to map the port, and lowport has no socket. */
static bool
is_mapped(const struct start *start, size_t i)
{
	return !mapping_by_descriptor(&start->plan.mappings[i]) &&
	    (method_is_bpf(start) || start->plan.bpf == PLAN_BPF_ALONE);
}

static void
check_mapping(const struct start *start, size_t i)
{
	char mapping[MAPPING_NAMED], text[REASON_TEXT];

	options_format(&start->options, i, mapping);
	if (is_mapped(start, i) && !method_is_bpf(start)) {
		report_note("sockets", "%s: not tried, for lack of a hand-off",
		    mapping);
	} else if (start->answer.results[i].outcome != OUTCOME_READY) {
		explain_result(text, &start->plan, &start->answer, i,
		    &start->rights);
		report_problem("sockets", "%s: %s", mapping,
		    is_denied(start, i) ? "not bound, as the policy says"
					: text);
	} else if (mapping_inherited(&start->plan.mappings[i])) {
		report_ok("sockets", "%s: passed to lowport", mapping);
	} else if (is_mapped(start, i)) {
		report_ok("sockets",
		    "%s: a bind(2) of port %u in such a control group got %u",
		    mapping, start->plan.mappings[i].server_port,
		    start->plan.mappings[i].public_port);
	} else {
		report_ok("sockets", "%s: all could be bound", mapping);
	}
}

void
check_mappings(const struct start *start)
{
	size_t i;

	for (i = 0; i < start->options.mapping_count; i++)
		check_mapping(start, i);
	note_oddities(start);
}

static void
report_notify(const struct start *start, const struct method *method)
{
	if (!start->answer.observe)
		report_ok("hand-off",
		    "notify, tried; sockets are learnt by pidfd_getfd(2)");
	else if (start->plan.observe)
		report_ok("hand-off",
		    "notify, tried; sockets are learnt by watching "
		    "setsockopt(2), as LOWPORT_LEARN says");
	else
		report_ok("hand-off",
		    "notify, tried; sockets are learnt by watching "
		    "setsockopt(2), as pidfd_getfd(2) is refused here");
	if (method->interruptible)
		report_note("hand-off",
		    "a signal can make the server repeat a bind(2), which "
		    "lowport knows and answers; Linux 5.19 does not repeat it");
}

static void
report_method(const struct start *start, const struct method *method)
{
	if (method->taken == METHOD_NONE)
		report_problem("hand-off", "%s", method->why);
	else if (method->taken == METHOD_NOTIFY)
		report_notify(start, method);
	else if (method->taken == METHOD_BPF)
		report_ok("hand-off",
		    "bpf, tried: the kernel maps the ports of the server's "
		    "control group%s%s",
		    *method->why == '\0' ? "" : "; not notify: ", method->why);
	else if (*method->why == '\0')
		report_ok("hand-off", "preload, tried");
	else
		report_ok("hand-off", "preload, tried; not notify: %s",
		    method->why);
}

void
check_handoff(struct start *start)
{
	const int refusal = seccomp_refusal();
	char why[REASON_TEXT];
	struct method method;

	if (start->activation.count > 0)
		report_ok("hand-off", "fds: LISTEN_FDS=%u",
		    start->activation.count);
	if (refusal != 0) {
		explain_no_filter(why, refusal);
		report_problem("hand-off", "%s", why);
	} else if (trial_needed(&start->plan)) {
		method = method_install(start);
		report_method(start, &method);
	}
}

static void
check_command(const struct start *start)
{
	const char *command = start->options.command[0];
	char file[PROGRAM_PATH], why[REASON_TEXT];
	int error;

	if (command == NULL)
		return;
	error = program_find(command, start->environment, file);
	if (error == 0)
		report_ok("command", "%s", command);
	else if (error == ENOENT)
		report_problem("command", "%s: %s (%d)", command,
		    program_absence(command, start->environment),
		    STATUS_NOT_FOUND);
	else
		report_problem("command",
		    "%.200s: cannot be executed (%d): %s%.600s", command,
		    STATUS_NOT_EXECUTABLE, strerror(error),
		    program_refusal(why, file, error));
}

void
check_report(struct start *start)
{
	check_user(start);
	check_file();
	check_policy(start);
	check_mappings(start);
	check_handoff(start);
	check_command(start);
	report_end();
}
