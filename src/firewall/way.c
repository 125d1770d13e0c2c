/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child, with --from-iptables.  Computes only.
 * Reads: the administrator's rules.
 */
#include <netinet/in.h>
#include <string.h>

#include "way.h"

/* A rule that lets some packets pass. */
struct exception {
	const struct rule *rule;
	struct port_set ports;
};

struct walk {
	const struct rules *rules;
	void (*visit)(const struct way *, void *);
	void *argument;
	unsigned long steps;
	struct way way;
	/* For each depth: the ports of packets that are still in the chain, of
	 * those that have returned from it, and of those that a rule for all of
	 * them diverts. */
	struct port_set here[DIVERT_DEPTH + 1], returned[DIVERT_DEPTH + 1];
	struct port_set diverted;
	struct exception exceptions[WAY_EXCEPTIONS];
	unsigned int exception_count;
};

static void walk_chain(struct walk *, uint16_t chain);

/* The ports of packets that are for the rule; *is_certain is false if they may be
 * fewer. */
static struct port_set
ports_of(const struct walk *w, const struct rule *rule, bool *is_certain)
{
	struct port_set ports = w->here[w->way.depth];
	unsigned int i;

	*is_certain = true;
	for (i = 0; i < rule->match_count; i++)
		*is_certain &= port_set_match(&ports, w->rules,
		    &rule->matches[i], w->way.packet.protocol);
	return ports;
}

static void
note_exception(struct walk *w, const struct rule *rule,
    const struct port_set *ports)
{
	if (w->exception_count < WAY_EXCEPTIONS)
		w->exceptions[w->exception_count++] = (struct exception){rule,
		    *ports};
	else
		w->way.is_certain = false;
}

static void
list_exceptions(struct way *way, const struct walk *w)
{
	unsigned int i;

	way->exception_count = 0;
	for (i = 0; i < w->exception_count; i++)
		if (port_set_overlaps(&w->exceptions[i].ports, &way->ports))
			way->exceptions
			    [way->exception_count++] = w->exceptions[i].rule;
}

static void
visit(struct walk *w, const struct rule *rule, const struct port_set *ports,
    bool is_certain)
{
	const bool was_certain = w->way.is_certain;
	struct port_set fresh = *ports;

	port_set_remove(&fresh, &w->diverted);
	w->way.rule = rule;
	w->way.ports = *ports;
	w->way.is_certain &= is_certain;
	w->way.is_dead = port_set_is_empty(&fresh);
	list_exceptions(&w->way, w);
	w->visit(&w->way, w->argument);
	w->way.is_certain = was_certain;
}

static bool
is_for_all(const struct walk *w, const struct rule *rule)
{
	unsigned int i;

	for (i = 0; i < w->way.depth; i++)
		if (w->way.path[i]->condition_count > 0)
			return false;
	return rule->condition_count == 0 && !rule->is_mapped;
}

static void
add(struct port_set *set, const struct port_set *more)
{
	size_t i;

	for (i = 0; i < sizeof(set->bits) / sizeof(set->bits[0]); i++)
		set->bits[i] |= more->bits[i];
}

/* Exceptions of a chain that packets return from end with it. */
static void
forget_returns(struct walk *w, unsigned int before)
{
	unsigned int i, kept = before;

	for (i = before; i < w->exception_count; i++)
		if (w->exceptions[i].rule->action != RULE_RETURN)
			w->exceptions[kept++] = w->exceptions[i];
	w->exception_count = kept;
}

/* The kernel has no chain that leads back to itself. */
static bool
is_on_path(const struct walk *w, const struct rule *rule, uint16_t chain)
{
	unsigned int i;

	for (i = 0; i < w->way.depth; i++)
		if (w->way.path[i]->chain == chain)
			return true;
	return rule->chain == chain;
}

static void
follow(struct walk *w, const struct rule *rule, uint16_t chain,
    const struct port_set *ports, bool is_certain)
{
	const bool was_certain = w->way.is_certain;
	const unsigned int before = w->exception_count;
	unsigned int depth = w->way.depth;
	struct port_set left;

	if (chain == RULE_NO_CHAIN || depth == DIVERT_DEPTH ||
	    is_on_path(w, rule, chain))
		return;
	w->way.path[depth] = rule;
	w->way.depth = depth + 1;
	w->way.is_certain &= is_certain;
	w->here[depth + 1] = *ports;
	memset(&w->returned[depth + 1], 0, sizeof(w->returned[0]));
	walk_chain(w, chain);
	w->way.depth = depth;
	w->way.is_certain = was_certain;
	forget_returns(w, before);
	if (rule->condition_count > 0 || !is_certain)
		return;
	left = w->here[depth + 1];
	if (rule->action != RULE_GOTO)
		add(&left, &w->returned[depth + 1]);
	port_set_remove(&w->here[depth], ports);
	add(&w->here[depth], &left);
}

