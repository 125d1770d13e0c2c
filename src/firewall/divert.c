/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child, with --doctor by root, or --from-iptables.  Computes only.
 * Reads: the administrator's rules.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "divert.h"

/* The end of a chain for a packet. */
enum end {
	END_PASSED,         /* it returns to the rule that jumped */
	END_PASSED_PERHAPS, /* or was accepted or dropped */
	END_ACCEPTED,
	END_DROPPED,
	END_DIVERTED,
	END_RETURNED, /* behind goto */
};

struct walk {
	const struct rules *rules;
	const struct rule_packet *packet;
	unsigned long steps;
	bool is_local;
	const struct rule *path[DIVERT_DEPTH];
	unsigned int depth;
	unsigned int matches;    /* of the path, that name ports */
	unsigned int conditions; /* of the path */
	const struct rule *before;

	struct divert divert; /* the best by now */
	const struct rule *admits;
	bool is_admitted;
};

/* The effect of one rule on the packet. */
struct effect {
	enum rule_action action;
	uint16_t target, to;
};

static enum end walk_chain(struct walk *, uint16_t chain, enum rule_fit);

static void
note_divert(struct walk *w, const struct rule *rule, enum rule_fit fit,
    const struct effect *effect)
{
	const bool is_certain = effect->action == RULE_DIVERT;
	struct divert *d = &w->divert;

	if (d->rule != NULL && d->fit >= fit &&
	    (d->is_certain_target || !is_certain))
		return;
	*d = (struct divert){.fit = fit,
	    .rule = rule,
	    .depth = w->depth,
	    .before = w->before,
	    .to = effect->to,
	    .is_local = w->is_local,
	    .is_certain_target = is_certain};
	memcpy(d->path, w->path, sizeof(d->path));
}

/* A rule about a source or interface alone admits some packets, not the
 * public's. */
static void
note_accept(struct walk *w, const struct rule *rule)
{
	const bool names_port = w->matches + rule->match_count > 0 ||
	    rule->is_mapped || rule->is_of_diverted;

	if (w->conditions + rule->condition_count > 0 && !names_port)
		return;
	w->is_admitted = true;
	if (w->admits == NULL && names_port)
		w->admits = rule;
}

/* A chain that is not listed is the target of some extension. */
static bool
is_unknown_chain(const struct walk *w, uint16_t chain)
{
	return chain == RULE_NO_CHAIN || !w->rules->chains[chain].is_defined ||
	    w->depth == DIVERT_DEPTH;
}

static enum end
follow_jump(struct walk *w, const struct rule *rule, uint16_t chain,
    enum rule_fit fit)
{
	const unsigned int named = rule->match_count + rule->is_mapped;
	enum end end;

	w->path[w->depth++] = rule;
	w->matches += named;
	w->conditions += rule->condition_count;
	end = walk_chain(w, chain, fit);
	w->matches -= named;
	w->conditions -= rule->condition_count;
	w->depth--;
	return end;
}

static enum end
apply(struct walk *w, const struct rule *rule, const struct effect *effect,
    enum rule_fit fit)
{
	struct effect unknown = *effect;
	enum end end;

	switch (effect->action) {
	case RULE_CONTINUE:
		return END_PASSED;
	case RULE_ACCEPT:
		note_accept(w, rule);
		return END_ACCEPTED;
	case RULE_DROP:
		return END_DROPPED;
	case RULE_RETURN:
		return END_RETURNED;
	case RULE_DIVERT:
		note_divert(w, rule, fit, effect);
		return END_DIVERTED;
	case RULE_JUMP:
	case RULE_GOTO:
		if (is_unknown_chain(w, effect->target))
			break;
		end = follow_jump(w, rule, effect->target, fit);
		return effect->action == RULE_GOTO && end == END_PASSED
		    ? END_RETURNED
		    : end;
	case RULE_UNKNOWN:
		break;
	}
	unknown.action = RULE_UNKNOWN;
	note_divert(w, rule, RULE_PERHAPS, &unknown);
	return END_PASSED_PERHAPS;
}

/* Applies each value that the map may have for the packet. */
static enum end
apply_map(struct walk *w, const struct rule *rule, enum rule_fit fit)
{
	const struct rule_port *port = NULL;
	struct effect effect;
	enum end end = END_PASSED, one;

	while ((port = rule_next_port(w->rules, &rule->map, w->packet, port)) !=
	    NULL) {
		effect = (struct effect){.action = rule->action,
		    .to = port->to,
		    .target = port->chain};
		if (rule->action != RULE_DIVERT)
			effect.action = (enum rule_action)port->action;
		one = apply(w, rule, &effect,
		    port->partial ? RULE_PERHAPS : fit);
		if (!port->partial)
			return one;
		if (one != END_PASSED && one != END_DIVERTED)
			end = END_PASSED_PERHAPS;
	}
	if (rule->map.unknown) {
		effect = (struct effect){.action = rule->action == RULE_DIVERT
			? RULE_DIVERT
			: RULE_UNKNOWN};
		apply(w, rule, &effect, RULE_PERHAPS);
		end = END_PASSED_PERHAPS;
	}
	return end;
}

