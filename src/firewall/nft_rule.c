/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child, with --doctor by root, or --from-iptables.  Computes only.
 * Reads: what nft(8) prints.
 */
#include <netinet/in.h>
#include <string.h>

#include "nft_rule.h"
#include "nft_values.h"
#include "number.h"

/* Parts that a concatenation may have, "ip daddr . tcp dport". */
#define PARTS 8

/* ---- What is matched: "tcp dport", "ip saddr . meta l4proto" and so on. */

static void
set_protocol(struct nft_parser *p, const char *word)
{
	if (IS(word, "th"))
		return;
	p->protocol = nft_protocol(word);
	p->rule->is_tcp &= p->protocol == IPPROTO_TCP;
	p->rule->is_udp &= p->protocol == IPPROTO_UDP;
}

static void
read_transport(struct nft_parser *p, struct nft_selector *s)
{
	const bool is_known = IS(p->word, "tcp", "udp", "th");

	set_protocol(p, p->word);
	nft_next(p);
	if (is_known && IS(p->word, "dport"))
		s->port = s->parts;
	s->is_flags = IS(p->word, "flags");
	if (IS(p->word, "option")) {
		nft_next(p);
		if (!nft_is_next(p, "exists") && !nft_is_next(p, "missing"))
			nft_next(p);
	}
}

static void
read_network(struct nft_parser *p, struct nft_selector *s)
{
	const bool is_ip6 = IS(p->word, "ip6");

	p->rule->family = is_ip6 ? AF_INET6 : AF_INET;
	nft_next(p);
	if (IS(p->word, "protocol", "nexthdr"))
		s->protocol = s->parts;
}

static void
read_meta(struct nft_parser *p, struct nft_selector *s)
{
	nft_next(p);
	if (IS(p->word, "l4proto"))
		s->protocol = s->parts;
	s->is_family = IS(p->word, "nfproto");
	s->is_kind = IS(p->word, "pkttype");
}

static void
read_connection(struct nft_parser *p, struct nft_selector *s)
{
	nft_next(p);
	if (IS(p->word, "original", "reply"))
		nft_next(p);
	if (IS(p->word, "ip", "ip6"))
		nft_next(p);
	/* The port that the packet had before a rule diverted it. */
	if (IS(p->word, "proto-dst"))
		s->port = s->parts;
	s->is_state = IS(p->word, "state");
	s->is_status = IS(p->word, "status");
}

/* "fib daddr . iif type" */
static void
read_fib(struct nft_parser *p, struct nft_selector *s)
{
	bool is_daddr = nft_is_next(p, "daddr");

	nft_next(p);
	while (nft_take(p, ".") && nft_next(p))
		is_daddr &= IS(p->word, "iif");
	nft_next(p);
	s->is_local = is_daddr && IS(p->word, "type");
}

static void
read_part(struct nft_parser *p, struct nft_selector *s)
{
	if (IS(p->word, "tcp", "udp", "th", "udplite", "sctp", "dccp"))
		read_transport(p, s);
	else if (IS(p->word, "ip", "ip6"))
		read_network(p, s);
	else if (IS(p->word, "meta"))
		read_meta(p, s);
	else if (IS(p->word, "ct"))
		read_connection(p, s);
	else if (IS(p->word, "fib"))
		read_fib(p, s);
	else if (IS(p->word, "pkttype"))
		s->is_kind = true;
	else if (!IS(p->word, "iif", "iifname", "oif", "oifname", "iiftype",
		     "oiftype", "iifgroup", "oifgroup", "skuid", "skgid",
		     "mark", "cgroup", "rtclassid", "cpu"))
		nft_next(p);
	s->parts++;
}

/* Its first word was read. */
static struct nft_selector
read_selector(struct nft_parser *p)
{
	struct nft_selector s = {.port = -1, .protocol = -1};

	read_part(p, &s);
	while (s.parts < PARTS && nft_take(p, ".") && nft_next(p))
		read_part(p, &s);
	return s;
}

/* ---- Matches. */

static void
match_unknown(struct nft_parser *p, const char *begin)
{
	nft_skip_values(p);
	nft_add_condition(p, begin);
}

