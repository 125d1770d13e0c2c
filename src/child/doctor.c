/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child, in place of the server.  doctor_as_root runs before it
 * becomes the user of -u, the rest when it holds no capability, and doctor_begin
 * before it sends the plan.
 * Reads: files of /proc and of the root directory, rules of the packet filter,
 * the options and the helper's answer.
 */
#include <linux/seccomp.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "command.h"
#include "confinement.h"
#include "divert.h"
#include "doctor.h"
#include "environment.h"
#include "explain.h"
#include "host.h"
#include "program.h"
#include "redirect.h"
#include "remedy.h"
#include "report.h"
#include "seccomp.h"

/* So many rules are reported for a mapping, each of them once. */
#define RULES_REPORTED 8

struct redirects {
	struct rules rules;
	enum redirect listing;
	const struct rule *reported[RULES_REPORTED];
	size_t count;
	char rule[REDIRECT_RULE], conditions[REDIRECT_RULE];
	char command[COMMAND_TEXT];
};

/* False if the rule has been reported, or enough others. */
static bool
remember(struct redirects *r, const struct rule *rule)
{
	size_t i;

	for (i = 0; i < r->count; i++)
		if (r->reported[i] == rule)
			return false;
	if (r->count == RULES_REPORTED)
		return false;
	r->reported[r->count++] = rule;
	return true;
}

static void
report_divert(struct redirects *r, const struct divert *d, unsigned int port)
{
	/* By is_local, and whether the rule surely matches. */
	static const char *const sentences[2][2] = {
	    {"a rule may divert port %u; remove it: %s%s%s",
		"a rule diverts port %u; remove it: %s%s%s"},
	    {"a rule may divert this host's own packets to port %u; "
	     "remove it: %s%s%s",
		"a rule diverts this host's own packets to port %u; remove "
		"it: %s%s%s"},
	};
	const char *conditions = divert_conditions(d, r->conditions,
	    sizeof(r->conditions));
	const char *head = *conditions == '\0' ? "" : "; its conditions: ";

	redirect_describe(&r->rules, d->rule, r->rule);
	if (d->is_certain_target)
		report_problem("redirect",
		    sentences[d->is_local][d->fit == RULE_ALWAYS], port,
		    r->rule, head, conditions);
	else
		report_note("redirect",
		    "a rule that lowport does not understand may divert port "
		    "%u; look at it: %s",
		    port, r->rule);
}

/* The filter may admit the port that a rule or the server has, and not the
 * public one. */
static void
report_input(struct redirects *r, const struct rule_packet *packet, uint16_t to,
    bool diverted)
{
	struct rule_packet now = *packet;
	const struct rule *rule;

	if (to == 0 || to == packet->port)
		return;
	now.port = to;
	now.is_diverted = diverted;
	rule = divert_admitted(&r->rules, &now, packet->port);
	if (rule == NULL || !remember(r, rule) ||
	    !command_admit(&r->rules, rule, packet->port, packet->protocol,
		r->command))
		return;
	report_note("input",
	    "a rule admits port %u, and none admits port %u, which is needed "
	    "without a redirect; add '%s' beside %s",
	    to, packet->port, r->command,
	    redirect_describe(&r->rules, rule, r->rule));
}

/* True if a rule of the hook diverts the packet, or may.  *to becomes the port
 * of this host that the packet goes to. */
static bool
examine_hook(struct redirects *r, const struct rule_packet *packet,
    enum rule_hook hook, uint16_t *to)
{
	struct divert d = divert_find(&r->rules, packet, hook);

	if (d.rule != NULL && d.to != 0 && !d.rule->is_beyond)
		*to = d.to;
	if (d.rule != NULL && remember(r, d.rule))
		report_divert(r, &d, packet->port);
	if (d.rule == NULL && d.fit == RULE_PERHAPS && remember(r, NULL))
		report_note("redirect",
		    "there are too many rules to know whether one diverts "
		    "port %u",
		    packet->port);
	return d.fit != RULE_NEVER;
}

static bool
examine_packet(struct redirects *r, const struct rule_packet *packet,
    uint16_t to)
{
	uint16_t local = 0;
	bool diverted = examine_hook(r, packet, RULE_HOOK_PREROUTING, &to);
	bool found = examine_hook(r, packet, RULE_HOOK_OUTPUT, &local) ||
	    diverted;

	report_input(r, packet, to, diverted);
	return found;
}

