/* SPDX-License-Identifier: ISC */
/*
 * The policy: who may have which port, in the spirit of doas.conf(5).
 *
 *   permit|deny user NAME|group NAME|any PROTO/PORT[-PORT]... [on ADDR[/BITS]]
 *
 * lowport.policy(5) is its manual.  The last rule that matches decides.  If
 * none does, the answer is no.
 */
#ifndef POLICY_H
#define POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "mapping.h"
#include "reason.h"

#define POLICY_LINE_MAX    1024 /* bytes, the newline included */
#define POLICY_TARGETS_MAX 64   /* of one rule */
#define POLICY_GONE_TEXT   64

enum policy_who {
	POLICY_ANY,
	POLICY_USER,
	POLICY_GROUP,
	POLICY_NOBODY, /* there is no such user or group any more */
};

/* Ports, both ends included. */
struct policy_target {
	bool tcp, udp;
	uint16_t first, last;
};

struct policy_rule {
	bool permit;
	enum policy_who who;
	uint32_t id; /* of user or group */
	struct policy_target targets[POLICY_TARGETS_MAX];
	size_t target_count;
	uint16_t family;     /* AF_UNSPEC: on every address */
	unsigned int bits;   /* of the address that count */
	uint8_t address[16]; /* network byte order; IPv4: the first four */
	/* Of POLICY_NOBODY, as "user 'app' in /etc/passwd". */
	char gone[POLICY_GONE_TEXT];
};

/* The real ids of the process that the rules are applied to. */
struct policy_caller {
	uid_t uid;
	gid_t gid;
	const gid_t *groups; /* supplementary */
	size_t group_count;
};

/* A place in the text of a policy. */
struct policy_reader {
	const char *rest;
	size_t length;     /* of it, in bytes */
	unsigned int line; /* the number of the line read last */
};

enum policy_item {
	POLICY_END,
	POLICY_RULE,
	POLICY_VOID,  /* a rule that matches nobody, with a reason */
	POLICY_ERROR, /* with a reason; the next call reads the next line */
};

/*
 * Reads the next rule, and looks its user or group up (user.h).  A rule whose
 * user or group does not exist is about nobody; if it cannot be looked up, that
 * is an error.
 */
enum policy_item policy_next(struct policy_reader *, struct policy_rule *,
    char why[REASON_TEXT]);

/*
 * True if the rule is about the caller and the mapping's public side.  A
 * mapping may have several ports, and has several addresses if it names none or
 * a wildcard.  "permit" must cover all of them; "deny" need only touch one.  A
 * mapping that may become a dual-stack socket belongs to both families.
 */
bool policy_matches(const struct policy_rule *, const struct policy_caller *,
    const struct mapping *);

/* The same for any caller. */
bool policy_covers(const struct policy_rule *, const struct mapping *);

/* Room for a rule with one port, and the final NUL. */
#define POLICY_RULE_TEXT 160

/* Writes the rule that permits a user the mapping, and no more. */
const char *policy_suggest(const struct mapping *, const char *user,
    char text[POLICY_RULE_TEXT]);

#endif