static void
match_port(struct nft_parser *p, const struct nft_selector *s,
    const char *begin)
{
	static const char *const operators[] = {"<", ">", "<=", ">=", NULL};
	struct rule_ports ports = {0};
	const char *const *o;

	ports.negated = nft_take(p, "!=");
	if (!ports.negated)
		nft_take(p, "==");
	for (o = operators; *o != NULL && !nft_take(p, *o); o++)
		;
	if (nft_is_next(p, "&") || nft_is_next(p, "|") || nft_is_next(p, "^") ||
	    (*o != NULL && !nft_read_comparison(p, *o, &ports))) {
		ports.unknown = true;
		match_unknown(p, begin);
	} else if (*o == NULL)
		nft_read_ports(p, s, &ports);
	/* Another part of the concatenation may decide. */
	if (s->parts > 1 && s->parts > 1 + (s->protocol >= 0))
		nft_add_condition(p, begin);
	rule_add_match(p->rule, &ports);
}

static void
match_protocol(struct nft_parser *p)
{
	const bool negated = nft_take(p, "!=");
	bool is_tcp = false, is_udp = false, in_set;
	int protocol;

	if (!negated)
		nft_take(p, "==");
	in_set = nft_take(p, "{");
	while (nft_next(p) && !IS(p->word, "}")) {
		protocol = nft_protocol(p->word);
		is_tcp |= protocol == IPPROTO_TCP;
		is_udp |= protocol == IPPROTO_UDP;
		if (!in_set)
			break;
	}
	p->rule->is_tcp &= is_tcp != negated;
	p->rule->is_udp &= is_udp != negated;
}

static void
match_family(struct nft_parser *p, const char *begin)
{
	if (nft_take(p, "ipv4"))
		p->rule->family = AF_INET;
	else if (nft_take(p, "ipv6"))
		p->rule->family = AF_INET6;
	else
		match_unknown(p, begin);
}

/* Packets for this host come to it alone, but for broadcasts. */
static void
match_kind(struct nft_parser *p, const char *begin)
{
	if (!nft_take(p, "host") && !nft_take(p, "unicast"))
		match_unknown(p, begin);
}

/* Of the states, only that of a new connection is of interest. */
static void
match_state(struct nft_parser *p, const char *begin)
{
	const bool negated = nft_take(p, "!=");
	const char *values = p->at;
	bool is_new = false, is_other = false;

	nft_skip_values(p);
	for (; values < p->at; values++) {
		is_new |= strncmp(values, "new", 3) == 0;
		is_other |= strncmp(values, "untracked", 9) == 0;
	}
	if (is_new)
		p->rule->is_never |= negated;
	else if (is_other)
		nft_add_condition(p, begin);
	else
		p->rule->is_never |= !negated;
}

static void
match_local(struct nft_parser *p, const char *begin)
{
	const bool negated = nft_take(p, "!=");

	if (nft_is_next(p, "local")) {
		nft_next(p);
		p->rule->is_never |= negated;
		p->rule->is_for_local = true;
		return;
	}
	match_unknown(p, begin);
}

/* A connection's first packet has SYN set, and hardly another flag. */
static void
match_flags(struct nft_parser *p, const char *begin)
{
	const char *const end = " == syn";
	size_t length;

	nft_skip_values(p);
	length = (size_t)(p->at - begin);
	if (strncmp(begin, "tcp flags syn", 13) == 0 ||
	    (length > strlen(end) &&
		strncmp(p->at - strlen(end), end, strlen(end)) == 0))
		return;
	nft_add_condition(p, begin);
}

static void
match_status(struct nft_parser *p, const char *begin)
{
	if (nft_is_next(p, "dnat")) {
		nft_next(p);
		p->rule->is_of_diverted = true;
		return;
	}
	match_unknown(p, begin);
}

/* A map of verdicts, by the port if that is a part of it. */
static void
read_verdict_map(struct nft_parser *p, const struct nft_selector *s,
    const char *begin)
{
	nft_next(p);
	nft_read_ports(p, s, &p->rule->map);
	p->rule->is_mapped = true;
	p->rule->action = RULE_UNKNOWN;
	if (s->is_state)
		p->rule->is_never |= strstr(begin, "new :") == NULL;
	if (s->port < 0)
		nft_add_condition(p, begin);
}

