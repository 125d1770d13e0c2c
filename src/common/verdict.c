/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the helper, with the capability; the child, to explain.  Both have
 * the caller's real ids, so they reach the same verdict.  Reads: the policy,
 * and the ids of this process.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "message.h"
#include "policy.h"
#include "privilege.h"
#include "trust.h"
#include "verdict.h"

const char *verdict_policy = POLICY_FILE;

static void
read_caller(struct policy_caller *caller)
{
	static gid_t groups[NGROUPS_MAX];
	int count = getgroups(NGROUPS_MAX, groups);

	if (count < 0)
		fatal("cannot read the groups of this process");
	*caller = (struct policy_caller){.uid = getuid(),
	    .gid = getgid(),
	    .groups = groups,
	    .group_count = (size_t)count};
}

static void
note_gone(struct verdict *verdict, const struct policy_rule *rule,
    unsigned int line)
{
	verdict->gone_line = line;
	memcpy(verdict->gone, rule->gone, sizeof(verdict->gone));
}

/* The last rule that matches decides. */
static void
apply_rule(const struct policy_rule *rule, unsigned int line,
    const struct policy_caller *caller, struct verdict *verdicts,
    const struct mapping *mappings, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (policy_matches(rule, caller, &mappings[i]))
			verdicts[i] = (struct verdict){rule->permit, line};
		else if (rule->who == POLICY_NOBODY && rule->permit &&
		    policy_covers(rule, &mappings[i]))
			note_gone(&verdicts[i], rule, line);
}

/* Reads the whole policy, whatever the mappings are: so an error shows at once,
 * not when its line first matters to somebody. */
static bool
judge(struct policy_reader *reader, struct verdict *verdicts,
    const struct mapping *mappings, size_t count, char why[REASON_TEXT])
{
	struct policy_caller caller;
	struct policy_rule rule;
	enum policy_item item;
	char error[REASON_TEXT];

	read_caller(&caller);
	while ((item = policy_next(reader, &rule, error)) == POLICY_RULE ||
	    item == POLICY_VOID)
		apply_rule(&rule, reader->line, &caller, verdicts, mappings,
		    count);
	return item == POLICY_END ||
	    reason_say(why, "%.64s:%u: %s", verdict_policy, reader->line,
		error);
}

bool
verdict_reach(struct verdict *verdicts, const struct mapping *mappings,
    size_t count, char why[REASON_TEXT])
{
	static char text[VERDICT_POLICY_MAX];
	struct policy_reader reader = {.rest = text};
	ssize_t length = trust_read(verdict_policy, text, sizeof(text), why);

	memset(verdicts, 0, count * sizeof(*verdicts));
	reader.length = length > 0 ? (size_t)length : 0;
	if (length >= 0 && judge(&reader, verdicts, mappings, count, why))
		return true;
	if (length < 0 && errno == ENOENT)
		reason_say(why, "there is no %.64s", verdict_policy);
	memset(verdicts, 0, count * sizeof(*verdicts));
	return false;
}

void
verdict_warn(void (*visit)(const char *))
{
	static char text[VERDICT_POLICY_MAX];
	char why[REASON_TEXT], warning[REASON_TEXT];
	struct policy_reader reader = {.rest = text};
	ssize_t length = trust_read(verdict_policy, text, sizeof(text), why);
	struct policy_rule rule;
	enum policy_item item;

	reader.length = length > 0 ? (size_t)length : 0;
	while ((item = policy_next(&reader, &rule, why)) != POLICY_END)
		if (item == POLICY_VOID) {
			reason_say(warning, "%.64s:%u: %.600s", verdict_policy,
			    reader.line, why);
			visit(warning);
		}
}

void
verdict_grant(bool granted[PLAN_MAPPINGS_MAX], const struct plan *plan)
{
	struct verdict verdicts[PLAN_MAPPINGS_MAX];
	const bool asked = privilege_gained();
	char why[REASON_TEXT];
	size_t i;

	if (asked)
		verdict_reach(verdicts, plan->mappings, plan->mapping_count,
		    why);
	for (i = 0; i < plan->mapping_count; i++)
		granted[i] = !asked || verdicts[i].permitted;
}
