/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child, with --from-iptables.  Computes only.
 * Reads: the administrator's rules.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "carry.h"
#include "words.h"

/* A server that binds a port below needs the privilege already. */
#define PRIVILEGED 1024

void
carry_refuse(struct carry *c, const char *format, ...)
{
	va_list arguments;

	c->is_limited = false;
	/* The first reason counts. */
	if (c->state == CARRY_REFUSED)
		return;
	c->state = CARRY_REFUSED;
	va_start(arguments, format);
	vsnprintf(c->why, sizeof(c->why), format, arguments);
	va_end(arguments);
}

/* ---- Its conditions and its target. */

/* Another rule may do the same for all packets. */
static void
refuse_some(struct carry *c, bool is_exception, const char *by,
    const char *condition)
{
	const bool is_first = c->state != CARRY_REFUSED;

	carry_refuse(c, "%s, by %s (%.200s), and a mapping is for every client",
	    is_exception ? "a rule before it lets some packets pass"
			 : "it is for some packets alone",
	    by, condition);
	c->is_limited = is_first;
}

void
carry_refuse_proxy(struct carry *c, const char *text)
{
	carry_refuse(c,
	    "%s: a transparent proxy takes what others send to other hosts, "
	    "and is no server of a port",
	    text);
	c->is_proxy = true;
}

/* The condition's text, or the value in it. */
static const char *
copy_part(const struct rule *rule, unsigned int begin, unsigned int length,
    char text[RULE_TEXT])
{
	snprintf(text, RULE_TEXT, "%.*s", (int)length, rule->text + begin);
	return text;
}

static void
note(struct carry *c, const struct rule *rule,
    const struct rule_condition *condition, bool is_exception)
{
	if (c->note_count == CARRY_NOTES)
		carry_refuse(c, "it has more conditions than can be named");
	else
		c->notes[c->note_count++] = (struct carry_note){rule, condition,
		    is_exception};
}

/* An address, or the network of one, "127.0.0.1/32". */
static bool
parse_address(struct rule_address *address, char *text)
{
	char *slash = strchr(text, '/');

	if (IS(text, "localhost"))
		return rule_parse_address(address, "127.0.0.1");
	if (slash != NULL) {
		if (!IS(slash + 1, "32", "128", "255.255.255.255"))
			return false;
		*slash = '\0';
	}
	return rule_parse_address(address, text);
}

/* "192.0.2.1", "192.0.2.1,192.0.2.2", "{ 192.0.2.1, 192.0.2.2 }". */
static bool
read_addresses(struct carry *c, char *text)
{
	char *rest = text, *part;
	struct rule_address address;

	c->address_count = 0;
	while ((part = strsep(&rest, ", {}\"'")) != NULL) {
		if (*part == '\0')
			continue;
		if (c->address_count == CARRY_ADDRESSES ||
		    !parse_address(&address, part)) {
			c->address_count = 0;
			return false;
		}
		c->addresses[c->address_count++] = address;
	}
	return c->address_count > 0;
}

static void
judge_destination(struct carry *c, const struct rule *rule,
    const struct rule_condition *condition, bool is_exception)
{
	char value[RULE_TEXT];

	copy_part(rule, condition->value, condition->value_length, value);
	/* One of ipset(8) may have addresses, ports or both. */
	if (strstr(value, "match-set") != NULL && rule->match_count == 0 &&
	    !is_exception)
		carry_refuse(c,
		    "its ports may be in a set that is not listed here "
		    "(%.200s)",
		    value);
	else if (condition->negated || is_exception ||
	    !read_addresses(c, value)) {
		c->is_own |= !condition->negated && !is_exception &&
		    strncmp(value, "127.", 4) == 0;
		note(c, rule, condition, is_exception);
	}
}

/* The addresses that a rule is for come first: others depend on them. */
static void
read_destination(struct carry *c, const struct rule *rule)
{
	const struct rule_condition *condition = rule->conditions;
	const struct rule_condition *end = condition + rule->condition_count;

	for (; condition < end; condition++)
		if (condition->subject == RULE_ABOUT_DESTINATION)
			judge_destination(c, rule, condition, false);
}

static void
judge_output(struct carry *c, const struct rule *rule,
    const struct rule_condition *condition, const char *text, bool is_exception)
{
	char value[RULE_TEXT];

	copy_part(rule, condition->value, condition->value_length, value);
	if (is_exception)
		note(c, rule, condition, true);
	else if (IS(value, "lo", "\"lo\"") && !condition->negated)
		c->is_own = true;
	else
		carry_refuse(c,
		    "it diverts what this host sends to others (%s)", text);
}