static void
set_port(struct nft_parser *p)
{
	struct rule_port to = {0};

	nft_next(p);
	nft_next(p);
	if (rule_parse_ports(&to, p->word, '-', p->protocol))
		p->rule->to = p->rule->to_last = to.first;
	p->rule->action = RULE_DIVERT;
	p->rule->way = RULE_TO_OTHERS;
}

/* Its first word was read. */
static void
read_expression(struct nft_parser *p)
{
	const char *begin = p->begin;
	struct nft_selector s;

	if (IS(p->word, "limit", "quota", "numgen", "jhash", "symhash", "xt",
		"XT", "osf", "ipsec", "exthdr", "rt", "socket")) {
		nft_skip_rest(p);
		nft_add_condition(p, begin);
		return;
	}
	s = read_selector(p);
	if (nft_is_next(p, "set")) {
		if (s.port == 0)
			set_port(p);
		else {
			nft_next(p);
			nft_next(p);
			nft_skip_rest(p);
		}
	} else if (nft_is_next(p, "vmap"))
		read_verdict_map(p, &s, begin);
	else if (s.port >= 0)
		match_port(p, &s, begin);
	else if (s.protocol == 0 && s.parts == 1)
		match_protocol(p);
	else if (s.is_family && s.parts == 1)
		match_family(p, begin);
	else if (s.is_kind && s.parts == 1)
		match_kind(p, begin);
	else if (s.is_state)
		match_state(p, begin);
	else if (s.is_local)
		match_local(p, begin);
	else if (s.is_status && s.parts == 1)
		match_status(p, begin);
	else if (s.is_flags && s.parts == 1)
		match_flags(p, begin);
	else
		match_unknown(p, begin);
}

/* ---- Statements. */

/* "tcp dport map { 443 : 8443 }".  A map by another part may have no ports. */
static void
read_port_map(struct nft_parser *p, const char *begin)
{
	const struct nft_selector s = read_selector(p);

	if (!nft_take(p, "map") || s.port < 0) {
		p->rule->way = RULE_TO_OTHERS;
		nft_skip_rest(p);
		nft_add_condition(p, begin);
		return;
	}
	nft_read_ports(p, &s, &p->rule->map);
	p->rule->is_mapped = true;
}

/* "8443", ":8443", "192.0.2.1", "192.0.2.1:8443", "[::1]:8443". */
static void
read_target(struct nft_parser *p)
{
	struct rule_address *address = &p->rule->address;
	char *colon = strrchr(p->word, ':');
	const char *text = p->word;
	struct rule_port to;

	if (p->rule->way == RULE_TO_HOST && colon == NULL)
		colon = p->word;
	else if (rule_parse_address(address, text))
		return;
	else if (colon != NULL)
		*colon++ = '\0';
	if (*text == '[') {
		text++;
		p->word[strcspn(p->word, "]")] = '\0';
	}
	if (colon != p->word && *text != '\0' &&
	    !rule_parse_address(address, text))
		p->rule->way = RULE_TO_OTHERS;
	if (colon == NULL || !rule_parse_ports(&to, colon, '-', p->protocol)) {
		p->rule->way = RULE_TO_OTHERS;
		return;
	}
	p->rule->to = to.first;
	p->rule->to_last = to.last;
}

static void
set_way(struct rule *rule, const char *statement)
{
	rule->action = RULE_DIVERT;
	rule->way = IS(statement, "redirect", "REDIRECT") ? RULE_TO_HOST
	    : IS(statement, "dnat", "DNAT")               ? RULE_TO_ADDRESS
							  : RULE_TO_PROGRAM;
	rule->is_beyond = rule->way != RULE_TO_HOST;
}

