/* SPDX-License-Identifier: ISC */
/*
 * The output of --from-iptables: comments and commands, as a script for root has
 * them.
 */
#ifndef STEPS_H
#define STEPS_H

#include "carry_list.h"
#include "options.h"

struct steps {
	const struct options *options;
	const struct rules *rules;
	const struct carry_list *carries;
	struct mapping mappings[PLAN_MAPPINGS_MAX];
	size_t mapping_count;
	/* Writes where a line was read, "FILE:12". */
	void (*place)(uint32_t line, char *text, size_t size);
};

#define STEPS_PLACE 320

void steps_print(const struct steps *);

#endif
