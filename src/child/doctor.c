/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child, in place of the server: doctor_as_root before it becomes
 * the user of -u, the rest when it holds no capability, doctor_begin before the
 * helper is asked.
 * Reads: files of /proc and of the root directory, what the start was made of,
 * and what the helper answered.
 */
#include <linux/seccomp.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "divert.h"
#include "doctor.h"
#include "environment.h"
#include "explain.h"
#include "host.h"
#include "program.h"
#include "redirect.h"
#include "report.h"

/* A rule of so many ports is reported once. */
#define RULES_REPORTED 8

struct redirects {
	struct rules rules;
	enum redirect listing;
	const struct rule *reported[RULES_REPORTED];
	size_t count;
	char rule[REDIRECT_RULE], conditions[REDIRECT_RULE];
};

/* True for a rule that has not been reported, of which there is room. */
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
	const char *conditions = divert_conditions(d, r->conditions,
	    sizeof(r->conditions));

	redirect_describe(&r->rules, d->rule, r->rule);
	if (!d->is_certain_target)
		report_note("redirect",
		    "a rule that lowport does not understand may divert port "
		    "%u; look at it: %s",
		    port, r->rule);
	else
		report_problem("redirect",
		    "what %s port %u %s elsewhere by a rule; remove it: %s%s%s",
		    d->is_local ? "this host itself sends to" : "comes for",
		    port, d->fit == RULE_ALWAYS ? "goes" : "may go", r->rule,
		    *conditions != '\0' ? "; its conditions: " : "",
		    conditions);
}

/* Where the filter lets the port in that a rule or the server has, and not the
 * public one. */
static void
report_input(struct redirects *r, const struct rule_packet *packet, uint16_t to,
    bool diverted)
{
	struct rule_packet now = *packet;
	const struct rule *rule;

	now.port = to;
	now.is_diverted = diverted;
	rule = to != 0 && to != packet->port
	    ? divert_admitted(&r->rules, &now, packet->port)
	    : NULL;
	if (rule == NULL || !remember(r, rule))
		return;
	report_note("input",
	    "a rule admits port %u, and none admits port %u, as it must "
	    "without a redirect; add '%s' beside %s",
	    to, packet->port,
	    redirect_suggest(&r->rules, rule, packet->port, packet->protocol,
		r->conditions),
	    redirect_describe(&r->rules, rule, r->rule));
}

/* True where a rule of the hook diverts the packet, or may; *to becomes the
 * port of this host that it goes to. */
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
		    "too many rules to know whether one diverts port %u",
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

/* Each family has rules of its own. */
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
		    "rules that may divert port %u could not be listed by nft "
		    "or iptables-save",
		    port);
	else if (r->listing == REDIRECT_UNKNOWN)
		report_note("redirect",
		    "neither nft nor iptables-save is here to list rules that "
		    "may divert port %u",
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
	struct utsname name;

	if (uname(&name) == 0)
		report_ok("kernel", "%s %s %s", name.sysname, name.release,
		    name.machine);
	/* A file that a process which hides may read, too. */
	if (access("/proc/self/status", R_OK) != 0)
		report_problem("proc", "/proc is not mounted; mount it");
}

/* Who made this root directory, or NULL. */
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

static void
examine_container(const struct start *start)
{
	const char *container = container_of(start);
	const char *profile = start->rights.seccomp != SECCOMP_MODE_FILTER
	    ? "no seccomp profile"
	    : start->answer.observe && !start->plan.observe
	    ? "a seccomp profile that refuses pidfd_getfd(2), as the default "
	      "ones of Docker and containerd do: served by watching "
	      "setsockopt(2), some microseconds each; or --cap-add SYS_PTRACE"
	    : "a seccomp profile";

	if (host_is_gvisor())
		report_note("container",
		    "gVisor: it has no seccomp listener, so it is preload; a "
		    "static server takes another runtime");
	else if (container != NULL)
		report_note("container", "%s, %s", container, profile);
	else if (start->rights.seccomp == SECCOMP_MODE_FILTER)
		report_note("container", "none known, but %s", profile);
	else
		report_ok("container", "none known");
	if (host_in_user_namespace())
		report_note("namespace",
		    "a user namespace: its capabilities count in its own "
		    "network namespaces only");
}

static void
examine_port_start(const struct start *start)
{
	unsigned int port;
	size_t i;

	if (!host_setting(HOST_PORT_START, &port)) {
		report_note("port start", "not known: no " HOST_PORT_START);
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

static const char *
source_of(const struct rights *rights)
{
	if (rights->root)
		return host_in_user_namespace() ? "root of a user namespace"
						: "root";
	if (rights->ambient)
		return "the ambient set of who started";
	if (rights->gained)
		return "the file capability of";
	return "the permitted set of who started, and the file capability of";
}

/* It is a problem where a mapping failed for want of it: check_mappings tells
 * that one. */
static void
examine_capability(const struct start *start)
{
	enum rights_lack lack = rights_lack(&start->rights);
	char text[REASON_TEXT];

	if (start->rights.permitted && lack == RIGHTS_SUFFICE) {
		report_ok("capability", "from %s%s%s",
		    source_of(&start->rights), start->rights.root ? "" : " ",
		    start->rights.root ? "" : program_own_path());
		return;
	}
	explain_lack(text, &start->rights);
	report_note("capability", "%s: %s",
	    start->rights.permitted ? "of no use" : "none", text);
}

static void
examine_bounds(const struct start *start)
{
	if (start->rights.bounded)
		report_ok("bounding set", "it has CAP_NET_BIND_SERVICE");
	else
		report_note("bounding set",
		    "without CAP_NET_BIND_SERVICE; --cap-add NET_BIND_SERVICE, "
		    "or CapabilityBoundingSet= of systemd");
	if (start->rights.no_new_privs)
		report_note("no_new_privs",
		    "set: a file capability gives only what who started "
		    "lowport had");
	else
		report_ok("no_new_privs", "not set before lowport");
}

static void
examine_yama(void)
{
	unsigned int scope = host_yama_scope();

	if (scope > 1)
		report_note("yama",
		    "ptrace_scope %u: the helper may not read the server's "
		    "bind(2) calls, so it is preload; for a static server set "
		    "kernel.yama.ptrace_scope to 1",
		    scope);
	else
		report_ok("yama", "ptrace_scope %u", scope);
}

static void
examine_rules(const struct start *start)
{
	if (!start->rights.root)
		report_note("redirect",
		    "rules that divert a port can be listed by root alone: "
		    "lowport --doctor as root");
}

void
doctor_begin(const struct start *start)
{
	examine_kernel();
	examine_capability(start);
	examine_bounds(start);
	examine_port_start(start);
	examine_yama();
	examine_rules(start);
	check_user(start);
}

void
doctor_report(struct start *start)
{
	examine_container(start);
	check_file();
	check_policy(start);
	check_mappings(start);
	check_handoff(start);
	report_end();
}
