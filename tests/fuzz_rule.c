/* SPDX-License-Identifier: ISC */
/*
 * Listings of rules, in the words of nft(8) and of iptables(8): whatever they
 * say, each part of a rule is within it, and the way of a packet has an end.
 */
#include <netinet/in.h>

#include "divert.h"
#include "fuzz.h"
#include "iptables.h"
#include "nftables.h"

static void
check_ports(const struct rules *rules, const struct rule_ports *ports)
{
	FUZZ_ASSERT(ports->count == 0 ||
	    ports->begin + (size_t)ports->count <= rules->port_count);
}

static void
check_rule(const struct rules *rules, const struct rule *rule)
{
	const size_t length = strlen(rule->text);
	unsigned int i;

	FUZZ_ASSERT(length < RULE_TEXT);
	FUZZ_ASSERT(rule->chain < rules->chain_count);
	FUZZ_ASSERT(rule->next == RULES_MAX || rule->next < rules->count);
	FUZZ_ASSERT(
	    rule->target == RULE_NO_CHAIN || rule->target < rules->chain_count);
	FUZZ_ASSERT(rule->action <= RULE_UNKNOWN);
	for (i = 0; i < rule->condition_count; i++)
		FUZZ_ASSERT(rule->conditions[i].begin +
			(size_t)rule->conditions[i].length <=
		    length);
	for (i = 0; i < rule->match_count; i++)
		check_ports(rules, &rule->matches[i]);
	check_ports(rules, &rule->map);
}

static void
check_way(const struct rules *rules, uint16_t port, int protocol)
{
	const struct rule_packet packet = {.port = port, .protocol = protocol};
	struct divert d = divert_find(rules, &packet, RULE_HOOK_PREROUTING);
	char text[64];

	FUZZ_ASSERT(d.depth <= DIVERT_DEPTH);
	FUZZ_ASSERT((d.fit != RULE_NEVER) == (d.rule != NULL));
	if (d.rule != NULL)
		FUZZ_ASSERT(strlen(divert_conditions(&d, text, sizeof(text))) <
		    sizeof(text));
	divert_admitted(rules, &packet, 443);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct nftables_reader nftables;
	struct rules rules = {0};
	struct iptables_reader iptables = {.rules = &rules, .family = AF_INET};
	const bool is_nft = fuzz_byte(&bytes, &size) % 2 == 0;
	char *text = fuzz_text(bytes, size), *rest = text, *line, *copy;
	size_t i;

	nftables = (struct nftables_reader){.rules = &rules};
	while ((line = strsep(&rest, "\n")) != NULL) {
		copy = fuzz_text((const uint8_t *)line, strlen(line));
		if (is_nft)
			nftables_read(&nftables, copy);
		else
			iptables_read(&iptables, copy);
		free(copy);
	}
	nftables_end(&nftables);
	for (i = 0; i < rules.count; i++)
		check_rule(&rules, &rules.list[i]);
	/* A small listing may lead a packet a long way. */
	if (rules.count < 32) {
		check_way(&rules, 443, IPPROTO_TCP);
		check_way(&rules, 8443, IPPROTO_UDP);
	}
	rules_free(&rules);
	free(text);
	return 0;
}
