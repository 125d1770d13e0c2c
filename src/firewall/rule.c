/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child, with --doctor by root, or --from-iptables.  Computes only.
 * Reads: the administrator's rules, as the readers of listings pass them.
 */
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "number.h"
#include "rule.h"
#include "words.h"

/* Makes room for one more; false if there are too many. */
static bool
make_room(void **list, size_t *room, size_t count, size_t size, size_t most)
{
	size_t wanted = *room == 0 ? 64 : *room * 2;
	void *larger;

	if (count < *room)
		return true;
	if (count >= most)
		return false;
	if (wanted > most)
		wanted = most;
	larger = realloc(*list, wanted * size);
	if (larger == NULL)
		return false;
	*list = larger;
	*room = wanted;
	return true;
}

void
rules_free(struct rules *rules)
{
	free(rules->list);
	free(rules->chains);
	free(rules->ports);
	*rules = (struct rules){0};
}

static uint32_t
hash_of(const char *text, uint32_t hash)
{
	for (; *text != '\0'; text++)
		hash = (hash ^ (unsigned char)*text) * 16777619U;
	return hash;
}

static bool
is_same_chain(const struct rule_chain *a, const struct rule_chain *b)
{
	return a->hash == b->hash && a->family == b->family &&
	    a->is_nft == b->is_nft && strcmp(a->name, b->name) == 0 &&
	    strcmp(a->table, b->table) == 0;
}

uint16_t
rules_chain(struct rules *rules, const struct rule_chain *wanted)
{
	struct rule_chain chain = *wanted;
	size_t i;

	chain.hash = hash_of(chain.name, hash_of(chain.table, 2166136261U));
	for (i = 0; i < rules->chain_count; i++)
		if (is_same_chain(&rules->chains[i], &chain))
			return (uint16_t)i;
	if (!make_room((void **)&rules->chains, &rules->chain_room,
		rules->chain_count, sizeof(chain), RULE_CHAINS_MAX)) {
		rules->is_cut = true;
		return RULE_NO_CHAIN;
	}
	chain.first = chain.last = RULES_MAX;
	rules->chains[rules->chain_count] = chain;
	return (uint16_t)rules->chain_count++;
}

struct rule *
rules_begin(struct rules *rules, const char *text, size_t length)
{
	struct rule *rule;
	size_t i;

	if (!make_room((void **)&rules->list, &rules->room, rules->count,
		sizeof(*rule), RULES_MAX)) {
		rules->is_cut = true;
		return NULL;
	}
	rule = &rules->list[rules->count];
	memset(rule, 0, sizeof(*rule));
	rule->is_cut = length >= RULE_TEXT;
	if (rule->is_cut)
		length = RULE_TEXT - 1;
	for (i = 0; i < length; i++)
		rule->text[i] = text[i] == '\t' ? ' ' : text[i];
	rule->line = rules->line;
	rule->is_tcp = rule->is_udp = true;
	rule->target = RULE_NO_CHAIN;
	return rule;
}

void
rules_add(struct rules *rules, uint16_t chain, bool in_front)
{
	const uint32_t number = (uint32_t)rules->count;
	struct rule *rule = &rules->list[number];
	struct rule_chain *home;

	if (chain == RULE_NO_CHAIN)
		return;
	home = &rules->chains[chain];
	rule->chain = chain;
	rule->next = in_front ? home->first : RULES_MAX;
	if (!in_front && home->last != RULES_MAX)
		rules->list[home->last].next = number;
	if (in_front || home->first == RULES_MAX)
		home->first = number;
	if (!in_front || home->last == RULES_MAX)
		home->last = number;
	rules->count++;
}

void
rules_add_port(struct rules *rules, struct rule_ports *list,
    const struct rule_port *port)
{
	if (list->count == 0)
		list->begin = (uint32_t)rules->port_count;
	if (!make_room((void **)&rules->ports, &rules->port_room,
		rules->port_count, sizeof(*port), RULE_PORTS_MAX)) {
		list->unknown = true;
		return;
	}
	rules->ports[rules->port_count++] = *port;
	list->count++;
}

struct rule_condition *
rule_add_condition(struct rule *rule, size_t at, size_t length)
{
	static struct rule_condition none;
	struct rule_condition *condition = &none;

	if (at >= RULE_TEXT - 1) {
		at = RULE_TEXT - 1;
		length = 0;
	}
	if (at + length > RULE_TEXT - 1)
		length = RULE_TEXT - 1 - at;
	if (rule->condition_count < RULE_CONDITIONS)
		condition = &rule->conditions[rule->condition_count++];
	else
		rule->is_cut = true;
	*condition = (struct rule_condition){.begin = (uint16_t)at,
	    .length = (uint16_t)length};
	return condition;
}

bool
rule_parse_address(struct rule_address *address, const char *text)
{
	struct rule_address parsed = {.family = AF_INET};

	if (inet_pton(AF_INET, text, parsed.bytes) != 1) {
		parsed.family = AF_INET6;
		if (inet_pton(AF_INET6, text, parsed.bytes) != 1)
			return false;
	}
	*address = parsed;
	return true;
}

bool
rule_is_loopback(const struct rule_address *address)
{
	static const uint8_t ip6[16] = {[15] = 1};

	return address->family == AF_INET
	    ? address->bytes[0] == 127
	    : memcmp(address->bytes, ip6, sizeof(ip6)) == 0;
}

void
rule_settle(struct rule *rule)
{
	rule->is_beyond = rule->way > RULE_TO_ADDRESS ||
	    (rule->way == RULE_TO_ADDRESS &&
		rule->address.family != AF_UNSPEC &&
		!rule_is_loopback(&rule->address));
}

