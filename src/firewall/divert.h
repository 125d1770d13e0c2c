/* SPDX-License-Identifier: ISC */
/*
 * The way of a packet through the rules: which of them diverts what comes for a
 * port, and which admits it.
 */
#ifndef DIVERT_H
#define DIVERT_H

#include "rule.h"

/* Chains that jump to chains, as deep as the kernel lets them. */
#define DIVERT_DEPTH 16

/* Rules looked at for one packet. */
#define DIVERT_STEPS 200000

/* A rule that diverts the packet, or may. */
struct divert {
	enum rule_fit fit;
	const struct rule *rule; /* NULL: none, if the fit is RULE_NEVER; or
				    there are too many to know */
	/* The rules that jump to it, the first first. */
	const struct rule *path[DIVERT_DEPTH];
	unsigned int depth;
	const struct rule
	    *before;            /* one that may let it pass before; or NULL */
	uint16_t to;            /* port; 0: not known, or the same */
	bool is_local;          /* only what comes from this host */
	bool is_certain_target; /* it diverts if it matches */
};

/* The rule that surely diverts the packet, else the first that may; of those of
 * a hook, RULE_HOOK_PREROUTING or RULE_HOOK_OUTPUT. */
struct divert divert_find(const struct rules *, const struct rule_packet *,
    enum rule_hook);

/* The conditions of the rule, and of those that jump to it; "" for none.
 * Returns its argument. */
const char *divert_conditions(const struct divert *, char *text, size_t size);

/*
 * The rule that admits what comes for the port of this packet, in a chain of
 * input that admits nothing to the other port; or NULL.
 */
const struct rule *divert_admitted(const struct rules *,
    const struct rule_packet *, uint16_t other);

#endif
