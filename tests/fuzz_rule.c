/* SPDX-License-Identifier: ISC */
/*
 * Listings of rules, in the words of nft(8) and of iptables(8), and what people
 * write with these, firewall-cmd(1) and a shell: whatever they say, each part of a
 * rule is within it, the way of a packet has an end, and mappings are sound.
 */
#include <netinet/in.h>

#include "carry_list.h"
#include "command.h"
#include "divert.h"
#include "fuzz.h"
#include "iptables.h"
#include "nftables.h"
#include "ruleset.h"

static void
check_ports(const struct rules *rules, const struct rule_ports *ports)
{
	ASSERTION(ports->count == 0 ||
	    ports->begin + (size_t)ports->count <= rules->port_count);
}

static void
check_condition(const struct rule_condition *c, size_t length)
{
	ASSERTION(c->begin + (size_t)c->length <= length);
	ASSERTION(c->value + (size_t)c->value_length <= length);
	ASSERTION(c->subject <= RULE_ABOUT_OWNER);
}

/* Each command is one line that a shell reads to its end. */
static void
check_command(bool is_there, const char *command)
{
	if (!is_there)
		return;
	ASSERTION(strlen(command) < COMMAND_TEXT);
	for (; *command != '\0'; command++)
		ASSERTION((unsigned char)*command >= ' ');
}

static void
check_commands(const struct rules *rules, const struct rule *rule)
{
	char command[COMMAND_TEXT];

	check_command(command_remove(rules, rule, command), command);
	check_command(command_restore(rules, rule, command), command);
	check_command(command_admit(rules, rule, 443, IPPROTO_TCP, command),
	    command);
}

/* Every second address may be this host's. */
static bool
is_own(const struct rule_address *address)
{
	return address->bytes[3] % 2 == 0;
}

static void
check_mapping(const struct mapping *m)
{
	ASSERTION(m->ports > 0 && m->ports <= PLAN_PORTS_MAX);
	ASSERTION(m->public_port > 0 && m->server_port > 0);
	ASSERTION(m->public_port + m->ports <= 65536);
	ASSERTION(m->server_port + m->ports <= 65536);
	ASSERTION(m->protocol == IPPROTO_TCP || m->protocol == IPPROTO_UDP);
}

/* No two mappings that are carried over conflict. */
static void
check_carries(const struct rules *rules)
{
	static struct mapping mappings[CARRY_MAPPINGS], all[2048];
	struct carry_list list = {.is_own = is_own};
	size_t count, total = 0, i, k;

	carry_list_find(&list, rules);
	for (i = 0; i < list.count; i++) {
		ASSERTION(list.list[i].state != CARRY_REFUSED ||
		    *list.list[i].why != '\0');
		if (list.list[i].state != CARRY_WHOLE)
			continue;
		count = carry_mappings(&list.list[i], mappings);
		for (k = 0; k < count && total < 2048; k++) {
			check_mapping(&mappings[k]);
			all[total++] = mappings[k];
		}
	}
	for (i = 0; i < total; i++)
		for (k = i + 1; k < total; k++)
			ASSERTION(
			    memcmp(&all[i], &all[k], sizeof(all[i])) == 0 ||
			    !mapping_conflicts(&all[i], &all[k]));
	carry_list_free(&list);
}

static void
check_rule(const struct rules *rules, const struct rule *rule)
{
	const size_t length = strlen(rule->text);
	unsigned int i;

	ASSERTION(length < RULE_TEXT);
	ASSERTION(rule->chain < rules->chain_count);
	ASSERTION(rule->next == RULES_MAX || rule->next < rules->count);
	ASSERTION(
	    rule->target == RULE_NO_CHAIN || rule->target < rules->chain_count);
	ASSERTION(rule->action <= RULE_UNKNOWN);
	for (i = 0; i < rule->condition_count; i++)
		check_condition(&rule->conditions[i], length);
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

	ASSERTION(d.depth <= DIVERT_DEPTH);
	ASSERTION((d.fit != RULE_NEVER) == (d.rule != NULL));
	if (d.rule != NULL)
		ASSERTION(strlen(divert_conditions(&d, text, sizeof(text))) <
		    sizeof(text));
	divert_admitted(rules, &packet, 443);
}

static struct nftables_reader nftables;
static struct iptables_reader iptables;
static struct ruleset_reader ruleset;

static void
read_line(unsigned int kind, const char *line)
{
	if (kind == 0)
		nftables_read(&nftables, line);
	else if (kind == 1)
		iptables_read(&iptables, line);
	else
		ruleset_read(&ruleset, line);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct rules rules = {0};
	const unsigned int kind = fuzz_byte(&bytes, &size) % 3;
	char *text = fuzz_text(bytes, size), *rest = text, *line, *copy;
	size_t i;

	nftables = (struct nftables_reader){.rules = &rules};
	iptables = (struct iptables_reader){.rules = &rules, .family = AF_INET};
	ruleset_begin(&ruleset, &rules);
	while ((line = strsep(&rest, "\n")) != NULL) {
		copy = fuzz_text((const uint8_t *)line, strlen(line));
		read_line(kind, copy);
		free(copy);
	}
	nftables_end(&nftables);
	ruleset_end(&ruleset);
	for (i = 0; i < rules.count; i++) {
		check_rule(&rules, &rules.list[i]);
		check_commands(&rules, &rules.list[i]);
	}
	/* A small listing may lead a packet a long way. */
	if (rules.count < 32) {
		check_way(&rules, 443, IPPROTO_TCP);
		check_way(&rules, 8443, IPPROTO_UDP);
		check_carries(&rules);
	}
	rules_free(&rules);
	free(text);
	return 0;
}
