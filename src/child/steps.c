/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child, with --from-iptables; there is no server.
 * Reads: what others have read of rules, sockets and units.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cgroup.h"
#include "command.h"
#include "divert.h"
#include "host.h"
#include "owner.h"
#include "program.h"
#include "steps.h"
#include "user.h"
#include "words.h"

#define LINE 8192

/* The directory of systemd's units, and the name of one that is not known. */
#define UNIT_FOLDER  "/etc/systemd/system"
#define UNIT_UNKNOWN "NAME.service"

/* The commands of a step, each once. */
struct commands {
	char list[PLAN_MAPPINGS_MAX * 4][COMMAND_TEXT];
	size_t count;
};

static struct owner owners[PLAN_MAPPINGS_MAX];
static struct commands admitting;
static bool has_systemd, can_attach;
static unsigned int step;

static void __attribute__((format(printf, 1, 2))) say(const char *format, ...)
{
	char line[LINE];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	message_make_printable(line);
	puts(line);
}

/* ---- What is there. */

/* The waiver of the capability is Linux 5.12's (lowport-bpf(7)). */
static bool
kernel_can_attach(void)
{
	return !host_kernel_before(5, 12) && cgroup_mount() != NULL;
}

static void
name_unit(char unit[OWNER_UNIT], const char *name)
{
	if (*name == '\0' || strlen(name) > OWNER_UNIT - 9 ||
	    name[strspn(name,
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789:_.@-")] != '\0')
		fatalx("--unit '%.100s' is no name of a unit of systemd", name);
	snprintf(unit, OWNER_UNIT, "%s%s", name,
	    strstr(name, ".service") == NULL ? ".service" : "");
}

/* systemd has sockets for others. */
static bool
is_manager(const struct owner *o)
{
	return o->holder.pid == 1 && strcmp(o->holder.name, "systemd") == 0 &&
	    *o->unit == '\0';
}

static void
look_around(const struct steps *s)
{
	size_t i;

	has_systemd = s->options->unit != NULL ||
	    access("/run/systemd/system", F_OK) == 0;
	can_attach = kernel_can_attach();
	for (i = 0; i < s->mapping_count; i++) {
		owner_find(&owners[i], s->mappings[i].server_port,
		    s->mappings[i].protocol);
		if (s->options->unit != NULL)
			name_unit(owners[i].unit, s->options->unit);
		else if (has_systemd && *owners[i].unit == '\0' &&
		    *owners[i].command == '\0')
			strcpy(owners[i].unit, UNIT_UNKNOWN);
	}
}

/* True if one service, or process, has both mappings. */
static bool
is_same(size_t i, size_t k)
{
	return strcmp(owners[k].unit, owners[i].unit) == 0 &&
	    (*owners[i].unit != '\0' ||
		owners[k].holder.pid == owners[i].holder.pid);
}

static bool
is_repeated(size_t i)
{
	size_t k = 0;

	while (k < i && !is_same(i, k))
		k++;
	return k < i;
}

/* "-p 443:8443 -p 80:8080" of one server; a shell and systemd take it. */
static const char *
options_of(const struct steps *s, size_t i, char text[LINE])
{
	char mapping[MAPPING_TEXT];
	size_t k;

	*text = '\0';
	for (k = 0; k < s->mapping_count; k++)
		if (is_same(i, k)) {
			words_add(text, LINE, "-p");
			words_add(text, LINE,
			    mapping_format(&s->mappings[k], mapping));
		}
	return text;
}

/* ---- Mappings and their rules. */

/* A rule without a mapping of its own belongs to that of the same ports. */
static bool
has_mapping(const struct carry *c, const struct mapping *m)
{
	static struct mapping own[CARRY_MAPPINGS];
	const size_t count = carry_mappings(c, own);
	size_t i;

	for (i = 0; i < count; i++)
		if (own[i].public_port == m->public_port &&
		    own[i].server_port == m->server_port &&
		    own[i].protocol == m->protocol &&
		    (c->state != CARRY_WHOLE ||
			memcmp(&own[i], m, sizeof(*m)) == 0))
			return true;
	return false;
}

static bool
is_carried(const struct carry *c)
{
	return c->state != CARRY_REFUSED;
}

/* True if an earlier one is the same rule, reached another way. */
static bool
was_there(const struct steps *s, const struct carry *c)
{
	const struct carry *other = s->carries->list;

	while (other < c && (other->rule != c->rule || !is_carried(other)))
		other++;
	return other < c;
}

static void
print_mapping(const struct steps *s, const struct mapping *m)
{
	const struct carry *c = s->carries->list;
	const struct carry *end = c + s->carries->count;
	char text[MAPPING_TEXT], where[STEPS_PLACE];

	say("# -p %s", mapping_format(m, text));
	for (; c < end; c++) {
		if (!is_carried(c) || !has_mapping(c, m) || was_there(s, c))
			continue;
		s->place(c->rule->line, where, sizeof(where));
		say("#     %s: %s%s%s", where, c->rule->text,
		    c->of_ip ? "" : " (IPv6)",
		    c->state == CARRY_DEAD ? " (no packet comes to it)" : "");
	}
}

/* A rule that only acts when another one is gone goes with it. */
static void
print_dead(const struct steps *s)
{
	const struct carry *c = s->carries->list;
	const struct carry *end = c + s->carries->count;
	char where[STEPS_PLACE];
	size_t i;

	for (; c < end; c++) {
		for (i = 0; i < s->mapping_count; i++)
			if (has_mapping(c, &s->mappings[i]))
				break;
		if (c->state != CARRY_DEAD || i < s->mapping_count ||
		    was_there(s, c))
			continue;
		s->place(c->rule->line, where, sizeof(where));
		say("# Removed, too, as it would act then:");
		say("#     %s: %s", where, c->rule->text);
	}
}

static const char *
condition_of(const struct carry_note *note, char text[RULE_TEXT])
{
	snprintf(text, RULE_TEXT, "%.*s", note->condition->length,
	    note->rule->text + note->condition->begin);
	return text;
}

/* True if an earlier carry has a note of the same words. */
static bool
was_noted(const struct steps *s, const struct carry *c, const char *text)
{
	const struct carry *other = s->carries->list;
	char noted[RULE_TEXT];
	size_t i;

	for (; other < c; other++)
		for (i = 0;
		     i < other->note_count && other->state == CARRY_WHOLE; i++)
			if (strcmp(condition_of(&other->notes[i], noted),
				text) == 0)
				return true;
	return false;
}

static void
print_condition(const struct steps *s, const struct carry *c,
    const struct carry_note *note)
{
	char text[RULE_TEXT];

	if (was_noted(s, c, condition_of(note, text)))
		return;
	say("# Note: %s '%s'. The server will have its port at every address "
	    "that it listens on: to keep it from others, filter the public "
	    "port.",
	    note->is_exception ? "not with those which a rule before takes:"
			       : "rules above are for some packets alone:",
	    text);
}

static void
print_notes_of(const struct steps *s, const struct carry *c)
{
	char where[STEPS_PLACE];
	size_t i;

	for (i = 0; i < c->note_count && c->state == CARRY_WHOLE; i++)
		print_condition(s, c, &c->notes[i]);
	s->place(c->rule->line, where, sizeof(where));
	if (c->has_loopback && !c->is_output)
		say("# Note: the rule of %s leads to the loopback address, and "
		    "lowport changes no address: have the server listen on "
		    "0.0.0.0 or [::], or only this host reaches it.",
		    where);
	if (c->state == CARRY_TWIN && c->is_output && !c->is_own &&
	    c->address_count == 0)
		say("# Note: the rule of %s also takes what this host sends to "
		    "others; that ends with it.",
		    where);
}

static bool
is_wildcard(const struct owner *o)
{
	return o->holder.endpoint.family != AF_UNSPEC &&
	    endpoint_is_wildcard(&o->holder.endpoint);
}

static void
print_notes_of_mapping(const struct mapping *m, const struct owner *o)
{
	char mapping[MAPPING_TEXT], text[INET6_ADDRSTRLEN];

	if (m->family == AF_UNSPEC)
		return;
	say("# Note: -p %s is for a server that binds %s%s: have it do so.",
	    mapping_format(m, mapping),
	    inet_ntop(m->family, m->address, text, sizeof(text)),
	    is_wildcard(o) ? ", and now it binds every address" : "");
}

static bool
is_of_one_family(const struct steps *s, uint16_t *family)
{
	const struct carry *c = s->carries->list;
	const struct carry *end = c + s->carries->count;
	bool ip = false, ip6 = false;

	for (; c < end; c++) {
		ip |= is_carried(c) && c->of_ip;
		ip6 |= is_carried(c) && c->of_ip6;
	}
	*family = ip ? AF_INET : AF_INET6;
	return ip != ip6;
}

/* True if a rule takes what this host would forward, too. */
static bool
takes_forwarded(const struct steps *s)
{
	const struct carry *c = s->carries->list;
	const struct carry *end = c + s->carries->count;
	unsigned int forwards;

	if (!host_setting("/proc/sys/net/ipv4/ip_forward", &forwards) ||
	    forwards == 0)
		return false;
	while (c < end &&
	    (c->state != CARRY_WHOLE || c->is_output || c->is_own ||
		c->address_count > 0))
		c++;
	return c < end;
}

static void
print_notes(const struct steps *s)
{
	uint16_t family;
	size_t i;

	for (i = 0; i < s->carries->count; i++)
		if (is_carried(&s->carries->list[i]))
			print_notes_of(s, &s->carries->list[i]);
	for (i = 0; i < s->mapping_count; i++)
		print_notes_of_mapping(&s->mappings[i], &owners[i]);
	if (takes_forwarded(s))
		say("# Note: this host forwards packets, and a rule without a "
		    "destination also takes those to other hosts. They pass "
		    "then: keep it if that is its purpose, a transparent "
		    "proxy.");
	if (is_of_one_family(s, &family))
		say("# Note: the rules are for %s alone; a server that listens "
		    "on both families has the port of both.",
		    family == AF_INET ? "IPv4" : "IPv6");
}

/* ---- The server. */

static void
print_drop_in(const struct steps *s, size_t i)
{
	const char *unit = owners[i].unit;
	char options[LINE], command[OWNER_COMMAND];

	say("mkdir -p %s/%s.d", UNIT_FOLDER, unit);
	say("cat >%s/%s.d/lowport.conf <<'END'", UNIT_FOLDER, unit);
	say("[Service]");
	options_of(s, i, options);
	if (can_attach)
		say("ExecStartPre=+%s --attach %s", program_own_path(),
		    options);
	else {
		if (!owner_unit_command(unit, command))
			strcpy(command, "COMMAND");
		say("AmbientCapabilities=CAP_NET_BIND_SERVICE");
		if (owner_unit_has(unit, "Type=notify"))
			say("NotifyAccess=all");
		say("ExecStart=");
		say("ExecStart=%.*s%s %s -- %s", (int)strspn(command, "-:"),
		    command, program_own_path(), options,
		    command + strspn(command, "-:"));
	}
	say("END");
	say("systemctl daemon-reload");
}

static void
print_server(const struct steps *s, size_t i)
{
	const struct owner *o = &owners[i];
	char options[LINE];

	if (is_manager(o))
		say("# Process 1 has it, for a socket unit: have that listen "
		    "on the public port itself; it needs no lowport.");
	else if (o->is_contained) {
		say("# Process %d (%s) is in a container: put lowport in front "
		    "of the command there, as in lowport %s -- COMMAND.",
		    o->holder.pid, o->holder.name, options_of(s, i, options));
	} else if (*o->unit != '\0') {
		if (strcmp(o->unit, UNIT_UNKNOWN) == 0)
			say("# Whose unit it is cannot be seen: write it in "
			    "place of " UNIT_UNKNOWN ", or give --unit.");
		if (!can_attach)
			say("# If the file of lowport has the capability, its "
			    "policy has to permit this, too.");
		print_drop_in(s, i);
	} else
		say("# It is no unit of systemd's: it is started below.");
}

/* A server that is no unit's. */
static void
print_start(const struct steps *s, size_t i)
{
	const struct owner *o = &owners[i];
	char options[LINE], user[USER_NAME];

	options_of(s, i, options);
	if (*o->unit != '\0')
		say("systemctl restart %s", o->unit);
	else if (is_manager(o))
		say("# Restart the socket unit.");
	else if (o->is_contained)
		say("# Start the container again.");
	else if (o->holder.pid != 0) {
		say("kill %d # %s", o->holder.pid, o->holder.name);
		say("%s %s -u %s -- %s", program_own_path(), options,
		    user_name(o->holder.uid, user),
		    *o->command != '\0' ? o->command : "COMMAND");
	} else
		say("%s %s -u USER -- COMMAND", program_own_path(), options);
}

/* ---- Rules. */

static void
add_command(struct commands *commands, const char *text)
{
	size_t i;

	for (i = 0; i < commands->count; i++)
		if (strcmp(commands->list[i], text) == 0)
			return;
	if (commands->count <
	    sizeof(commands->list) / sizeof(commands->list[0]))
		snprintf(commands->list[commands->count++], COMMAND_TEXT, "%s",
		    text);
}

static void
find_admitting(const struct steps *s, const struct carry_pair *pair,
    uint16_t family)
{
	struct rule_packet packet = {.family = family,
	    .protocol = pair->protocol,
	    .is_diverted = true};
	uint32_t i, ports = (uint32_t)(pair->last - pair->first) + 1;
	char text[COMMAND_TEXT];
	const struct rule *rule;

	for (i = 0; i < ports; i++) {
		packet.port = (uint16_t)(pair->to + i);
		rule = divert_admitted(s->rules, &packet,
		    (uint16_t)(pair->first + i));
		if (rule != NULL &&
		    command_admit(s->rules, rule, (uint16_t)(pair->first + i),
			pair->protocol, text))
			add_command(&admitting, text);
	}
}

static void
find_all_admitting(const struct steps *s)
{
	const struct carry *c = s->carries->list;
	const struct carry *end = c + s->carries->count;
	size_t i;

	for (; c < end; c++)
		for (i = 0; i < c->pair_count && is_carried(c); i++) {
			if (c->of_ip)
				find_admitting(s, &c->pairs[i], AF_INET);
			if (c->of_ip6)
				find_admitting(s, &c->pairs[i], AF_INET6);
		}
}

/* Rules of a chain go from the last to the first, and come back the other way: so
 * each finds its place. */
static int
compare_rules(const void *a, const void *b)
{
	const struct rule *const *one = a, *const *other = b;

	return *one < *other ? -1 : *one > *other;
}

static size_t
list_rules(const struct steps *s, const struct rule **list)
{
	const struct carry *c = s->carries->list;
	const struct carry *end = c + s->carries->count;
	size_t count = 0;

	for (; c < end; c++)
		if (is_carried(c) && !was_there(s, c))
			list[count++] = c->rule;
	qsort(list, count, sizeof(*list), compare_rules);
	return count;
}

static void
print_removing(const struct steps *s, const struct rule *rule,
    const char *before)
{
	char text[COMMAND_TEXT], where[STEPS_PLACE];

	s->place(rule->line, where, sizeof(where));
	if (*before == '\0' ? command_remove(s->rules, rule, text)
			    : command_restore(s->rules, rule, text))
		say("%s%s", before, text);
	else
		say("# The rule of %s is too long, or has control characters: "
		    "no command is given here.",
		    where);
}

/* ---- The steps. */

static void
print_first(const struct steps *s)
{
	size_t i;

	say("# %u. The server: from its next start on, the port is its own.",
	    ++step);
	for (i = 0; i < s->mapping_count; i++)
		if (!is_repeated(i))
			print_server(s, i);
	if (admitting.count == 0)
		return;
	say("#");
	say("# %u. The filter: it admits the server's port, and has to admit "
	    "the public one.",
	    ++step);
	for (i = 0; i < admitting.count; i++)
		say("%s", admitting.list[i]);
}

static void
print_change(const struct steps *s, const struct rule **list, size_t count)
{
	size_t i;

	say("#");
	say("# %u. The change: remove the rules, and start the server at once. "
	    "Connections that are open go on until then.",
	    ++step);
	for (i = count; i > 0; i--)
		print_removing(s, list[i - 1], "");
	for (i = 0; i < s->mapping_count; i++)
		if (!is_repeated(i))
			print_start(s, i);
}

static void
print_places(const struct steps *s, const struct rule **list, size_t count)
{
	char where[STEPS_PLACE];
	size_t i;

	say("#");
	say("# %u. Afterwards: 'ss -ltunp' shows the server at the public "
	    "port. Delete the rules also where they are kept, or the next boot "
	    "brings them back: a script, /etc/iptables, /etc/nftables.conf, "
	    "ufw's before.rules.",
	    ++step);
	for (i = 0; i < count; i++) {
		s->place(list[i]->line, where, sizeof(where));
		if (strchr(where, ':') != NULL)
			say("#     %s", where);
	}
}

static void
print_way_back(const struct steps *s, const struct rule **list, size_t count)
{
	size_t i;

	say("#");
	say("# To go back, without the '#':");
	for (i = 0; i < s->mapping_count; i++)
		if (!is_repeated(i) && *owners[i].unit != '\0')
			say("#   rm %s/%s.d/lowport.conf && systemctl "
			    "daemon-reload",
			    UNIT_FOLDER, owners[i].unit);
	for (i = 0; i < count; i++)
		print_removing(s, list[i], "#   ");
	for (i = 0; i < s->mapping_count; i++)
		if (!is_repeated(i) && *owners[i].unit != '\0')
			say("#   systemctl restart %s", owners[i].unit);
	if (admitting.count > 0)
		say("#   (what step 2 admits can stay: nobody listens there "
		    "then)");
}

void
steps_print(const struct steps *s)
{
	const struct rule **list;
	size_t count, i;

	if (s->mapping_count == 0) {
		say("# No rule is to be carried over.");
		return;
	}
	list = calloc(s->carries->count, sizeof(*list));
	if (list == NULL)
		fatal("cannot list the rules");
	look_around(s);
	find_all_admitting(s);
	count = list_rules(s, list);
	say("# Nothing is changed yet. Read this, then run it as root.");
	say("#");
	for (i = 0; i < s->mapping_count; i++)
		print_mapping(s, &s->mappings[i]);
	print_dead(s);
	say("#");
	print_notes(s);
	print_first(s);
	print_change(s, list, count);
	print_places(s, list, count);
	print_way_back(s, list, count);
	free(list);
}