/* The rules of each family are examined by themselves. */
static bool
examine_port(struct redirects *r, const struct mapping *m, uint32_t offset)
{
	static const uint16_t families[] = {AF_INET, AF_INET6};
	struct rule_packet packet = {.port = (uint16_t)(m->public_port +
					 offset),
	    .protocol = m->protocol};
	uint16_t to = mapping_by_descriptor(m)
	    ? 0
	    : (uint16_t)(m->server_port + offset);
	bool found = false;
	size_t i;

	for (i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		if (m->family == AF_UNSPEC || m->family == families[i]) {
			packet.family = families[i];
			found |= examine_packet(r, &packet, to);
		}
	return found;
}

static void
examine_redirect(struct redirects *r, const struct mapping *m)
{
	const unsigned int port = m->public_port;
	bool found = false;
	uint32_t i;

	r->count = 0;
	for (i = 0; i < m->ports; i++)
		found |= examine_port(r, m, i);
	if (r->listing == REDIRECT_FAILED)
		report_note("redirect",
		    "nft or iptables-save could not list the rules, and one "
		    "of them may divert port %u",
		    port);
	else if (r->listing == REDIRECT_UNKNOWN)
		report_note("redirect",
		    "neither nft nor iptables-save is here to list the rules, "
		    "and one of them may divert port %u",
		    port);
	else if (!found)
		report_ok("redirect",
		    "no rule that names port %u or all ports diverts it", port);
}

void
doctor_as_root(const struct start *start)
{
	static struct redirects r;
	size_t i;

	if (start->options.mapping_count == 0)
		return;
	r.listing = redirect_list(&r.rules);
	for (i = 0; i < start->options.mapping_count; i++)
		if (!mapping_inherited(&start->options.mappings[i]))
			examine_redirect(&r, &start->options.mappings[i]);
	rules_free(&r.rules);
}

static void
examine_kernel(void)
{
	const char *emulator = host_emulator();
	struct utsname name;

	if (uname(&name) == 0)
		report_ok("kernel", "%s %s %s", name.sysname, name.release,
		    name.machine);
	if (emulator != NULL)
		report_note("emulator", "this program is run by %s", emulator);
	/* This process may read this file even while it is not dumpable. */
	if (access("/proc/self/status", R_OK) != 0)
		report_problem("proc", EXPLAIN_NO_PROC);
}

/* The name of the container runtime, or NULL. */
static const char *
container_of(const struct start *start)
{
	if (access("/run/.containerenv", F_OK) == 0)
		return "podman or CRI-O";
	if (access("/.dockerenv", F_OK) == 0)
		return "Docker";
	if (environment_get(start->environment, "KUBERNETES_SERVICE_HOST") !=
	    NULL)
		return "Kubernetes";
	return environment_get(start->environment, "container");
}

static const char *
profile_of(const struct start *start)
{
	if (start->rights.seccomp != SECCOMP_MODE_FILTER)
		return "no seccomp profile";
	if (seccomp_refusal() != 0)
		return "a seccomp profile that permits no filter of lowport's";
	if (!start->answer.observe || start->plan.observe)
		return "a seccomp profile";
	return "a seccomp profile that refuses pidfd_getfd(2), as the default "
	       "ones of Docker and containerd do; lowport watches "
	       "setsockopt(2) instead, some microseconds a call, or takes "
	       "--cap-add SYS_PTRACE";
}

static void
examine_container(const struct start *start)
{
	const char *container = container_of(start);

	if (host_is_gvisor())
		report_note("container", EXPLAIN_GVISOR);
	else if (container != NULL)
		report_note("container", "%s, %s", container,
		    profile_of(start));
	else if (start->rights.seccomp == SECCOMP_MODE_FILTER)
		report_note("container", "none known, but %s",
		    profile_of(start));
	else
		report_ok("container", "none known");
	if (host_in_user_namespace())
		report_note("namespace",
		    "this is a user namespace: its capabilities count only in "
		    "its own network namespaces");
}

static void
examine_port_start(const struct start *start)
{
	unsigned int port;
	size_t i;

	if (!host_setting(HOST_PORT_START, &port)) {
		report_note("port start",
		    "it is not known: there is no " HOST_PORT_START);
		return;
	}
	for (i = 0; i < start->options.mapping_count; i++)
		if (start->options.mappings[i].public_port < port) {
			report_ok("port start",
			    "%u: ports below it take the capability", port);
			return;
		}
	report_ok("port start", "%u: anybody may bind these ports", port);
}

static void
report_source(const struct rights *rights)
{
	const char *path = program_own_path();

	if (rights->root && host_in_user_namespace())
		report_ok("capability", "from root of a user namespace");
	else if (rights->root)
		report_ok("capability", "from root");
	else if (rights->ambient)
		report_ok("capability",
		    "from the ambient set of the process that started %s",
		    path);
	else if (rights->gained)
		report_ok("capability", "from the file capability of %s", path);
	else
		report_ok("capability",
		    "from the file capability of %s, and the permitted set of "
		    "the process that started it",
		    path);
}

/* A note only: check_mappings reports the problem, if a mapping fails for it. */
static void
examine_capability(const struct start *start)
{
	enum rights_lack lack = rights_lack(&start->rights);
	char text[REASON_TEXT];

	explain_lack(text, lack);
	if (!start->rights.permitted)
		report_note("capability", "none: %s", text);
	else if (lack != RIGHTS_SUFFICE)
		report_note("capability", "of no use: %s", text);
	else
		report_source(&start->rights);
}

static void
examine_bounds(const struct start *start)
{
	char text[REASON_TEXT];

	explain_lack(text, RIGHTS_NOT_BOUNDED);
	if (start->rights.bounded)
		report_ok("bounding set", "it has CAP_NET_BIND_SERVICE");
	else
		report_note("bounding set", "%s", text);
	if (start->rights.no_new_privs)
		report_note("no_new_privs",
		    "it was set before lowport started; " EXPLAIN_NO_NEW_PRIVS);
	else
		report_ok("no_new_privs", "it was not set before lowport");
}

static void
examine_yama(void)
{
	char why[REASON_TEXT];
	unsigned int scope;

	if (!host_setting(HOST_YAMA, &scope))
		return;
	if (explain_yama(why))
		report_note("yama", "%s%s", why, remedy_bpf());
	else
		report_ok("yama", "ptrace_scope is %u", scope);
}

static void
examine_selinux(const struct confinement *own)
{
	if (own->enforced)
		report_note("selinux",
		    "enforcing, in the domain %s: the server stays in it, as "
		    "no_new_privs bars a change of domain",
		    own->name);
	else
		report_ok("selinux", "permissive, in the domain %s", own->name);
}

/* Names the module; the lines after this one show what it refuses. */
static void
examine_confinement(void)
{
	const struct confinement own = confinement_of(getpid());

	if (own.module == CONFINEMENT_SELINUX)
		examine_selinux(&own);
	else if (own.module == CONFINEMENT_APPARMOR && own.enforced)
		report_note("apparmor",
		    "the profile %s is enforced; lowport-security(7) has the "
		    "rules that lowport takes",
		    own.name);
	else if (own.module == CONFINEMENT_APPARMOR)
		report_ok("apparmor", "no profile is enforced here (%s)",
		    own.name);
}

static void
examine_rules(const struct start *start)
{
	if (!start->rights.root)
		report_note("redirect",
		    "only root can list the rules that divert a port; run "
		    "lowport --doctor as root");
}

/* The helper has tried, whatever the method is. */
static void
examine_bpf(const struct start *start)
{
	char why[REASON_TEXT];

	if (start->answer.group.step == GROUP_MADE) {
		report_ok("bpf",
		    "tried: the kernel can map the ports of a control group, "
		    "by --method bpf or --attach");
		return;
	}
	explain_group(why, &start->answer.group, &start->rights);
	report_note("bpf", "%s", why);
}

void
doctor_begin(const struct start *start)
{
	examine_kernel();
	examine_capability(start);
	examine_bounds(start);
	examine_port_start(start);
	examine_yama();
	examine_confinement();
	examine_rules(start);
	check_user(start);
}

void
doctor_without_helper(const struct start *start)
{
	report_problem("helper",
	    "%s%s; so neither the ports nor the hand-off could be tried",
	    *start->no_helper == '\0' ? "it has ended, and has said why"
				      : "cannot fork: ",
	    start->no_helper);
	check_file();
	check_policy(start);
	report_end();
}

void
doctor_report(struct start *start)
{
	examine_container(start);
	check_file();
	check_policy(start);
	check_mappings(start);
	examine_bpf(start);
	check_handoff(start);
	report_end();
}
