/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child, with --doctor by root, or --from-iptables.  Computes only.
 * Reads: what nft(8) prints.
 */
#include <netinet/in.h>
#include <string.h>

#include "nft_values.h"

int
nft_protocol(const char *word)
{
	if (IS(word, "tcp", "6"))
		return IPPROTO_TCP;
	if (IS(word, "udp", "17"))
		return IPPROTO_UDP;
	return IPPROTO_RAW;
}

static unsigned int
verdict_of(const char *word)
{
	static const char *const verdicts[] = {
	    [RULE_CONTINUE] = "continue",
	    [RULE_ACCEPT] = "accept",
	    [RULE_DROP] = "drop",
	    [RULE_RETURN] = "return",
	    [RULE_JUMP] = "jump",
	    [RULE_GOTO] = "goto",
	};
	unsigned int action = RULE_CONTINUE;

	while (action <= RULE_GOTO && strcmp(word, verdicts[action]) != 0)
		action++;
	return action <= RULE_GOTO ? action : RULE_UNKNOWN;
}

void
nft_read_verdict(struct nft_parser *p, struct rule_port *port)
{
	struct rule_chain chain = {.family = p->reader->family, .is_nft = true};

	port->action = (uint8_t)verdict_of(p->word);
	if (port->action != RULE_JUMP && port->action != RULE_GOTO)
		return;
	nft_next(p);
	memcpy(chain.table, p->reader->table, sizeof(chain.table));
	words_copy(chain.name, p->word);
	port->chain = rules_chain(p->reader->rules, &chain);
}

/* The value behind a ':': a verdict, a port, or an address and port. */
static void
read_value(struct nft_parser *p, struct rule_port *port)
{
	struct rule_port to = {0};

	while (!nft_is_next(p, ",") && !nft_is_next(p, "}") && nft_next(p))
		if (verdict_of(p->word) != RULE_UNKNOWN)
			nft_read_verdict(p, port);
		else if (rule_parse_address(&port->address, p->word))
			continue;
		else if (rule_parse_ports(&to, p->word, '-', p->protocol))
			port->to = to.first;
}

/* The word is the part of that number of an element. */
static bool
read_element_part(struct nft_parser *p, const struct nft_selector *s, int part,
    struct rule_port *port)
{
	if (part == s->protocol && part != s->port) {
		port->protocol = (uint8_t)nft_protocol(p->word);
		return true;
	}
	if (part != s->port) {
		/* iptables-nft writes it so: all ports. */
		port->partial |= !IS(p->word, "0-65535");
		return true;
	}
	return rule_parse_ports(port, p->word, '-', p->protocol);
}

/* One element, up to the ',' or '}': its parts, their options, and in a map the
 * value. */
static bool
read_element(struct nft_parser *p, const struct nft_selector *s,
    struct rule_port *port)
{
	bool understood = true;
	int part = 0;

	*port = (struct rule_port){.last = UINT16_MAX};
	if (s->port < 0)
		port->partial = true;
	while (!nft_is_next(p, ",") && !nft_is_next(p, "}") &&
	    !nft_is_next(p, ":") && nft_next(p))
		if (IS(p->word, "."))
			part++;
		else if (IS(p->word, "timeout", "expires", "comment", "counter",
			     "limit", "quota")) {
			while (!nft_is_next(p, ",") && !nft_is_next(p, "}") &&
			    !nft_is_next(p, ":") && nft_next(p))
				;
		} else
			understood &= read_element_part(p, s, part, port);
	if (nft_take(p, ":"))
		read_value(p, port);
	return understood;
}

bool
nft_read_elements(struct nft_parser *p, const struct nft_selector *s,
    struct rule_ports *ports)
{
	struct rule_port port;

	for (;;) {
		while (nft_take(p, ","))
			;
		if (nft_take(p, "}"))
			return true;
		if (p->at[strspn(p->at, " \t\r")] == '\0')
			return false;
		if (nft_take(p, "{") || nft_take(p, ";"))
			ports->unknown = true;
		else if (read_element(p, s, &port))
			rules_add_port(p->reader->rules, ports, &port);
		else
			ports->unknown = true;
	}
}

static struct nftables_set *
find_set(const struct nft_parser *p, const char *name)
{
	struct nftables_set *set = p->reader->sets;
	size_t i;

	for (i = 0; i < p->reader->set_count; i++, set++)
		if (set->family == p->reader->family &&
		    strcmp(set->table, p->reader->table) == 0 &&
		    strcmp(set->name, name) == 0)
			return set;
	return NULL;
}

static void
use_set(struct nft_parser *p, const struct nft_selector *s,
    struct rule_ports *ports)
{
	const struct nftables_set *set = find_set(p, p->word + 1);
	const bool negated = ports->negated;

	if (set == NULL || set->part != s->port || set->parts != s->parts) {
		ports->unknown = true;
		return;
	}
	*ports = set->ports;
	ports->negated = negated;
}

/* Ports without braces: "443", or parts of a concatenation. */
static void
read_single(struct nft_parser *p, const struct nft_selector *s,
    struct rule_ports *ports)
{
	struct rule_port port = {.last = UINT16_MAX};
	bool understood = true;
	int part = 0;

	understood = read_element_part(p, s, part, &port);
	while (nft_take(p, ".") && nft_next(p))
		understood &= read_element_part(p, s, ++part, &port);
	if (understood)
		rules_add_port(p->reader->rules, ports, &port);
	else
		ports->unknown = true;
}

/* "< 1024" and so on, as the ports that it is true of. */
bool
nft_read_comparison(struct nft_parser *p, const char *operator,
    struct rule_ports * ports)
{
	struct rule_port port = {.last = UINT16_MAX};
	uint16_t limit;

	if (!nft_next(p) || !rule_parse_port(&limit, p->word, p->protocol))
		return false;
	if (IS(operator, ">=", "ge"))
		port.first = limit;
	else if (IS(operator, "<=", "le"))
		port.last = limit;
	else if (IS(operator, ">", "gt") && limit < UINT16_MAX)
		port.first = limit + 1;
	else if (IS(operator, "<", "lt") && limit > 0)
		port.last = limit - 1;
	else
		return true;
	rules_add_port(p->reader->rules, ports, &port);
	return true;
}

/* The set, name of one, or value behind the operator. */
void
nft_read_ports(struct nft_parser *p, const struct nft_selector *s,
    struct rule_ports *ports)
{
	if (nft_take(p, "{")) {
		if (!nft_read_elements(p, s, ports))
			ports->unknown = true;
		return;
	}
	if (!nft_next(p)) {
		ports->unknown = true;
		return;
	}
	if (*p->word == '@')
		use_set(p, s, ports);
	else
		read_single(p, s, ports);
}
