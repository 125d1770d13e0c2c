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

/* The shortest rule, with the end of its line: so many there can be at most. */
#define RULE_MIN  sizeof("deny any tcp/1")
#define RULES_MAX (VERDICT_POLICY_MAX / RULE_MIN)

/* Static, as main.c has what is large.  Behind the last rule policy_next may
 * begin another. */
static struct policy_rule rules[RULES_MAX + 1];
static unsigned int lines[RULES_MAX + 1];
static size_t rule_count;

static bool
read_text(struct policy_reader *reader, char why[REASON_TEXT])
{
	static char text[VERDICT_POLICY_MAX];
	const ssize_t length = trust_read(verdict_policy, text, sizeof(text),
	    why);

	*reader = (struct policy_reader){.rest = text,
	    .length = length > 0 ? (size_t)length : 0};
	if (length < 0 && errno == ENOENT)
		reason_say(why, "there is no %.64s", verdict_policy);
	return length >= 0;
}

/* Reads the whole policy, whatever the mappings are: so an error shows at once,
 * not when its line first matters to somebody.  With an error there are no
 * rules. */
static bool
read_rules(char why[REASON_TEXT])
{
	struct policy_reader reader;
	enum policy_item item;
	char error[REASON_TEXT];

	rule_count = 0;
	if (!read_text(&reader, why))
		return false;
	while ((item = policy_next(&reader, &rules[rule_count], error)) ==
		POLICY_RULE ||
	    item == POLICY_VOID)
		lines[rule_count++] = reader.line;
	if (item == POLICY_END)
		return true;
	rule_count = 0;
	return reason_say(why, "%.64s:%u: %s", verdict_policy, reader.line,
	    error);
}

static void
apply_rules(struct verdict *verdicts, const struct mapping *mappings,
    size_t count)
{
	struct policy_caller caller;
	size_t i;

	read_caller(&caller);
	memset(verdicts, 0, count * sizeof(*verdicts));
	for (i = 0; i < rule_count; i++)
		apply_rule(&rules[i], lines[i], &caller, verdicts, mappings,
		    count);
}

bool
verdict_reach(struct verdict *verdicts, const struct mapping *mappings,
    size_t count, char why[REASON_TEXT])
{
	const bool sound = read_rules(why);

	apply_rules(verdicts, mappings, count);
	return sound;
}

void
verdict_warn(void (*visit)(const char *))
{
	char why[REASON_TEXT], warning[REASON_TEXT];
	struct policy_reader reader;
	struct policy_rule rule;
	enum policy_item item;

	read_text(&reader, why);
	while ((item = policy_next(&reader, &rule, why)) != POLICY_END)
		if (item == POLICY_VOID) {
			reason_say(warning, "%.64s:%u: %.600s", verdict_policy,
			    reader.line, why);
			visit(warning);
		}
}

/* Whether executing this program has given its caller nothing, so that the policy
 * is not asked. */
static bool not_given;

void
verdict_prepare(void)
{
	char why[REASON_TEXT];

	not_given = !privilege_gained();
	if (!not_given)
		read_rules(why);
}

void
verdict_grant(bool granted[PLAN_MAPPINGS_MAX], const struct plan *plan)
{
	struct verdict verdicts[PLAN_MAPPINGS_MAX];
	size_t i;

	if (!not_given)
		apply_rules(verdicts, plan->mappings, plan->mapping_count);
	for (i = 0; i < plan->mapping_count; i++)
		granted[i] = not_given || verdicts[i].permitted;
}
