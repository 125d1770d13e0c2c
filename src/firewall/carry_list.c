/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child, with --from-iptables.  Computes only.
 * Reads: the administrator's rules.
 */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "carry_list.h"

/* ---- The rules that divert, each by its ways. */

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
	carry_judge(c, way, list->is_own);
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
	carry_add_ports(c, f->rules, way, f->list->is_own);
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
		carry_refuse(c, "%s",
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
		if (!carry_has_pair(c, &of->pairs[i]))
			return false;
	return true;
}

/* If one rule sends its packets to a proxy, that target is no server's by
 * another. */
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

/* No server takes the packets that this host sends to others. */
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
			carry_refuse_proxy(c,
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
				carry_refuse_proxy(c,
				    "another rule leads what this host sends "
				    "to the same port");
}

static void
refuse_for(struct carry *c, const struct mapping *m,
    const struct mapping *other)
{
	char text[MAPPING_TEXT];

	if (m->server_port == other->server_port)
		carry_refuse_several(c, m->public_port, other->public_port,
		    m->server_port);
	else
		carry_refuse(c,
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
			carry_refuse(c, "%s", why);
		any |= why != NULL;
	}
	return any;
}

void
carry_list_find(struct carry_list *list, const struct rules *rules)
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
carry_list_free(struct carry_list *list)
{
	free(list->list);
	list->list = NULL;
	list->count = list->room = 0;
}