static void
judge_condition(struct carry *c, const struct rule *rule,
    const struct rule_condition *condition, bool is_exception)
{
	char text[RULE_TEXT];

	copy_part(rule, condition->begin, condition->length, text);
	if (strstr(text, " . ") != NULL)
		carry_refuse(c,
		    "it names ports together with more (%.200s), and a mapping "
		    "is for every client",
		    text);
	switch ((enum rule_subject)condition->subject) {
	case RULE_ABOUT_SOURCE:
		refuse_some(c, is_exception, "their source", text);
		break;
	case RULE_ABOUT_OWNER:
		carry_refuse_proxy(c, "it looks at the program that sends");
		break;
	case RULE_ABOUT_DESTINATION:
		if (is_exception)
			judge_destination(c, rule, condition, true);
		break;
	case RULE_ABOUT_OUT:
		judge_output(c, rule, condition, text, is_exception);
		break;
	case RULE_ABOUT_IN:
		note(c, rule, condition, is_exception);
		break;
	case RULE_ABOUT_OTHER:
		refuse_some(c, is_exception, "more than address and port",
		    text);
		break;
	}
}

static void
judge_rule(struct carry *c, const struct rule *rule, bool is_exception)
{
	unsigned int i;

	for (i = 0; i < rule->condition_count; i++)
		judge_condition(c, rule, &rule->conditions[i], is_exception);
	if (!is_exception)
		c->is_own |= rule->is_for_local;
	if (rule->is_cut)
		carry_refuse(c, "it is too long to be understood as a whole");
}

/* The rule is for packets to this very address, and leaves it as it is. */
static bool
names_address(const struct carry *c, const struct rule_address *address)
{
	return c->address_count == 1 &&
	    memcmp(&c->addresses[0], address, sizeof(*address)) == 0;
}

static void
judge_address(struct carry *c, const struct rule_address *address,
    bool (*is_own)(const struct rule_address *))
{
	char text[INET6_ADDRSTRLEN];

	if (address->family == AF_UNSPEC)
		return;
	if (rule_is_loopback(address))
		c->has_loopback = true;
	else if (!names_address(c, address) && !is_own(address))
		carry_refuse(c,
		    "it leads to %s, which is no address of this host, and "
		    "lowport serves this host's ports",
		    inet_ntop(address->family, address->bytes, text,
			sizeof(text)));
}

static void
judge_target(struct carry *c, bool (*is_own)(const struct rule_address *))
{
	switch ((enum rule_way)c->rule->way) {
	case RULE_TO_HOST:
		break;
	case RULE_TO_ADDRESS:
		judge_address(c, &c->rule->address, is_own);
		break;
	case RULE_TO_PROGRAM:
		carry_refuse_proxy(c,
		    "it hands packets over as they are (TPROXY)");
		break;
	case RULE_TO_OTHERS:
		carry_refuse(c,
		    strncasecmp(c->rule->text, "xt ", 3) == 0 ||
			    strstr(c->rule->text, "xt target ") != NULL ||
			    strstr(c->rule->text, "XT target ") != NULL
			? "nft cannot show where it leads; list it by "
			  "iptables-save"
			: "it leads to one of several targets, or to one that "
			  "is not understood");
		break;
	}
}

void
carry_judge(struct carry *c, const struct way *way,
    bool (*is_own)(const struct rule_address *))
{
	unsigned int i;

	for (i = 0; i < way->depth; i++)
		read_destination(c, way->path[i]);
	read_destination(c, c->rule);
	judge_target(c, is_own);
	for (i = 0; i < way->depth; i++)
		judge_rule(c, way->path[i], false);
	judge_rule(c, c->rule, false);
	for (i = 0; i < way->exception_count; i++)
		judge_rule(c, way->exceptions[i], true);
}

/* ---- Its ports. */

void
carry_refuse_several(struct carry *c, uint32_t one, uint32_t other, uint32_t to)
{
	carry_refuse(c,
	    "several ports (%u, %u) are led to port %u, and a server's socket "
	    "has one; have the server listen on a port for each of them, and "
	    "map each",
	    one, other, to);
}

bool
carry_has_pair(const struct carry *c, const struct carry_pair *pair)
{
	size_t i;

	for (i = 0; i < c->pair_count; i++)
		if (memcmp(&c->pairs[i], pair, sizeof(*pair)) == 0)
			return true;
	return false;
}

/* Another pair that leads to one of the same ports, or NULL. */
static const struct carry_pair *
find_rival(const struct carry *c, const struct carry_pair *pair)
{
	const struct carry_pair *other = c->pairs, *end = other + c->pair_count;

	while (other < end &&
	    (other->protocol != pair->protocol ||
		other->to > pair->to + (pair->last - pair->first) ||
		pair->to > other->to + (other->last - other->first)))
		other++;
	return other < end ? other : NULL;
}

