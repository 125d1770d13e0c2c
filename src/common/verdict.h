/* SPDX-License-Identifier: ISC */
/*
 * The policy's verdict on the mappings of this process.
 */
#ifndef VERDICT_H
#define VERDICT_H

#include <stdbool.h>
#include <stddef.h>

#include "mapping.h"
#include "plan.h"
#include "policy.h"
#include "reason.h"

/* The policy's path: /etc/lowport/policy, unless the build set another. */
extern const char *verdict_policy;

/* The largest policy, in bytes. */
#define VERDICT_POLICY_MAX 65536

struct verdict {
	bool permitted;
	unsigned int line; /* of the rule that decided; 0: no rule did */
	/* Of a later rule that would have permitted it to an account that does
	 * not exist any more; 0: there is none. */
	unsigned int gone_line;
	char gone[POLICY_GONE_TEXT];
};

/*
 * Judges each mapping for the real user, group and supplementary groups of this
 * process.  If there is no policy, if others than root can write it, or if it
 * has an error anywhere, it permits nothing: returns false, and says why.  A
 * rule whose user or group does not exist any more is no error; it matches
 * nobody.
 */
bool verdict_reach(struct verdict *, const struct mapping *, size_t count,
    char why[REASON_TEXT]);

/*
 * Calls visit with each warning about the policy, by file and line: a rule
 * matches nobody, as its user or group does not exist any more.  Errors are no
 * warnings.
 */
void verdict_warn(void (*visit)(const char *warning));

/*
 * For the helper: verdict_prepare reads the policy, which takes longer than all
 * else here; verdict_grant decides by it for which mappings the helper may use the
 * capability: for none before verdict_prepare.  If executing this program gave its
 * caller nothing (privilege_gained), the policy is not asked: it may be used for
 * all.
 */
void verdict_prepare(void);
void verdict_grant(bool granted[PLAN_MAPPINGS_MAX], const struct plan *);

#endif