static enum end
apply_rule(struct walk *w, const struct rule *rule, enum rule_fit fit)
{
	const struct effect effect = {.action = (enum rule_action)rule->action,
	    .target = rule->target,
	    .to = rule->to};

	return rule->is_mapped ? apply_map(w, rule, fit)
			       : apply(w, rule, &effect, fit);
}

static enum end
walk_chain(struct walk *w, uint16_t chain, enum rule_fit reached)
{
	const struct rule *before = w->before;
	uint32_t number = w->rules->chains[chain].first;
	enum end end, last = END_PASSED;
	const struct rule *rule;
	enum rule_fit alone;

	for (; number != RULES_MAX && w->steps > 0; number = rule->next) {
		w->steps--;
		rule = &w->rules->list[number];
		alone = rule_fits(w->rules, rule, w->packet);
		if (alone == RULE_NEVER)
			continue;
		end = apply_rule(w, rule, alone < reached ? alone : reached);
		if (end == END_PASSED)
			continue;
		if (alone == RULE_ALWAYS && end != END_PASSED_PERHAPS) {
			w->before = before;
			return end == END_RETURNED ? last : end;
		}
		/* Packets that it does not divert come to the next rule. */
		if (end == END_DIVERTED)
			continue;
		reached = RULE_PERHAPS;
		last = END_PASSED_PERHAPS;
		if (w->before == NULL)
			w->before = rule;
	}
	w->before = before;
	return last;
}

static void
begin_walk(struct walk *w, const struct rules *rules,
    const struct rule_packet *packet)
{
	*w = (struct walk){.rules = rules,
	    .packet = packet,
	    .steps = DIVERT_STEPS};
}

static bool
is_of_family(const struct rule_chain *chain, const struct rule_packet *packet)
{
	return chain->family == AF_UNSPEC || packet->family == AF_UNSPEC ||
	    chain->family == packet->family;
}

static void
walk_hook(struct walk *w, enum rule_hook hook)
{
	const struct rule_chain *chain = w->rules->chains;
	size_t i;

	w->is_local = hook == RULE_HOOK_OUTPUT;
	for (i = 0; i < w->rules->chain_count; i++, chain++)
		if (chain->hook == hook && is_of_family(chain, w->packet))
			walk_chain(w, (uint16_t)i, RULE_ALWAYS);
}

struct divert
divert_find(const struct rules *rules, const struct rule_packet *packet,
    enum rule_hook hook)
{
	struct walk w;

	begin_walk(&w, rules, packet);
	walk_hook(&w, hook);
	if (w.divert.rule == NULL && (w.steps == 0 || rules->is_cut))
		w.divert.fit = RULE_PERHAPS;
	return w.divert;
}

static void
append(char *text, size_t size, const char *format, const char *what)
{
	const size_t used = strlen(text);

	if (*what != '\0' && used + 1 < size) {
		if (used > 0)
			snprintf(text + used, size - used, ", ");
		snprintf(text + strlen(text), size - strlen(text), format,
		    what);
	}
}

const char *
divert_conditions(const struct divert *d, char *text, size_t size)
{
	char one[RULE_TEXT];
	unsigned int i;

	*text = '\0';
	for (i = 0; i < d->depth; i++)
		append(text, size, "%s",
		    rule_conditions(d->path[i], one, sizeof(one)));
	append(text, size, "%s", rule_conditions(d->rule, one, sizeof(one)));
	if (d->before != NULL)
		append(text, size, "unless before it '%.100s'",
		    d->before->text);
	return text;
}

/* True if the chain of input admits the packet; *rule is the rule that names
 * its port, or NULL. */
static bool
admits(const struct rules *rules, size_t chain,
    const struct rule_packet *packet, const struct rule **rule)
{
	struct walk w;
	enum end end;

	begin_walk(&w, rules, packet);
	end = walk_chain(&w, (uint16_t)chain, RULE_ALWAYS);
	*rule = w.admits;
	return w.is_admitted || w.steps == 0 ||
	    ((end == END_PASSED || end == END_PASSED_PERHAPS) &&
		!rules->chains[chain].drops);
}

const struct rule *
divert_admitted(const struct rules *rules, const struct rule_packet *packet,
    uint16_t other)
{
	struct rule_packet then = *packet;
	const struct rule *rule, *none;
	size_t i;

	then.port = other;
	then.is_diverted = false;
	for (i = 0; i < rules->chain_count; i++)
		if (rules->chains[i].hook == RULE_HOOK_INPUT &&
		    is_of_family(&rules->chains[i], packet) &&
		    admits(rules, i, packet, &rule) && rule != NULL &&
		    !admits(rules, i, &then, &none))
			return rule;
	return NULL;
}