static void
add_pair(struct carry *c, int protocol, uint32_t first, uint32_t last,
    uint32_t to)
{
	const struct carry_pair pair = {(uint16_t)protocol, (uint16_t)first,
	    (uint16_t)last, (uint16_t)to};

	if (to == 0 || to == first)
		carry_refuse(c,
		    "it changes no port, only the address, so that there is "
		    "nothing to map");
	else if (to < PRIVILEGED)
		carry_refuse(c,
		    "it leads to port %u, so the server has the privilege "
		    "already, and the rule gives it one port more",
		    to);
	else if (last - first >= PLAN_PORTS_MAX || to + (last - first) > 65535)
		carry_refuse(c, "it has more ports than a mapping can have");
	else if (carry_has_pair(c, &pair))
		return;
	else if (find_rival(c, &pair) != NULL)
		carry_refuse_several(c, find_rival(c, &pair)->first, first, to);
	else if (c->pair_count == PLAN_MAPPINGS_MAX)
		carry_refuse(c, "it takes more than %d mappings",
		    PLAN_MAPPINGS_MAX);
	else
		c->pairs[c->pair_count++] = pair;
}

/* Unless the ports are only one. */
static void
refuse_many(struct carry *c, const struct port_set *ports, uint16_t to)
{
	uint32_t first = 0, last, next;

	port_set_next(ports, &first, &last);
	next = last > first ? first + 1 : last + 1;
	if (last == first && !port_set_next(ports, &next, &last))
		return;
	carry_refuse_several(c, first, next, to);
}

/* Each port has its own value. */
static void
add_map(struct carry *c, const struct rules *rules, const struct way *way,
    bool (*is_own)(const struct rule_address *))
{
	const struct rule_ports *map = &c->rule->map;
	const struct rule_port *port;
	uint32_t first, last, i;
	struct port_set some;

	if (map->unknown)
		carry_refuse(c, "its map is not known or not understood here");
	for (i = 0; i < map->count; i++) {
		port = &rules->ports[map->begin + i];
		some = way->ports;
		port_set_limit(&some, port->first, port->last);
		first = 0;
		if (!port_set_next(&some, &first, &last))
			continue;
		if (port->partial)
			carry_refuse(c, "its map is for more than ports");
		if (first != last)
			refuse_many(c, &some, port->to);
		judge_address(c, &port->address, is_own);
		add_pair(c, way->packet.protocol, first, last, port->to);
	}
}

static void
add_ports(struct carry *c, const struct way *way)
{
	const struct rule *rule = c->rule;
	const uint32_t width = (uint32_t)(rule->to_last - rule->to);
	uint32_t first = 0, last;
	const bool found = port_set_next(&way->ports, &first, &last);

	if (found && rule->base != 0 && first >= rule->base &&
	    last - rule->base <= width)
		for (; port_set_next(&way->ports, &first, &last);
		     first = last + 1)
			add_pair(c, way->packet.protocol, first, last,
			    rule->to + first - rule->base);
	else if (found && first <= 1 && last == UINT16_MAX)
		carry_refuse(c, "it takes every port");
	else if (rule->to != 0 && width > 0)
		carry_refuse(c,
		    "it spreads connections over ports %u to %u, and a "
		    "server's "
		    "socket has one",
		    rule->to, rule->to_last);
	else {
		if (rule->to != 0)
			refuse_many(c, &way->ports, rule->to);
		add_pair(c, way->packet.protocol, first, last, rule->to);
	}
}

void
carry_add_ports(struct carry *c, const struct rules *rules,
    const struct way *way, bool (*is_own)(const struct rule_address *))
{
	if (!way->is_certain)
		carry_refuse(c,
		    "its ports, or what comes before it, are not all known "
		    "here: sets, names and variables of elsewhere are not "
		    "looked up");
	else if (c->rule->is_mapped)
		add_map(c, rules, way, is_own);
	else
		add_ports(c, way);
}

/* ---- Its mappings. */

size_t
carry_mappings(const struct carry *c, struct mapping mappings[CARRY_MAPPINGS])
{
	static const struct rule_address own[] = {
	    {.family = AF_INET, .bytes = {127, 0, 0, 1}},
	    {.family = AF_INET6, .bytes = {[15] = 1}},
	};
	const struct rule_address *address = c->addresses;
	size_t addresses = c->address_count, count = 0, i, k;

	/* Packets of this host to itself alone. */
	if (addresses == 0 && c->is_output) {
		address = own + !c->of_ip;
		addresses = c->of_ip + c->of_ip6;
	}
	for (i = 0; i < c->pair_count; i++)
		for (k = 0; k == 0 || k < addresses; k++) {
			const struct carry_pair *pair = &c->pairs[i];
			struct mapping *m = &mappings[count++];

			*m = (struct mapping){.protocol = pair->protocol,
			    .public_port = pair->first,
			    .server_port = pair->to,
			    .ports = (uint32_t)(pair->last - pair->first) + 1};
			if (addresses == 0)
				continue;
			m->family = address[k].family;
			memcpy(m->address, address[k].bytes,
			    sizeof(m->address));
		}
	return count;
}
