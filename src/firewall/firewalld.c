/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child, with --from-iptables.  Computes only.
 * Reads: what firewall-cmd(1) prints, files of zones.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "firewalld.h"
#include "words.h"

#define VALUE 128

/* The value behind a key, to the next of these or the end; "" if there is none. */
static const char *
find_value(const char *text, const char *key, const char *ends,
    char value[VALUE])
{
	const char *at = strstr(text, key);

	*value = '\0';
	if (at != NULL) {
		at += strlen(key);
		snprintf(value, VALUE, "%.*s", (int)strcspn(at, ends), at);
	}
	return value;
}

static bool
starts(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static uint16_t
chain_of(struct firewalld_reader *r, bool is_input)
{
	struct rule_chain chain = {.is_zone = true,
	    .is_defined = true,
	    .drops = is_input,
	    .hook = is_input ? RULE_HOOK_INPUT : RULE_HOOK_PREROUTING};

	words_copy(chain.table, is_input ? "input" : "forward");
	words_copy(chain.name, r->zone);
	return rules_chain(r->rules, &chain);
}

/* Packets that a forward port leads to this host are admitted. */
static void
admit_diverted(struct firewalld_reader *r)
{
	const char text[] = "forward-ports";
	struct rule *rule = rules_begin(r->rules, text, strlen(text));

	if (rule == NULL)
		return;
	rule->is_of_diverted = true;
	rule->action = RULE_ACCEPT;
	rules_add(r->rules, chain_of(r, true), false);
}

static void
set_protocol(struct rule *rule, const char *protocol)
{
	rule->is_tcp = IS(protocol, "tcp");
	rule->is_udp = IS(protocol, "udp");
}

static void
add_match(struct firewalld_reader *r, struct rule *rule, const char *ports)
{
	struct rule_ports match = {0};
	struct rule_port port = {0};

	if (rule_parse_ports(&port, ports, '-',
		rule->is_tcp == rule->is_udp ? 0
		    : rule->is_udp           ? IPPROTO_UDP
					     : IPPROTO_TCP))
		rules_add_port(r->rules, &match, &port);
	else
		match.unknown = true;
	rule_add_match(rule, &match);
}

static void
set_target(struct rule *rule, const char *port, const char *address)
{
	struct rule_port to = {0};

	rule->action = RULE_DIVERT;
	if (*address != '\0') {
		rule->way = RULE_TO_ADDRESS;
		if (!rule_parse_address(&rule->address, address))
			rule->way = RULE_TO_OTHERS;
	}
	if (*port != '\0' && !rule_parse_ports(&to, port, '-', 0))
		rule->way = RULE_TO_OTHERS;
	rule->to = to.first;
	rule->to_last = to.last;
	rule_settle(rule);
}

/* Ends what rules_begin has begun. */
static void
add_rule(struct firewalld_reader *r, struct rule *rule, const char *ports,
    const char *protocol, const char *to, const char *address)
{
	set_protocol(rule, protocol);
	add_match(r, rule, ports);
	set_target(rule, to, address);
	rules_add(r->rules, chain_of(r, false), false);
	admit_diverted(r);
}

static void
read_forward(struct firewalld_reader *r, const char *text)
{
	char ports[VALUE], protocol[VALUE], to[VALUE], address[VALUE];
	struct rule *rule;

	find_value(text, "port=", ": \t", ports);
	find_value(text, "proto=", ": \t", protocol);
	find_value(text, "toport=", ": \t", to);
	find_value(text, "toaddr=", " \t", address);
	rule = rules_begin(r->rules, text, strlen(text));
	if (rule != NULL)
		add_rule(r, rule, ports, protocol, to, address);
}

/* 'source NOT address="10.0.0.0/8"', of which the end was read last. */
static void
add_condition(struct rule *rule, const char *begin, const char *end,
    enum rule_subject subject)
{
	struct rule_condition *condition = rule_add_condition(rule,
	    (size_t)(begin - rule->text), (size_t)(end - begin));
	const char *equal = memchr(begin, '=', (size_t)(end - begin));
	const char *value = equal != NULL ? equal + 1 : begin;

	condition->subject = (uint8_t)subject;
	condition->negated = memmem(begin, (size_t)(end - begin), " NOT ", 5) !=
	    NULL;
	condition->value = (uint16_t)(value - rule->text);
	condition->value_length = (uint16_t)(end - value);
}

struct rich_rule {
	char element[VALUE]; /* the last one, "forward-port" */
	const char *begin;   /* of it, in the rule's text */
	char ports[VALUE], protocol[VALUE], to[VALUE], address[VALUE];
};

/* 'port="443"'; the reader of words has taken the quotes away. */
static void
read_attribute(struct rule *rule, struct rich_rule *rich, const char *word,
    const char *end)
{
	const char *value = strchr(word, '=') + 1;

	if (IS(rich->element, "rule") && starts(word, "family="))
		rule->family = IS(value, "ipv6") ? AF_INET6 : AF_INET;
	else if (IS(rich->element, "source"))
		add_condition(rule, rich->begin, end, RULE_ABOUT_SOURCE);
	else if (IS(rich->element, "destination"))
		add_condition(rule, rich->begin, end, RULE_ABOUT_DESTINATION);
	else if (!IS(rich->element, "forward-port"))
		return;
	else if (starts(word, "port="))
		strcpy(rich->ports, value);
	else if (starts(word, "protocol="))
		strcpy(rich->protocol, value);
	else if (starts(word, "to-port="))
		strcpy(rich->to, value);
	else if (starts(word, "to-addr="))
		strcpy(rich->address, value);
}

/* Elements, each with attributes (firewalld.richlanguage(5)). */
static void
read_rich(struct firewalld_reader *r, const char *text)
{
	struct rich_rule rich = {.element = ""};
	struct rule *rule;
	char word[VALUE];
	const char *at;
	bool is_cut;

	if (strstr(text, "forward-port ") == NULL)
		return;
	rule = rules_begin(r->rules, text, strlen(text));
	if (rule == NULL)
		return;
	for (at = rule->text; words_cut(&at, word, sizeof(word), &is_cut);) {
		rule->is_cut |= is_cut;
		if (strchr(word, '=') != NULL)
			read_attribute(rule, &rich, word, at);
		else if (!IS(word, "NOT", "not")) {
			strcpy(rich.element, word);
			rich.begin = at - strlen(word);
		}
	}
	add_rule(r, rule, rich.ports, rich.protocol, rich.to, rich.address);
}

/* "443/tcp" is admitted.  Services that services(5) has not are others. */
static void
admit(struct firewalld_reader *r, const char *ports, const char *protocol)
{
	struct rule_port port;
	char text[VALUE];
	struct rule *rule;

	if (!rule_parse_ports(&port, ports, '-', 0))
		return;
	snprintf(text, sizeof(text), "%.60s/%.10s", ports, protocol);
	rule = rules_begin(r->rules, text, strlen(text));
	if (rule == NULL)
		return;
	if (*protocol != '\0')
		set_protocol(rule, protocol);
	add_match(r, rule, ports);
	rule->action = RULE_ACCEPT;
	rules_add(r->rules, chain_of(r, true), false);
}

/* "ssh https" or "443/tcp 8000-8010/udp". */
static void
admit_all(struct firewalld_reader *r, const char *text)
{
	char copy[RULE_TEXT], *rest = copy, *word, *slash;

	snprintf(copy, sizeof(copy), "%s", text);
	while ((word = strsep(&rest, " \t\r")) != NULL) {
		if (*word == '\0')
			continue;
		slash = strchr(word, '/');
		if (slash != NULL)
			*slash++ = '\0';
		admit(r, IS(word, "dns") ? "53" : word,
		    slash != NULL ? slash : "");
	}
}

/* A zone that has sources is for their packets alone. */
static void
end_zone(struct firewalld_reader *r)
{
	char text[RULE_NAME + 16];
	size_t i, length;
	uint16_t chain;

	if (*r->sources == '\0')
		return;
	chain = chain_of(r, false);
	snprintf(text, sizeof(text), " sources: %s", r->sources);
	for (i = r->first; i < r->rules->count; i++) {
		struct rule *rule = &r->rules->list[i];

		length = strlen(rule->text);
		if (rule->chain != chain ||
		    length + strlen(text) >= sizeof(rule->text))
			continue;
		strcpy(rule->text + length, text);
		rule_add_condition(rule, length + 1, strlen(text) - 1)
		    ->subject = RULE_ABOUT_SOURCE;
	}
	*r->sources = '\0';
}

/* "public (active)", in front of its lines. */
static void
read_zone_name(struct firewalld_reader *r, const char *line)
{
	const size_t length = strcspn(line, " \t\r");

	if (length == 0 || length >= RULE_NAME ||
	    strspn(line,
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789_-") != length ||
	    (line[length] != '\0' && !starts(line + length, " (")))
		return;
	end_zone(r);
	r->first = (uint32_t)r->rules->count;
	snprintf(r->zone, sizeof(r->zone), "%.*s", (int)length, line);
}

static bool
read_text(struct firewalld_reader *r, const char *line)
{
	const char *at = words_skip_blanks(line);

	if (at == line)
		read_zone_name(r, line);
	if (starts(at, "forward-ports: port="))
		read_forward(r, at + 15);
	else if (starts(at, "port=") && strstr(at, ":proto=") != NULL)
		read_forward(r, at);
	else if (starts(at, "rule ") && strstr(at, "forward-port") != NULL)
		read_rich(r, at);
	else if (starts(at, "sources: "))
		words_copy(r->sources, at + 9);
	else if (starts(at, "services: "))
		admit_all(r, at + 10);
	else if (starts(at, "ports: "))
		admit_all(r, at + 7);
	else
		return false;
	return true;
}

/* ---- Files. */

/* Adds ' name="value"' of an attribute to a rich rule. */
static void
add_attribute(struct firewalld_reader *r, const char *tag, const char *name)
{
	const size_t used = strlen(r->rule);
	char key[32], value[VALUE];

	snprintf(key, sizeof(key), " %s=\"", name);
	if (*find_value(tag, key, "\"", value) != '\0')
		snprintf(r->rule + used, sizeof(r->rule) - used, " %s=\"%s\"",
		    name, value);
}

static void
add_element(struct firewalld_reader *r, const char *tag, const char *name)
{
	static const char *const attributes[] = {"family", "priority",
	    "address", "mac", "ipset", "port", "protocol", "to-port", "to-addr",
	    "prefix", "level", "group", "queue-size", "value"};
	const size_t used = strlen(r->rule);
	char invert[VALUE];
	size_t i;

	find_value(tag, " invert=\"", "\"", invert);
	snprintf(r->rule + used, sizeof(r->rule) - used, "%s%s%s",
	    used > 0 ? " " : "", name,
	    IS(invert, "yes", "true", "True", "1") ? " NOT" : "");
	for (i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++)
		add_attribute(r, tag, attributes[i]);
}

static void
read_forward_tag(struct firewalld_reader *r, const char *tag)
{
	char ports[VALUE], protocol[VALUE], to[VALUE], address[VALUE];
	char text[RULE_TEXT];

	find_value(tag, " port=\"", "\"", ports);
	find_value(tag, " protocol=\"", "\"", protocol);
	find_value(tag, " to-port=\"", "\"", to);
	find_value(tag, " to-addr=\"", "\"", address);
	snprintf(text, sizeof(text),
	    "port=%.64s:proto=%.16s:toport=%.64s:toaddr=%.64s", ports, protocol,
	    to, address);
	read_forward(r, text);
}

static void
read_source_tag(struct firewalld_reader *r, const char *tag)
{
	const size_t used = strlen(r->sources);
	char value[VALUE];

	find_value(tag, "=\"", "\"", value);
	snprintf(r->sources + used, sizeof(r->sources) - used, "%s%.60s",
	    used > 0 ? " " : "", value);
}

/* A tag within <rule>. */
static void
read_rule_tag(struct firewalld_reader *r, const char *tag)
{
	static const char *const elements[] = {"source", "destination",
	    "forward-port", "log", "nflog", "audit", "limit", NULL};
	const char *const *name;

	if (starts(tag, "/rule")) {
		read_rich(r, r->rule);
		r->in_rule = false;
		return;
	}
	for (name = elements; *name != NULL; name++)
		if (starts(tag, *name) &&
		    strchr(" \t/", tag[strlen(*name)]) != NULL)
			add_element(r, tag, *name);
}

static void
read_tag(struct firewalld_reader *r, char *tag)
{
	char value[VALUE], protocol[VALUE], *quote;

	if (strchr(tag, '"') == NULL)
		while ((quote = strchr(tag, '\'')) != NULL)
			*quote = '"';

	if (r->in_rule)
		read_rule_tag(r, tag);
	else if (starts(tag, "/zone")) {
		end_zone(r);
		r->in_file = false;
	} else if (starts(tag, "rule")) {
		r->in_rule = true;
		*r->rule = '\0';
		add_element(r, tag, "rule");
	} else if (starts(tag, "forward-port "))
		read_forward_tag(r, tag);
	else if (starts(tag, "source "))
		read_source_tag(r, tag);
	else if (starts(tag, "service "))
		admit_all(r, find_value(tag, "name=\"", "\"", value));
	else if (starts(tag, "port "))
		admit(r, find_value(tag, " port=\"", "\"", value),
		    find_value(tag, "protocol=\"", "\"", protocol));
}

/* Each tag of the line; one may go on in the next. */
static void
read_tags(struct firewalld_reader *r, const char *line)
{
	size_t used;

	while (*line != '\0') {
		used = strlen(r->tag);
		if (used == 0 && *line != '<')
			line += strcspn(line, "<");
		snprintf(r->tag + used, sizeof(r->tag) - used, "%.*s",
		    (int)strcspn(line, ">"), line);
		line += strcspn(line, ">");
		if (*line == '\0')
			break;
		line++;
		if (*r->tag == '<')
			read_tag(r, r->tag + 1);
		*r->tag = '\0';
	}
	used = strlen(r->tag);
	if (used > 0 && used + 1 < sizeof(r->tag))
		strcpy(r->tag + used, " ");
}

bool
firewalld_read(struct firewalld_reader *r, const char *line)
{
	if (*r->tag == '\0' && strstr(line, "<zone") != NULL) {
		r->in_file = true;
		r->in_rule = false;
		r->first = (uint32_t)r->rules->count;
	}
	if (!r->in_file)
		return read_text(r, line);
	read_tags(r, line);
	return true;
}

/* ---- Commands. */

static void
set_zone(struct firewalld_reader *r, const char *zone)
{
	words_copy(r->zone, zone);
}

/* The value of each such option, which "=" or a blank precedes. */
static void
read_options(struct firewalld_reader *r, const char *command,
    const char *option, void (*read)(struct firewalld_reader *, const char *))
{
	const size_t length = strlen(option);
	char word[RULE_TEXT + 32];
	bool is_cut;

	while (words_cut(&command, word, sizeof(word), &is_cut)) {
		if (!starts(word, option))
			continue;
		if (word[length] == '=')
			read(r, word + length + 1);
		else if (word[length] == '\0' &&
		    words_cut(&command, word, sizeof(word), &is_cut))
			read(r, word);
	}
}

void
firewalld_read_command(struct firewalld_reader *r, const char *command)
{
	*r->zone = '\0';
	read_options(r, command, "--zone", set_zone);
	read_options(r, command, "--add-forward-port", read_forward);
	read_options(r, command, "--add-rich-rule", read_rich);
}

void
firewalld_end(struct firewalld_reader *r)
{
	end_zone(r);
}
