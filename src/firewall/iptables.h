/* SPDX-License-Identifier: ISC */
/*
 * Rules as iptables(8) has them: what iptables-save(8) and ip6tables-save(8)
 * print, and the commands themselves.
 */
#ifndef IPTABLES_H
#define IPTABLES_H

#include "rule.h"

struct iptables_reader {
	struct rules *rules;
	uint16_t family;       /* AF_INET or AF_INET6 */
	bool is_shown;         /* as in struct rule_chain */
	char table[RULE_NAME]; /* of the lines that name none */
	const char *listed;    /* if that is empty, as "iptables -S" has it */
};

/* Reads the next line into the rules. */
void iptables_read(struct iptables_reader *, const char *line);

/* True for iptables(8), ip6tables(8) and their variants. */
bool iptables_is_program(const char *word);

#endif
