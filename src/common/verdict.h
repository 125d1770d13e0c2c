/* SPDX-License-Identifier: ISC */
/*
 * What the policy says of this process and a plan's mappings.
 */
#ifndef VERDICT_H
#define VERDICT_H

#include <stdbool.h>
#include <stddef.h>

#include "mapping.h"
#include "plan.h"
#include "policy.h"
#include "reason.h"

/* The policy's path, /etc/lowport/policy unless it was built otherwise. */
extern const char *verdict_policy;

/* The policy's size is bounded. */
#define VERDICT_POLICY_MAX 65536

struct verdict {
	bool permitted;
	unsigned int line; /* of the rule that decided; 0: no rule did */
	/* Of a later one that would have permitted it to an account that is
	 * gone; 0: there is none. */
	unsigned int gone_line;
	char gone[POLICY_GONE_TEXT];
};

/*
 * Judges each mapping for the real user, group and supplementary groups of this
 * process.  Returns false, permits nothing and says why where there is no
 * policy, or where it is not root's alone or has an error anywhere.  A rule
 * whose user or group is gone is no error, and matches nobody (verdict_warn).
 */
bool verdict_reach(struct verdict *, const struct mapping *, size_t count,
    char why[REASON_TEXT]);

/*
 * Calls visit with each warning of the policy, by file and line: a rule that
 * matches nobody, as its user or group is gone.  Errors are not among them.
 */
void verdict_warn(void (*visit)(const char *warning));

/*
 * For the helper: says for each mapping whether the capability may be used for
 * it.  That is so for all where the policy is not asked, as executing this
 * program has given its caller nothing (privilege_gained).
 */
void verdict_grant(bool granted[PLAN_MAPPINGS_MAX], const struct plan *);

#endif