void
rule_add_match(struct rule *rule, const struct rule_ports *ports)
{
	if (rule->match_count < RULE_MATCHES)
		rule->matches[rule->match_count++] = *ports;
	else
		rule->matches[RULE_MATCHES - 1].unknown = true;
}

bool
rule_parse_port(uint16_t *port, const char *text, int protocol)
{
	const struct servent *service;
	unsigned long number;

	if (strncmp(text, "0x", 2) == 0 && strlen(text) <= 6) {
		*port = (uint16_t)strtoul(text, NULL, 16);
		return true;
	}
	if (number_is(text)) {
		if (!number_parse(&number, text, 0, UINT16_MAX))
			return false;
		*port = (uint16_t)number;
		return true;
	}
	service = getservbyname(text, protocol == IPPROTO_UDP ? "udp" : "tcp");
	if (service == NULL && protocol == 0)
		service = getservbyname(text, "udp");
	if (service == NULL)
		return false;
	*port = ntohs((uint16_t)service->s_port);
	return true;
}

bool
rule_parse_ports(struct rule_port *ports, const char *text, char between,
    int protocol)
{
	char low[RULE_NAME];
	const char *end;

	/* The name of a service may have a '-', too. */
	if (rule_parse_port(&ports->first, text, protocol)) {
		ports->last = ports->first;
		return true;
	}
	for (end = strchr(text, between); end != NULL;
	     end = strchr(end + 1, between)) {
		if ((size_t)snprintf(low, sizeof(low), "%.*s",
			(int)(end - text), text) >= sizeof(low))
			return false;
		ports->first = 0;
		ports->last = UINT16_MAX;
		if ((*low == '\0' ||
			rule_parse_port(&ports->first, low, protocol)) &&
		    (end[1] == '\0' ||
			rule_parse_port(&ports->last, end + 1, protocol)))
			return true;
	}
	return false;
}

const char *
rule_conditions(const struct rule *rule, char *text, size_t size)
{
	size_t used = 0;
	unsigned int i;

	*text = '\0';
	for (i = 0; i < rule->condition_count && used < size; i++)
		used += (size_t)snprintf(text + used, size - used, "%s%.*s",
		    i > 0 ? ", " : "", rule->conditions[i].length,
		    rule->text + rule->conditions[i].begin);
	return text;
}

enum rule_action
rule_target(const char *name)
{
	if (IS(name, "ACCEPT", "MASQUERADE", "SNAT"))
		return RULE_ACCEPT;
	if (IS(name, "DROP", "REJECT", "TARPIT"))
		return RULE_DROP;
	if (IS(name, "RETURN"))
		return RULE_RETURN;
	if (IS(name, "REDIRECT", "DNAT", "NETMAP", "TPROXY"))
		return RULE_DIVERT;
	if (IS(name, "LOG", "NFLOG", "ULOG", "AUDIT", "MARK", "CONNMARK",
		"SECMARK", "CONNSECMARK", "CLASSIFY", "CT", "NOTRACK", "TCPMSS",
		"TCPOPTSTRIP", "CHECKSUM", "DSCP", "TOS", "TTL", "HL", "ECN",
		"HMARK", "LED", "RATEEST", "SET", "TRACE", "TEE"))
		return RULE_CONTINUE;
	return RULE_UNKNOWN;
}

const struct rule_port *
rule_next_port(const struct rules *rules, const struct rule_ports *list,
    const struct rule_packet *packet, const struct rule_port *before)
{
	uint32_t at = list->begin;

	if (before != NULL)
		at = (uint32_t)(before - rules->ports) + 1;
	for (; at < list->begin + list->count; at++) {
		const struct rule_port *port = &rules->ports[at];

		if (port->first <= packet->port && packet->port <= port->last &&
		    (port->protocol == 0 || port->protocol == packet->protocol))
			return port;
	}
	return NULL;
}

static enum rule_fit
fits_ports(const struct rules *rules, const struct rule_ports *list,
    const struct rule_packet *packet)
{
	const struct rule_port *port = NULL;
	bool is_partial = false;

	while ((port = rule_next_port(rules, list, packet, port)) != NULL)
		if (!port->partial)
			return list->negated ? RULE_NEVER : RULE_ALWAYS;
		else
			is_partial = true;
	if (is_partial || list->unknown)
		return RULE_PERHAPS;
	return list->negated ? RULE_ALWAYS : RULE_NEVER;
}

bool
rule_is_for(const struct rules *rules, const struct rule *rule,
    const struct rule_packet *packet)
{
	const uint16_t table = rules->chains[rule->chain].family;

	if (rule->is_never || (rule->is_of_diverted && !packet->is_diverted) ||
	    !(packet->protocol == IPPROTO_UDP ? rule->is_udp : rule->is_tcp))
		return false;
	return packet->family == AF_UNSPEC ||
	    ((rule->family == AF_UNSPEC || rule->family == packet->family) &&
		(table == AF_UNSPEC || table == packet->family));
}

enum rule_fit
rule_fits(const struct rules *rules, const struct rule *rule,
    const struct rule_packet *packet)
{
	enum rule_fit fit = rule->condition_count > 0 ? RULE_PERHAPS
						      : RULE_ALWAYS;
	enum rule_fit ports;
	unsigned int i;

	if (!rule_is_for(rules, rule, packet))
		return RULE_NEVER;
	for (i = 0; i < rule->match_count; i++) {
		ports = fits_ports(rules, &rule->matches[i], packet);
		if (ports < fit)
			fit = ports;
	}
	return fit;
}
