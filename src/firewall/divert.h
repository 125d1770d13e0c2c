/* SPDX-License-Identifier: ISC */
/*
 * The way of a packet through the rules: which of them diverts a packet for a
 * port, and which admits it.
 */
#ifndef DIVERT_H
#define DIVERT_H

#include "rule.h"

/* The kernel lets chains jump to chains so deep. */
#define DIVERT_DEPTH 16

/* Rules looked at for one packet. */
#define DIVERT_STEPS 200000

/* A rule that diverts the packet, or may. */
struct divert {
	enum rule_fit fit;
	/* NULL: there is none if the fit is RULE_NEVER, else too many rules to
	 * know. */
	const struct rule *rule;
	/* The rules that jump to it, in order. */
	const struct rule *path[DIVERT_DEPTH];
	unsigned int depth;
	const struct rule
	    *before;            /* one that may let it pass before; or NULL */
	uint16_t to;            /* port; 0: not known, or the same */
	bool is_local;          /* only packets from this host */
	bool is_certain_target; /* it diverts if it matches */
};

/* The rule that surely diverts the packet, else the first that may, at a hook:
 * RULE_HOOK_PREROUTING or RULE_HOOK_OUTPUT. */
struct divert divert_find(const struct rules *, const struct rule_packet *,
    enum rule_hook);

/* The conditions of the rule, and of those that jump to it; "" for none.
 * Returns its argument. */
const char *divert_conditions(const struct divert *, char *text, size_t size);

/* The rule that admits this packet to its port, in a chain of input that admits
 * nothing to the other port; or NULL. */
const struct rule *divert_admitted(const struct rules *,
    const struct rule_packet *, uint16_t other);

#endif
