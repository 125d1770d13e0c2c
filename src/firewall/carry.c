/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child, with --from-iptables.  Computes only.
 * Reads: the administrator's rules.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "carry.h"
#include "way.h"
#include "words.h"

/* Who binds a port below needs the privilege already. */
#define PRIVILEGED 1024

/* ---- What one rule, reached by one way, can become. */

static void __attribute__((format(printf, 2, 3)))
refuse(struct carry *c, const char *format, ...)
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

/* Another rule may do the same for all packets. */
static void
refuse_some(struct carry *c, bool is_exception, const char *by,
    const char *condition)
{
	const bool is_first = c->state != CARRY_REFUSED;

	refuse(c, "%s, by %s (%.200s), and a mapping is for every client",
	    is_exception ? "a rule before it lets some packets pass"
			 : "it is for some packets alone",
	    by, condition);
	c->is_limited = is_first;
}

static void
refuse_proxy(struct carry *c, const char *what)
{
	refuse(c,
	    "%s: a transparent proxy takes what others send to other hosts, "
	    "and is no server of a port",
	    what);
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
		refuse(c, "it has more conditions than can be named");
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
		refuse(c,
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
		refuse(c, "it diverts what this host sends to others (%s)",
		    text);
}

static void
judge_condition(struct carry *c, const struct rule *rule,
    const struct rule_condition *condition, bool is_exception)
{
	char text[RULE_TEXT];

	copy_part(rule, condition->begin, condition->length, text);
	if (strstr(text, " . ") != NULL)
		refuse(c,
		    "it names ports together with more (%.200s), and a mapping "
		    "is for every client",
		    text);
	switch ((enum rule_subject)condition->subject) {
	case RULE_ABOUT_SOURCE:
		refuse_some(c, is_exception, "their source", text);
		break;
	case RULE_ABOUT_OWNER:
		refuse_proxy(c, "it looks at the program that sends");
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
		refuse(c, "it is too long to be understood as a whole");
}

/* What is for this very address keeps it. */
static bool
names_address(const struct carry *c, const struct rule_address *address)
{
	return c->address_count == 1 &&
	    memcmp(&c->addresses[0], address, sizeof(*address)) == 0;
}

static void
judge_address(const struct carry_list *list, struct carry *c,
    const struct rule_address *address)
{
	char text[INET6_ADDRSTRLEN];

	if (address->family == AF_UNSPEC)
		return;
	if (rule_is_loopback(address))
		c->has_loopback = true;
	else if (!names_address(c, address) && !list->is_own(address))
		refuse(c,
		    "it leads to %s, which is no address of this host, and "
		    "lowport serves this host's ports",
		    inet_ntop(address->family, address->bytes, text,
			sizeof(text)));
}

static void
judge_target(const struct carry_list *list, struct carry *c)
{
	switch ((enum rule_way)c->rule->way) {
	case RULE_TO_HOST:
		break;
	case RULE_TO_ADDRESS:
		judge_address(list, c, &c->rule->address);
		break;
	case RULE_TO_PROGRAM:
		refuse_proxy(c, "it hands packets over as they are (TPROXY)");
		break;
	case RULE_TO_OTHERS:
		refuse(c,
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

static void
judge(const struct carry_list *list, struct carry *c, const struct way *way)
{
	unsigned int i;

	for (i = 0; i < way->depth; i++)
		read_destination(c, way->path[i]);
	read_destination(c, c->rule);
	judge_target(list, c);
	for (i = 0; i < way->depth; i++)
		judge_rule(c, way->path[i], false);
	judge_rule(c, c->rule, false);
	for (i = 0; i < way->exception_count; i++)
		judge_rule(c, way->exceptions[i], true);
}

/* ---- Its ports. */

static void
refuse_several(struct carry *c, uint32_t one, uint32_t other, uint32_t to)
{
	refuse(c,
	    "several ports (%u, %u) are led to port %u, and a server's socket "
	    "has one; have the server listen on a port for each of them, and "
	    "map each",
	    one, other, to);
}

static bool
has_pair(const struct carry *c, const struct carry_pair *pair)
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
		refuse(c,
		    "it changes no port, only the address, so that there is "
		    "nothing to map");
	else if (to < PRIVILEGED)
		refuse(c,
		    "it leads to port %u, so the server has the privilege "
		    "already, and the rule gives it one port more",
		    to);
	else if (last - first >= PLAN_PORTS_MAX || to + (last - first) > 65535)
		refuse(c, "it has more ports than a mapping can have");
	else if (has_pair(c, &pair))
		return;
	else if (find_rival(c, &pair) != NULL)
		refuse_several(c, find_rival(c, &pair)->first, first, to);
	else if (c->pair_count == PLAN_MAPPINGS_MAX)
		refuse(c, "it takes more than %d mappings", PLAN_MAPPINGS_MAX);
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
	refuse_several(c, first, next, to);
}

/* Each port has its own value. */
static void
add_map(const struct carry_list *list, struct carry *c,
    const struct rules *rules, const struct way *way)
{
	const struct rule_ports *map = &c->rule->map;
	const struct rule_port *port;
	uint32_t first, last, i;
	struct port_set some;

	if (map->unknown)
		refuse(c, "its map is not known or not understood here");
	for (i = 0; i < map->count; i++) {
		port = &rules->ports[map->begin + i];
		some = way->ports;
		port_set_limit(&some, port->first, port->last);
		first = 0;
		if (!port_set_next(&some, &first, &last))
			continue;
		if (port->partial)
			refuse(c, "its map is for more than ports");
		if (first != last)
			refuse_many(c, &some, port->to);
		judge_address(list, c, &port->address);
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
		refuse(c, "it takes every port");
	else if (rule->to != 0 && width > 0)
		refuse(c,
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

/* ---- The list. */

static struct carry *
find_carry(struct carry_list *list, const struct way *way,
    const struct rule *jump)
{
	const bool is_output = way->hook == RULE_HOOK_OUTPUT;
	size_t i;

	for (i = 0; i < list->count; i++)
		if (list->list[i].rule == way->rule &&
		    list->list[i].jump == jump &&
		    list->list[i].is_output == is_output)
			return &list->list[i];
	return NULL;
}

static struct carry *
add_carry(struct carry_list *list, const struct rule *rule)
{
	const size_t room = list->room == 0 ? 32 : list->room * 2;
	struct carry *c = list->list;

	if (list->count == list->room) {
		c = realloc(c, room * sizeof(*c));
		if (c == NULL) {
			list->is_cut = true;
			return NULL;
		}
		list->list = c;
		list->room = room;
	}
	c = &list->list[list->count++];
	memset(c, 0, sizeof(*c));
	c->rule = rule;
	return c;
}

static struct carry *
make_carry(struct carry_list *list, const struct way *way,
    const struct rule *jump)
{
	struct carry *c = add_carry(list, way->rule);

	if (c == NULL)
		return NULL;
	c->jump = jump;
	c->is_output = way->hook == RULE_HOOK_OUTPUT;
	c->state = way->is_dead ? CARRY_DEAD : CARRY_WHOLE;
	judge(list, c, way);
	return c;
}

struct finding {
	struct carry_list *list;
	const struct rules *rules;
	bool is_reached[RULES_MAX]; /* for each rule */
};

static void
visit(const struct way *way, void *argument)
{
	struct finding *f = argument;
	const struct rule *jump = way->depth > 0 ? way->path[way->depth - 1]
						 : NULL;
	struct carry *c = find_carry(f->list, way, jump);

	f->is_reached[way->rule - f->rules->list] = true;
	if (c == NULL)
		c = make_carry(f->list, way, jump);
	if (c == NULL)
		return;
	c->of_ip |= way->packet.family == AF_INET;
	c->of_ip6 |= way->packet.family == AF_INET6;
	if (!way->is_certain)
		refuse(c,
		    "its ports, or what comes before it, are not all known "
		    "here: sets, names and variables of elsewhere are not "
		    "looked up");
	else if (c->rule->is_mapped)
		add_map(f->list, c, f->rules, way);
	else
		add_ports(c, way);
}

/* A rule that diverts and is not carried over is named, whatever the reason. */
static void
refuse_unreached(const struct finding *f)
{
	const struct rule *rule;
	struct carry *c;
	size_t i;

	for (i = 0; i < f->rules->count; i++) {
		rule = &f->rules->list[i];
		if (rule->action != RULE_DIVERT || f->is_reached[i] ||
		    f->rules->chains[rule->chain].hook == RULE_HOOK_OTHER)
			continue;
		c = add_carry(f->list, rule);
		if (c == NULL)
			return;
		refuse(c, "%s",
		    rule->is_tcp || rule->is_udp
			? "no packet comes to it by the rules that were read: "
			  "nothing leads to its chain, or a rule before it "
			  "takes them"
			: "it is for neither TCP nor UDP");
	}
}

/* ---- How they go together. */

static bool
serves(const struct carry *c)
{
	return c->state == CARRY_WHOLE;
}

static bool
has_all_pairs(const struct carry *c, const struct carry *of)
{
	size_t i;

	for (i = 0; i < of->pair_count; i++)
		if (!has_pair(c, &of->pairs[i]))
			return false;
	return true;
}

/* What is sent to a proxy by one rule is no server's by another. */
static bool
shares_target(const struct carry *a, const struct carry *b)
{
	return a->rule->to != 0 && a->rule->to == b->rule->to;
}

/* The other's mapping does the same for all packets of this one. */
static bool
is_twin(const struct carry *c, const struct carry *other)
{
	if (!serves(other) || other->is_output || c->pair_count == 0 ||
	    !has_all_pairs(other, c))
		return false;
	if (other->address_count == 0)
		return c->is_output || c->address_count > 0 || c->is_limited;
	return c->is_output && c->address_count == 0 && !c->is_limited;
}

static const struct carry *
twin_of(const struct carry_list *list, const struct carry *c)
{
	const struct carry *other = list->list, *end = other + list->count;

	while (other < end && (other == c || !is_twin(c, other)))
		other++;
	return other < end ? other : NULL;
}

static void
find_twins(struct carry_list *list)
{
	struct carry *c = list->list, *end = c + list->count;

	for (; c < end; c++)
		if ((serves(c) || c->is_limited) && twin_of(list, c) != NULL)
			c->state = CARRY_TWIN;
}

/* What this host sends, to whomever, is no server's. */
static void
refuse_outgoing(struct carry_list *list)
{
	struct carry *c = list->list, *end = c + list->count;
	size_t i;

	for (; c < end; c++) {
		if (!serves(c) || !c->is_output)
			continue;
		for (i = 0; i < c->address_count; i++)
			c->is_own |= rule_is_loopback(&c->addresses[i]) ||
			    list->is_own(&c->addresses[i]);
		if (!c->is_own)
			refuse_proxy(c,
			    "it diverts what this host sends to others");
	}
}

static void
refuse_of_proxies(struct carry_list *list)
{
	struct carry *c = list->list, *end = c + list->count, *other;

	for (; c < end; c++)
		for (other = list->list; other < end && serves(c); other++)
			if (other->is_proxy && shares_target(c, other))
				refuse_proxy(c,
				    "another rule leads what this host sends "
				    "to the same port");
}

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

static void
refuse_for(struct carry *c, const struct mapping *m,
    const struct mapping *other)
{
	char text[MAPPING_TEXT];

	if (m->server_port == other->server_port)
		refuse_several(c, m->public_port, other->public_port,
		    m->server_port);
	else
		refuse(c,
		    "another rule is for the same port and another server "
		    "(%s), and a port belongs to one",
		    mapping_format(other, text));
}

static void
compare(struct carry *a, struct carry *b)
{
	static struct mapping of_a[CARRY_MAPPINGS], of_b[CARRY_MAPPINGS];
	const size_t count_a = carry_mappings(a, of_a);
	const size_t count_b = carry_mappings(b, of_b);
	size_t i, k;

	for (i = 0; i < count_a; i++)
		for (k = 0; k < count_b; k++)
			if (memcmp(&of_a[i], &of_b[k], sizeof(of_a[i])) != 0 &&
			    mapping_conflicts(&of_a[i], &of_b[k])) {
				refuse_for(a, &of_a[i], &of_b[k]);
				refuse_for(b, &of_b[k], &of_a[i]);
				return;
			}
}

static void
refuse_conflicts(struct carry_list *list)
{
	struct carry *c = list->list, *end = c + list->count, *other;

	for (; c < end; c++)
		for (other = c + 1; other < end && c->state != CARRY_REFUSED;
		     other++)
			if (serves(c) && serves(other))
				compare(c, other);
}

static const char *
why_same_rule(const struct carry_list *list, const struct carry *c)
{
	const struct carry *other = list->list, *end = other + list->count;

	for (; other < end; other++)
		if (other->state == CARRY_REFUSED && other->rule == c->rule)
			return other->why;
	return NULL;
}

static bool
overlap(const struct carry *a, const struct carry *b)
{
	const struct carry_pair *one, *other;

	for (one = a->pairs; one < a->pairs + a->pair_count; one++)
		for (other = b->pairs; other < b->pairs + b->pair_count;
		     other++)
			if (one->protocol == other->protocol &&
			    one->first <= other->last &&
			    other->first <= one->last)
				return true;
	return false;
}

/* It would divert packets if it stayed when another rule goes. */
static bool
is_freed(const struct carry_list *list, const struct carry *c)
{
	const struct carry *other = list->list, *end = other + list->count;

	while (other < end && !(serves(other) && overlap(c, other)))
		other++;
	return other < end;
}

/* The server has one port for its clients here and elsewhere. */
static bool
has_refused_public(const struct carry_list *list, const struct carry *c)
{
	const struct carry *other = list->list, *end = other + list->count;

	while (other < end &&
	    (other->state != CARRY_REFUSED || other->is_output ||
		other->rule->is_beyond || !shares_target(c, other)))
		other++;
	return other < end;
}

/* A rule is carried over by every way or not at all.  One without a mapping of its
 * own goes if the other does. */
static bool
refuse_halves(struct carry_list *list)
{
	struct carry *c = list->list, *end = c + list->count;
	const char *why;
	bool any = false;

	for (; c < end; c++) {
		if (c->state == CARRY_REFUSED)
			continue;
		why = why_same_rule(list, c);
		if (why == NULL && c->state == CARRY_TWIN &&
		    twin_of(list, c) == NULL)
			why = "another rule for the same ports cannot be "
			      "carried over";
		if (why == NULL && c->state == CARRY_DEAD && !is_freed(list, c))
			why = "no packet comes to it: a rule before it takes "
			      "them";
		if (why == NULL && serves(c) && c->is_output &&
		    has_refused_public(list, c))
			why = "another rule leads packets from elsewhere to "
			      "the same port, and cannot be carried over";
		if (why != NULL)
			refuse(c, "%s", why);
		any |= why != NULL;
	}
	return any;
}

void
carry_find(struct carry_list *list, const struct rules *rules)
{
	static struct finding finding;

	finding = (struct finding){.list = list, .rules = rules};
	if (!way_visit(rules, visit, &finding))
		list->is_cut = true;
	else
		refuse_unreached(&finding);
	if (list->count == 0)
		return;
	find_twins(list);
	refuse_outgoing(list);
	refuse_of_proxies(list);
	do
		refuse_conflicts(list);
	while (refuse_halves(list));
}

void
carry_free(struct carry_list *list)
{
	free(list->list);
	list->list = NULL;
	list->count = list->room = 0;
}