/* A verdict that lets packets of these ports pass, or drops them. */
static void
end_here(struct walk *w, const struct rule *rule, enum rule_action action,
    const struct port_set *ports, bool is_certain)
{
	const unsigned int depth = w->way.depth;

	if (rule->condition_count > 0 || !is_certain) {
		note_exception(w, rule, ports);
		return;
	}
	if (action == RULE_RETURN)
		add(&w->returned[depth], ports);
	port_set_remove(&w->here[depth], ports);
}

static void
apply(struct walk *w, const struct rule *rule, enum rule_action action,
    uint16_t chain, const struct port_set *ports, bool is_certain)
{
	switch (action) {
	case RULE_JUMP:
	case RULE_GOTO:
		follow(w, rule, chain, ports, is_certain);
		break;
	case RULE_ACCEPT:
	case RULE_DROP:
	case RULE_RETURN:
		end_here(w, rule, action, ports, is_certain);
		break;
	case RULE_DIVERT:
		visit(w, rule, ports, is_certain);
		if (is_certain && w->way.is_certain && is_for_all(w, rule))
			add(&w->diverted, ports);
		break;
	case RULE_CONTINUE:
	case RULE_UNKNOWN:
		break;
	}
}

/* Each verdict of a map, for its ports. */
static void
apply_map(struct walk *w, const struct rule *rule, const struct port_set *ports,
    bool is_certain)
{
	const struct rule_port *port;
	struct port_set some;
	uint32_t i;

	for (i = 0; i < rule->map.count; i++) {
		port = &w->rules->ports[rule->map.begin + i];
		if (port->protocol != 0 &&
		    port->protocol != w->way.packet.protocol)
			continue;
		some = *ports;
		port_set_limit(&some, port->first, port->last);
		if (!port_set_is_empty(&some))
			apply(w, rule, (enum rule_action)port->action,
			    port->chain, &some, is_certain && !port->partial);
	}
}

static void
walk_chain(struct walk *w, uint16_t chain)
{
	uint32_t number = w->rules->chains[chain].first;
	const struct rule *rule;
	struct port_set ports;
	bool is_certain;

	for (; number != RULES_MAX && w->steps > 0; number = rule->next) {
		w->steps--;
		rule = &w->rules->list[number];
		if (!rule_is_for(w->rules, rule, &w->way.packet))
			continue;
		ports = ports_of(w, rule, &is_certain);
		if (port_set_is_empty(&ports))
			continue;
		if (rule->is_mapped && rule->action != RULE_DIVERT)
			apply_map(w, rule, &ports, is_certain);
		else
			apply(w, rule, (enum rule_action)rule->action,
			    rule->target, &ports, is_certain);
	}
}

static void
walk_hook(struct walk *w, enum rule_hook hook, uint16_t family, int protocol)
{
	const struct rule_chain *chain = w->rules->chains;
	size_t i;

	for (i = 0; i < w->rules->chain_count; i++, chain++) {
		if (chain->hook != hook ||
		    (chain->family != AF_UNSPEC && chain->family != family))
			continue;
		w->way = (struct way){.hook = hook,
		    .packet = {.family = family, .protocol = protocol},
		    .is_certain = true};
		w->exception_count = 0;
		port_set_fill(&w->here[0]);
		memset(&w->returned[0], 0, sizeof(w->returned[0]));
		memset(&w->diverted, 0, sizeof(w->diverted));
		walk_chain(w, (uint16_t)i);
	}
}

bool
way_visit(const struct rules *rules,
    void (*visitor)(const struct way *, void *), void *argument)
{
	static const enum rule_hook hooks[] = {RULE_HOOK_PREROUTING,
	    RULE_HOOK_OUTPUT};
	static const int protocols[] = {IPPROTO_TCP, IPPROTO_UDP};
	static const uint16_t families[] = {AF_INET, AF_INET6};
	static struct walk w;
	size_t i;

	w.rules = rules;
	w.visit = visitor;
	w.argument = argument;
	w.steps = DIVERT_STEPS;
	for (i = 0; i < 8; i++)
		walk_hook(&w, hooks[i / 4], families[i % 2],
		    protocols[i / 2 % 2]);
	return w.steps > 0 && !rules->is_cut;
}
