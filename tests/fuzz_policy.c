/* SPDX-License-Identifier: ISC */
/*
 * The text of a policy.  Every line is read, whatever the others are; what is
 * accepted keeps the bounds of policy.h, and "permit" and "deny" the promises
 * about mappings that are several addresses.
 */
#include "fuzz.h"
#include "mapping_text.h"

static const char *const mappings[] = {"443", "0.0.0.0:443", "[::]:443",
    "127.0.0.1:443", "192.0.2.7:443", "[::1]:443", "[2001:db8::7]:443"};

#define MAPPINGS (sizeof(mappings) / sizeof(mappings[0]))

/* Those that have the addresses of another one. */
static const bool within[MAPPINGS][MAPPINGS] = {
    {true, true, true, true, true, true, true},
    {false, true, false, true, true, false, false},
    {true, true, true, true, true, true, true},
    {false, false, false, true, false, false, false},
    {false, false, false, false, true, false, false},
    {false, false, false, false, false, true, false},
    {false, false, false, false, false, false, true},
};

static void
check_rule(const struct policy_rule *rule)
{
	const struct policy_target *t = rule->targets;

	ASSERTION(rule->target_count >= 1 &&
	    rule->target_count <= POLICY_TARGETS_MAX);
	for (; t < rule->targets + rule->target_count; t++)
		ASSERTION(
		    (t->tcp || t->udp) && t->first >= 1 && t->first <= t->last);
	ASSERTION(rule->who == POLICY_ANY || rule->id != UINT32_MAX);
	switch (rule->family) {
	case AF_UNSPEC:
		ASSERTION(rule->bits == 0);
		break;
	case AF_INET:
		ASSERTION(rule->bits <= 32);
		break;
	default:
		ASSERTION(rule->family == AF_INET6 && rule->bits <= 128);
	}
}

/* What policy_matches promises of mappings that have others' addresses. */
static void
check_matches(const struct policy_rule *rule)
{
	const gid_t groups[] = {7, 8};
	const struct policy_caller caller = {1000, 1000, groups, 2};
	struct mapping m[MAPPINGS];
	char why[REASON_TEXT];
	bool matches[MAPPINGS];
	size_t i, j;

	for (i = 0; i < MAPPINGS; i++) {
		ASSERTION(mapping_parse(&m[i], (char[MAPPING_NAME]){0},
		    mappings[i], why));
		matches[i] = policy_matches(rule, &caller, &m[i]);
	}
	for (i = 0; i < MAPPINGS; i++)
		for (j = 0; j < MAPPINGS; j++) {
			if (!within[i][j])
				continue;
			/* What permits all permits each. */
			if (rule->permit && matches[i])
				ASSERTION(matches[j]);
			/* What denies one denies all that has it. */
			if (!rule->permit && matches[j])
				ASSERTION(matches[i]);
		}
}

static size_t
count_lines(const uint8_t *bytes, size_t size)
{
	size_t lines = 0, i;

	for (i = 0; i < size; i++)
		lines += bytes[i] == '\n';
	return lines + (size > 0 && bytes[size - 1] != '\n');
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	/* Not even behind the text is there a NUL. */
	char *text = size > 0 ? memcpy(malloc(size), bytes, size) : NULL;
	struct policy_reader reader = {text, size, 0};
	enum policy_item item;
	struct policy_rule rule;
	char why[REASON_TEXT];
	unsigned int line;

	do {
		line = reader.line;
		item = policy_next(&reader, &rule, why);
		ASSERTION(item == POLICY_END || reader.line > line);
		if (item == POLICY_RULE) {
			check_rule(&rule);
			check_matches(&rule);
		} else if (item == POLICY_ERROR) {
			ASSERTION(strlen(why) > 0 && strlen(why) < REASON_TEXT);
		}
	} while (item != POLICY_END);
	ASSERTION(reader.length == 0);
	ASSERTION(reader.line == count_lines(bytes, size));
	free(text);
	return 0;
}
