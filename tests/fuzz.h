/* SPDX-License-Identifier: ISC */
/*
 * What the fuzzers share: each is a tests/fuzz_X.c of libFuzzer, with the seeds
 * in tests/corpus/X; tests/fuzz runs them.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assertion.h"
#include "mapping.h"
#include "plan.h"
#include "policy.h"
#include "pool.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* A copy with a NUL behind it, of exactly that size, to be freed. */
static inline char *
fuzz_text(const uint8_t *bytes, size_t size)
{
	char *text = malloc(size + 1);

	ASSERTION(text != NULL);
	if (size > 0)
		memcpy(text, bytes, size);
	text[size] = '\0';
	return text;
}

/* Takes bytes off the front of the input; zeros where it has ended. */
static inline void
fuzz_take(const uint8_t **bytes, size_t *size, void *into, size_t wanted)
{
	size_t taken = wanted < *size ? wanted : *size;

	memset(into, 0, wanted);
	if (taken > 0)
		memcpy(into, *bytes, taken);
	*bytes += taken;
	*size -= taken;
}

static inline uint8_t
fuzz_byte(const uint8_t **bytes, size_t *size)
{
	uint8_t byte;

	fuzz_take(bytes, size, &byte, 1);
	return byte;
}

/* The promises of plan.h for a mapping that is accepted. */
static inline void
fuzz_check_mapping(const struct mapping *m)
{
	struct plan plan = {.magic = PLAN_MAGIC,
	    .mapping_count = 1,
	    .spares = PLAN_SPARES_MAX,
	    .uid = 1,
	    .gid = 1,
	    .mappings = {*m}};
	struct mapping_variant list[MAPPING_VARIANTS_MAX];
	size_t count = mapping_variants(m, list);

	ASSERTION(m->family == AF_UNSPEC || m->family == AF_INET ||
	    m->family == AF_INET6);
	ASSERTION(m->protocol == IPPROTO_TCP || m->protocol == IPPROTO_UDP);
	ASSERTION(m->public_port != 0 || m->server_port != 0);
	ASSERTION(m->ports >= 1 && m->public_port + m->ports <= 65536 &&
	    m->server_port + m->ports <= 65536);
	if (m->ports > PLAN_PORTS_MAX)
		return;
	ASSERTION(mapping_conflicts(m, m));
	ASSERTION(plan_check(&plan, 1, 1) && plan_check(&plan, 0, 0));
	ASSERTION(!plan_check(&plan, 1, 2) && !plan_check(&plan, 2, 1));
	ASSERTION(
	    mapping_inherited(m) ? count == 0 && m->ports == 1 : count >= 1);
	ASSERTION(count <= MAPPING_VARIANTS_MAX);
	ASSERTION(pool_size(&plan) <=
	    MAPPING_VARIANTS_MAX * PLAN_SPARES_MAX * PLAN_PORTS_MAX);
	while (count-- > 0)
		ASSERTION(list[count].endpoint.port == m->public_port);
}

/* The suggested rule permits this mapping, and to this user. */
static inline bool
fuzz_suggested(const struct mapping *m)
{
	const struct policy_caller caller = {.uid = 1000, .gid = 1000},
				   other = {.uid = 1001, .gid = 1000};
	char text[POLICY_RULE_TEXT], why[REASON_TEXT];
	struct policy_reader reader = {.rest = text};
	struct policy_rule rule;

	policy_suggest(m, "1000", text);
	reader.length = strlen(text);
	return policy_next(&reader, &rule, why) == POLICY_RULE &&
	    policy_matches(&rule, &caller, m) &&
	    !policy_matches(&rule, &other, m);
}

#endif
