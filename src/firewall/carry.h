/* SPDX-License-Identifier: ISC */
/*
 * A rule that diverts ports, as packets reach it by one way (way.h): the mappings
 * (mapping.h) that it can be carried over to, or why it cannot.  carry_list.h
 * has those of all rules.
 */
#ifndef CARRY_H
#define CARRY_H

#include "mapping.h"
#include "plan.h"
#include "reason.h"
#include "way.h"

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

/* Refuses it, unless it is refused: the first reason counts. */
void carry_refuse(struct carry *, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Likewise, as the rule is a transparent proxy's: so says the text. */
void carry_refuse_proxy(struct carry *, const char *text);

/* Likewise, as two ports are led to one. */
void carry_refuse_several(struct carry *, uint32_t one, uint32_t other,
    uint32_t to);

/* Judges the target, and each condition on the way to the rule; is_own is true
 * for an address of this host. */
void carry_judge(struct carry *, const struct way *,
    bool (*is_own)(const struct rule_address *));

/* Adds the ports with which packets come by this way, or refuses it. */
void carry_add_ports(struct carry *, const struct rules *, const struct way *,
    bool (*is_own)(const struct rule_address *));

bool carry_has_pair(const struct carry *, const struct carry_pair *);

/* Its mappings, each once; returns their number. */
#define CARRY_MAPPINGS (PLAN_MAPPINGS_MAX * CARRY_ADDRESSES)
size_t carry_mappings(const struct carry *, struct mapping[CARRY_MAPPINGS]);

#endif