static void
read_destination(struct nft_parser *p)
{
	const char *begin = p->begin;
	char *keys;

	set_way(p->rule, p->word);
	while (nft_take(p, "ip") || nft_take(p, "ip6") || nft_take(p, "addr") ||
	    nft_take(p, ".") || nft_take(p, "port") || nft_take(p, "prefix"))
		;
	if (!nft_take(p, "to") || !nft_next(p))
		return;
	keys = p->word + (*p->word == ':');
	if (IS(keys, "numgen", "jhash", "symhash")) {
		p->rule->way = RULE_TO_OTHERS;
		nft_skip_rest(p);
	} else if (nft_starts_expression(keys)) {
		memmove(p->word, keys, strlen(keys) + 1);
		read_port_map(p, begin);
	} else
		read_target(p);
	rule_settle(p->rule);
	while (nft_take(p, "random") || nft_take(p, "fully-random") ||
	    nft_take(p, "persistent") || nft_take(p, ","))
		;
}

/* A packet that was diverted before it is accepted stays diverted. */
static void
read_verdict(struct nft_parser *p)
{
	struct rule_port port = {.chain = p->rule->target};

	nft_read_verdict(p, &port);
	if (port.action != RULE_ACCEPT || p->rule->action != RULE_DIVERT)
		p->rule->action = port.action;
	p->rule->target = port.chain;
}

static void
read_counter(struct nft_parser *p)
{
	if (nft_take(p, "name")) {
		nft_next(p);
		return;
	}
	if (nft_take(p, "packets")) {
		nft_next(p);
		nft_take(p, "bytes");
		nft_next(p);
	}
}

static void
read_log(struct nft_parser *p)
{
	while (nft_take(p, "prefix") || nft_take(p, "level") ||
	    nft_take(p, "group") || nft_take(p, "snaplen") ||
	    nft_take(p, "queue-threshold") || nft_take(p, "flags"))
		nft_next(p);
}

/* "xt target REDIRECT", or "XT target REDIRECT not found": of iptables-nft. */
static bool
read_foreign(struct nft_parser *p)
{
	if (!IS(p->word, "xt", "XT") || !nft_take(p, "target"))
		return false;
	nft_next(p);
	set_way(p->rule, p->word);
	p->rule->action = (uint8_t)rule_target(p->word);
	p->rule->way = RULE_TO_OTHERS;
	nft_skip_line(p);
	return true;
}

/* The rest of the line says how. */
static void
read_final(struct nft_parser *p)
{
	p->rule->action = IS(p->word, "reject") ? RULE_DROP
	    : IS(p->word, "queue")              ? RULE_UNKNOWN
						: RULE_ACCEPT;
	nft_skip_line(p);
}

static bool
read_statement(struct nft_parser *p)
{
	if (IS(p->word, "accept", "drop", "return", "jump", "goto"))
		read_verdict(p);
	else if (IS(p->word, "reject", "queue", "snat", "masquerade"))
		read_final(p);
	else if (IS(p->word, "redirect", "dnat", "tproxy"))
		read_destination(p);
	else if (IS(p->word, "counter", "last"))
		read_counter(p);
	else if (IS(p->word, "log"))
		read_log(p);
	else if (IS(p->word, "comment"))
		nft_next(p);
	else
		return IS(p->word, "continue", "notrack");
	return true;
}

/* "# handle 5", which is no part of the rule. */
static void
read_comment(struct nft_parser *p)
{
	const size_t at = (size_t)(p->begin - p->line);
	unsigned long handle;

	if (nft_take(p, "handle") && nft_next(p) &&
	    number_parse(&handle, p->word, 1, UINT32_MAX))
		p->rule->handle = (uint32_t)handle;
	nft_skip_line(p);
	if (at < RULE_TEXT)
		p->rule->text[at] = '\0';
}

static void
read_clause(struct nft_parser *p)
{
	const char *begin = p->begin;

	if (*p->word == '#')
		read_comment(p);
	else if (IS(p->word, ";") || (!p->is_quoted && read_foreign(p)))
		return;
	else if (!p->is_quoted && nft_starts_expression(p->word))
		read_expression(p);
	else if (p->is_quoted || !read_statement(p)) {
		nft_skip_rest(p);
		nft_add_condition(p, begin);
	}
}

void
nft_read_rule(struct nft_parser *p)
{
	p->rule = rules_begin(p->reader->rules, p->line, strlen(p->line));
	if (p->rule == NULL)
		return;
	while (nft_next(p))
		read_clause(p);
	rules_add(p->reader->rules, p->reader->chain, false);
}
