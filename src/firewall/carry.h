/* SPDX-License-Identifier: ISC */
/*
 * Which rules that divert a port to this host can be carried over to mappings
 * (mapping.h), each as a whole, and why the others cannot.
 */
#ifndef CARRY_H
#define CARRY_H

#include "mapping.h"
#include "plan.h"
#include "reason.h"
#include "rule.h"

#define CARRY_ADDRESSES 8
#define CARRY_NOTES     8

enum carry_state {
	CARRY_WHOLE,
	CARRY_TWIN, /* another rule's mapping does the same for it */
	CARRY_DEAD, /* no packet comes to it while another rule is there */
	CARRY_REFUSED,
};

/* The ports from first to last become those from to on. */
struct carry_pair {
	uint16_t protocol, first, last, to;
};

/* A condition that a mapping has not: its rule is for fewer packets. */
struct carry_note {
	const struct rule *rule;
	const struct rule_condition *condition;
	bool is_exception;
};

/* A rule, reached by one way. */
struct carry {
	const struct rule *rule;
	const struct rule *jump; /* that leads to it, or NULL */
	enum carry_state state;
	char why[REASON_TEXT]; /* of CARRY_REFUSED */
	bool is_output;        /* for what this host sends */
	bool is_own;           /* and that goes to this host */
	bool is_proxy;         /* refused, as it looks at the sender */
	bool is_limited;       /* refused for its conditions alone */
	bool has_loopback;     /* it leads to 127.0.0.1 or ::1 */
	bool of_ip, of_ip6;
	struct carry_pair pairs[PLAN_MAPPINGS_MAX];
	size_t pair_count;
	struct rule_address addresses[CARRY_ADDRESSES]; /* none: every one */
	size_t address_count;
	struct carry_note notes[CARRY_NOTES];
	size_t note_count;
};

struct carry_list {
	/* True for an address of this host. */
	bool (*is_own)(const struct rule_address *);
	struct carry *list;
	size_t count, room;
	bool is_cut; /* there are more */
};

/* Fills in the list, whose first field is set. */
void carry_find(struct carry_list *, const struct rules *);

void carry_free(struct carry_list *);

/* The mappings of one carry, each once; returns their number. */
#define CARRY_MAPPINGS (PLAN_MAPPINGS_MAX * CARRY_ADDRESSES)
size_t carry_mappings(const struct carry *, struct mapping[CARRY_MAPPINGS]);

#endif
