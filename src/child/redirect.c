/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child, with --doctor, by root.
 * Reads: the rules, as the administrator's tools print them.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "iptables.h"
#include "nftables.h"
#include "program.h"
#include "redirect.h"

static void
visit_iptables(const char *line, void *reader)
{
	iptables_read(reader, line);
}

static void
visit_nftables(const char *line, void *reader)
{
	nftables_read(reader, line);
}

static void
count(enum redirect *listing, enum program_outcome outcome)
{
	if (outcome == PROGRAM_FAILED)
		*listing = REDIRECT_FAILED;
	else if (outcome == PROGRAM_READ && *listing == REDIRECT_UNKNOWN)
		*listing = REDIRECT_READ;
}

enum redirect
redirect_list(struct rules *rules)
{
	/* The legacy tools get no -t, which would create the table it names.
	 * nft comes last: it says less of tables that the others list. */
	static const struct {
		char *command[2];
		uint16_t family;
	} tools[] = {
	    {{"/sbin/iptables-save"}, AF_INET},
	    {{"/sbin/ip6tables-save"}, AF_INET6},
	    {{"/usr/sbin/iptables-legacy-save"}, AF_INET},
	    {{"/usr/sbin/ip6tables-legacy-save"}, AF_INET6},
	};
	static char *const nft[] = {"/usr/sbin/nft", "list", "ruleset", NULL};
	static struct nftables_reader nftables;
	enum redirect listing = REDIRECT_UNKNOWN;
	struct iptables_reader iptables;
	size_t i;

	for (i = 0; i < sizeof(tools) / sizeof(tools[0]); i++) {
		iptables = (struct iptables_reader){.rules = rules,
		    .family = tools[i].family};
		count(&listing,
		    program_read(tools[i].command, visit_iptables, &iptables));
	}
	nftables = (struct nftables_reader){.rules = rules};
	count(&listing, program_read(nft, visit_nftables, &nftables));
	nftables_end(&nftables);
	return listing;
}

static const char *
family_name(const struct rule_chain *chain)
{
	return chain->family == AF_INET ? "ip"
	    : chain->family == AF_INET6 ? "ip6"
					: "inet";
}

/* A command of iptables(8) names its table itself. */
const char *
redirect_describe(const struct rules *rules, const struct rule *rule,
    char text[REDIRECT_RULE])
{
	const struct rule_chain *chain = &rules->chains[rule->chain];

	if (chain->is_nft)
		snprintf(text, REDIRECT_RULE,
		    "'%.200s' of nft, table %s %s, chain %s", rule->text,
		    family_name(chain), chain->table, chain->name);
	else
		snprintf(text, REDIRECT_RULE, "'%.200s' of %s, table %s",
		    rule->text,
		    chain->family == AF_INET6 ? "ip6tables" : "iptables",
		    chain->table);
	return text;
}
