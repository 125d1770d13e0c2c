/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child, with --doctor, by root.  Computes only.
 * Reads: what nft(8) prints.
 */
#include <ctype.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nftables.h"

#define WORD 128

/* The parts of a concatenation, "ip daddr . tcp dport". */
#define PARTS 8

/* What is matched: each part is something else, the port, or the protocol. */
struct selector {
	int parts;
	int port;     /* the part that is the destination port, or -1 */
	int protocol; /* likewise */
	bool is_computed;
	bool is_local;  /* fib daddr type */
	bool is_state;  /* ct state */
	bool is_status; /* ct status */
	bool is_flags;  /* tcp flags */
};

struct parser {
	struct nftables_reader *reader;
	const char *line, *at;
	char word[WORD];
	const char *begin;
	bool is_quoted;
	struct rule *rule;
	int protocol; /* that names of ports are of */
	const char *unknown, *unknown_end;
};

static bool
is_one_of(const char *word, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strcmp(word, *words) == 0)
			return true;
	return false;
}

#define IS(word, ...) is_one_of(word, (const char *const[]){__VA_ARGS__, NULL})

static const char *
skip_quoted(const char *at)
{
	for (at++; *at != '\0' && *at != '"'; at++)
		at += *at == '\\' && at[1] != '\0';
	return *at == '"' ? at + 1 : at;
}

/* The next word: of quotes, a brace, comma or semicolon, or to the next of
 * these or a blank.  "" at the end. */
static bool
next_word(struct parser *p)
{
	const char *at = p->at + strspn(p->at, " \t\r");
	size_t length;

	p->begin = at;
	p->is_quoted = *at == '"';
	if (p->is_quoted)
		at = skip_quoted(at);
	else if (*at != '\0' && strchr("{},;", *at) != NULL)
		at++;
	else
		at += strcspn(at, " \t\r{},;\"");
	length = (size_t)(at - p->begin);
	snprintf(p->word, sizeof(p->word), "%.*s", (int)length, p->begin);
	p->at = at;
	return length > 0;
}

static bool
is_next(const struct parser *p, const char *word)
{
	const char *at = p->at + strspn(p->at, " \t\r");
	const size_t length = strlen(word);

	return strncmp(at, word, length) == 0 &&
	    (at[length] == '\0' || strchr(" \t\r{},;", at[length]) != NULL ||
		strchr("{},;", *word) != NULL);
}

static bool
take(struct parser *p, const char *word)
{
	return is_next(p, word) && next_word(p);
}

static bool
starts_expression(const char *word)
{
	return IS(word, "tcp", "udp", "udplite", "sctp", "dccp", "th", "ip",
	    "ip6", "meta", "iif", "iifname", "oif", "oifname", "iiftype",
	    "oiftype", "iifgroup", "oifgroup", "skuid", "skgid", "mark",
	    "cgroup", "rtclassid", "pkttype", "cpu", "ct", "fib", "socket",
	    "rt", "osf", "ipsec", "ether", "vlan", "arp", "icmp", "icmpv6",
	    "igmp", "esp", "ah", "comp", "frag", "hbh", "mh", "dst", "exthdr",
	    "limit", "quota", "numgen", "jhash", "symhash", "xt", "XT");
}

static bool
starts_statement(const char *word)
{
	return IS(word, "accept", "drop", "reject", "return", "continue",
	    "jump", "goto", "queue", "redirect", "dnat", "snat", "masquerade",
	    "tproxy", "counter", "log", "comment", "notrack", "dup", "fwd",
	    "add", "update", "delete", "set", "synproxy", "flow", "last");
}

static void
end_unknown(struct parser *p)
{
	if (p->unknown != NULL)
		rule_add_condition(p->rule, (size_t)(p->unknown - p->line),
		    (size_t)(p->unknown_end - p->unknown));
	p->unknown = NULL;
}

static void
add_condition(struct parser *p, const char *begin)
{
	if (p->unknown == NULL)
		p->unknown = begin;
	p->unknown_end = p->at;
	end_unknown(p);
}

static int
protocol_of(const char *word)
{
	if (IS(word, "tcp", "6"))
		return IPPROTO_TCP;
	if (IS(word, "udp", "17"))
		return IPPROTO_UDP;
	return IPPROTO_RAW;
}

/* ---- What is matched: "tcp dport", "ip saddr . meta l4proto" and so on. */

static void
set_protocol(struct parser *p, const char *word)
{
	if (strcmp(word, "th") == 0)
		return;
	p->protocol = protocol_of(word);
	p->rule->is_tcp &= p->protocol == IPPROTO_TCP;
	p->rule->is_udp &= p->protocol == IPPROTO_UDP;
}

static void
read_transport(struct parser *p, struct selector *s)
{
	const bool is_known = IS(p->word, "tcp", "udp", "th");

	set_protocol(p, p->word);
	next_word(p);
	if (is_known && strcmp(p->word, "dport") == 0)
		s->port = s->parts;
	s->is_flags = strcmp(p->word, "flags") == 0;
	if (strcmp(p->word, "option") == 0) {
		next_word(p);
		if (!is_next(p, "exists") && !is_next(p, "missing"))
			next_word(p);
	}
}

static void
read_network(struct parser *p, struct selector *s)
{
	const bool is_ip6 = strcmp(p->word, "ip6") == 0;

	p->rule->family = is_ip6 ? AF_INET6 : AF_INET;
	next_word(p);
	if (IS(p->word, "protocol", "nexthdr"))
		s->protocol = s->parts;
}

static void
read_meta(struct parser *p, struct selector *s)
{
	next_word(p);
	if (strcmp(p->word, "l4proto") == 0)
		s->protocol = s->parts;
}

static void
read_connection(struct parser *p, struct selector *s)
{
	next_word(p);
	if (IS(p->word, "original", "reply"))
		next_word(p);
	if (IS(p->word, "ip", "ip6"))
		next_word(p);
	/* The port before any rule diverted it. */
	if (strcmp(p->word, "proto-dst") == 0)
		s->port = s->parts;
	s->is_state = strcmp(p->word, "state") == 0;
	s->is_status = strcmp(p->word, "status") == 0;
}

/* "fib daddr . iif type" */
static void
read_fib(struct parser *p, struct selector *s)
{
	bool is_alone = is_next(p, "daddr");

	next_word(p);
	while (take(p, ".")) {
		is_alone = false;
		next_word(p);
	}
	next_word(p);
	s->is_local = is_alone && strcmp(p->word, "type") == 0;
}

static void
read_part(struct parser *p, struct selector *s)
{
	if (IS(p->word, "tcp", "udp", "th", "udplite", "sctp", "dccp"))
		read_transport(p, s);
	else if (IS(p->word, "ip", "ip6"))
		read_network(p, s);
	else if (strcmp(p->word, "meta") == 0)
		read_meta(p, s);
	else if (strcmp(p->word, "ct") == 0)
		read_connection(p, s);
	else if (strcmp(p->word, "fib") == 0)
		read_fib(p, s);
	else if (!IS(p->word, "iif", "iifname", "oif", "oifname", "iiftype",
		     "oiftype", "iifgroup", "oifgroup", "skuid", "skgid",
		     "mark", "cgroup", "rtclassid", "pkttype", "cpu"))
		next_word(p);
	s->parts++;
}

/* The word that was read is its first. */
static struct selector
read_selector(struct parser *p)
{
	struct selector s = {.port = -1, .protocol = -1};

	read_part(p, &s);
	while (s.parts < PARTS && take(p, ".") && next_word(p))
		read_part(p, &s);
	return s;
}

/* ---- What it is compared to. */

static void
read_verdict(struct parser *p, struct rule_port *port, const char *word)
{
	struct rule_chain chain = {.family = p->reader->family, .is_nft = true};

	if (strcmp(word, "accept") == 0)
		port->action = RULE_ACCEPT;
	else if (strcmp(word, "drop") == 0)
		port->action = RULE_DROP;
	else if (strcmp(word, "return") == 0)
		port->action = RULE_RETURN;
	else if (strcmp(word, "continue") == 0)
		port->action = RULE_CONTINUE;
	else if (IS(word, "jump", "goto")) {
		port->action = *word == 'j' ? RULE_JUMP : RULE_GOTO;
		next_word(p);
		memcpy(chain.table, p->reader->table, sizeof(chain.table));
		snprintf(chain.name, sizeof(chain.name), "%.*s", RULE_NAME - 1,
		    p->word);
		port->chain = rules_chain(p->reader->rules, &chain);
	} else
		port->action = RULE_UNKNOWN;
}

/* Behind the ':' of a map: a verdict, a port, or an address and port. */
static void
read_value(struct parser *p, struct rule_port *port)
{
	struct rule_port to = {0};

	while (!is_next(p, ",") && !is_next(p, "}") && next_word(p))
		if (IS(p->word, "accept", "drop", "return", "continue", "jump",
			"goto"))
			read_verdict(p, port, p->word);
		else if (rule_parse_ports(&to, p->word, '-', p->protocol))
			port->to = to.first;
}

/* Of one element, the word that is its part of this number. */
static bool
read_element_part(struct parser *p, const struct selector *s, int part,
    struct rule_port *port)
{
	if (part == s->protocol && part != s->port) {
		port->protocol = (uint8_t)protocol_of(p->word);
		return true;
	}
	if (part != s->port) {
		/* All of them, as iptables-nft writes it. */
		port->partial |= strcmp(p->word, "0-65535") != 0;
		return true;
	}
	return rule_parse_ports(port, p->word, '-', p->protocol);
}

/* One element, up to the ',' or '}': its parts, what else is said of it, and
 * in a map the value. */
static bool
read_element(struct parser *p, const struct selector *s, struct rule_port *port)
{
	bool understood = true;
	int part = 0;

	*port = (struct rule_port){.last = UINT16_MAX};
	if (s->port < 0)
		port->partial = true;
	while (!is_next(p, ",") && !is_next(p, "}") && !is_next(p, ":") &&
	    next_word(p))
		if (strcmp(p->word, ".") == 0)
			part++;
		else if (IS(p->word, "timeout", "expires", "comment", "counter",
			     "limit", "quota")) {
			while (!is_next(p, ",") && !is_next(p, "}") &&
			    !is_next(p, ":") && next_word(p))
				;
		} else
			understood &= read_element_part(p, s, part, port);
	if (take(p, ":"))
		read_value(p, port);
	return understood;
}

/* Elements as far as the line goes, or to the '}'; true where that came. */
static bool
read_elements(struct parser *p, const struct selector *s,
    struct rule_ports *ports)
{
	struct rule_port port;

	for (;;) {
		while (take(p, ","))
			;
		if (take(p, "}"))
			return true;
		if (p->at[strspn(p->at, " \t\r")] == '\0')
			return false;
		if (take(p, "{") || take(p, ";"))
			ports->unknown = true;
		else if (read_element(p, s, &port))
			rules_add_port(p->reader->rules, ports, &port);
		else
			ports->unknown = true;
	}
}

static struct nftables_set *
find_set(const struct parser *p, const char *name)
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
use_set(struct parser *p, const struct selector *s, struct rule_ports *ports)
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

/* Ports that are not to be listed: "443", or "80,443". */
static void
read_single(struct parser *p, const struct selector *s,
    struct rule_ports *ports)
{
	struct rule_port port = {.last = UINT16_MAX};
	bool understood = true;
	int part = 0;

	understood = read_element_part(p, s, part, &port);
	while (take(p, ".") && next_word(p))
		understood &= read_element_part(p, s, ++part, &port);
	if (understood)
		rules_add_port(p->reader->rules, ports, &port);
	else
		ports->unknown = true;
}

/* "< 1024" and so on, as the ports that it is true of. */
static bool
read_comparison(struct parser *p, const char *operator,
    struct rule_ports * ports)
{
	struct rule_port port = {.last = UINT16_MAX};
	uint16_t limit;

	if (!next_word(p) || !rule_parse_port(&limit, p->word, p->protocol))
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
static void
read_ports(struct parser *p, const struct selector *s, struct rule_ports *ports)
{
	if (take(p, "{")) {
		if (!read_elements(p, s, ports))
			ports->unknown = true;
		return;
	}
	if (!next_word(p)) {
		ports->unknown = true;
		return;
	}
	if (*p->word == '@')
		use_set(p, s, ports);
	else
		read_single(p, s, ports);
}

static bool
take_operator(struct parser *p)
{
	static const char *const operators[] = {"!=", "==", "<", ">",
	    "<=", ">=", "&", "|", "^", "<<", ">>", "/", ".", ",", "and", "or"};
	size_t i;

	for (i = 0; i < sizeof(operators) / sizeof(operators[0]); i++)
		if (take(p, operators[i]))
			return true;
	return false;
}

/* Passes by what is compared to, of which nothing is known. */
static void
skip_values(struct parser *p)
{
	while (take_operator(p))
		;
	do {
		if (take(p, "{"))
			while (next_word(p) && strcmp(p->word, "}") != 0)
				;
		else
			next_word(p);
	} while (take_operator(p));
}

/* What nobody knows of goes to the next expression or statement. */
static void
skip_rest(struct parser *p)
{
	const char *before = p->at;

	while (next_word(p)) {
		if (!p->is_quoted &&
		    (starts_expression(p->word) || starts_statement(p->word))) {
			p->at = before;
			return;
		}
		before = p->at;
	}
}

/* ---- Matches. */

static void
match_port(struct parser *p, const struct selector *s, const char *begin)
{
	static const char *const operators[] = {"<", ">", "<=", ">=", NULL};
	struct rule_ports ports = {0};
	const char *const *o;

	ports.negated = take(p, "!=");
	if (!ports.negated)
		take(p, "==");
	for (o = operators; *o != NULL && !take(p, *o); o++)
		;
	if (is_next(p, "&") || is_next(p, "|") || is_next(p, "^") ||
	    (*o != NULL && !read_comparison(p, *o, &ports))) {
		ports.unknown = true;
		skip_values(p);
		add_condition(p, begin);
	} else if (*o == NULL)
		read_ports(p, s, &ports);
	/* Some other part of it may decide. */
	if (s->parts > 1 && s->parts > 1 + (s->protocol >= 0))
		add_condition(p, begin);
	rule_add_match(p->rule, &ports);
}

static void
match_protocol(struct parser *p)
{
	const bool negated = take(p, "!=");
	bool is_tcp = false, is_udp = false;
	int protocol;

	if (!negated)
		take(p, "==");
	if (!take(p, "{")) {
		next_word(p);
		protocol = protocol_of(p->word);
		is_tcp = protocol == IPPROTO_TCP;
		is_udp = protocol == IPPROTO_UDP;
	} else
		while (next_word(p) && strcmp(p->word, "}") != 0) {
			protocol = protocol_of(p->word);
			is_tcp |= protocol == IPPROTO_TCP;
			is_udp |= protocol == IPPROTO_UDP;
		}
	p->rule->is_tcp &= is_tcp != negated;
	p->rule->is_udp &= is_udp != negated;
}

/* States: of new connections alone. */
static void
match_state(struct parser *p, const char *begin)
{
	const bool negated = take(p, "!=");
	const char *values = p->at;
	bool is_new = false, is_other = false;

	skip_values(p);
	for (; values < p->at; values++) {
		is_new |= strncmp(values, "new", 3) == 0;
		is_other |= strncmp(values, "untracked", 9) == 0;
	}
	if (is_new)
		p->rule->is_never |= negated;
	else if (is_other)
		add_condition(p, begin);
	else
		p->rule->is_never |= !negated;
}

static void
match_local(struct parser *p, const char *begin)
{
	const bool negated = take(p, "!=");

	if (is_next(p, "local")) {
		next_word(p);
		p->rule->is_never |= negated;
		return;
	}
	skip_values(p);
	add_condition(p, begin);
}

/* Of a connection's first packet SYN is set, and most else is not. */
static void
match_flags(struct parser *p, const char *begin)
{
	const char *const end = " == syn";
	size_t length;

	skip_values(p);
	length = (size_t)(p->at - begin);
	if (strncmp(begin, "tcp flags syn", 13) == 0 ||
	    (length > strlen(end) &&
		strncmp(p->at - strlen(end), end, strlen(end)) == 0))
		return;
	add_condition(p, begin);
}

static void
match_status(struct parser *p, const char *begin)
{
	if (is_next(p, "dnat")) {
		next_word(p);
		p->rule->is_of_diverted = true;
		return;
	}
	skip_values(p);
	add_condition(p, begin);
}

/* A map of verdicts: by the port where that is a part of it. */
static void
read_verdict_map(struct parser *p, const struct selector *s, const char *begin)
{
	next_word(p);
	read_ports(p, s, &p->rule->map);
	p->rule->is_mapped = true;
	p->rule->action = RULE_UNKNOWN;
	if (s->is_state)
		p->rule->is_never |= strstr(begin, "new :") == NULL;
	if (s->port < 0)
		add_condition(p, begin);
}

static void
set_port(struct parser *p)
{
	struct rule_port to = {0};

	next_word(p);
	next_word(p);
	if (rule_parse_ports(&to, p->word, '-', p->protocol))
		p->rule->to = p->rule->to_last = to.first;
	p->rule->action = RULE_DIVERT;
}

/* The word that was read begins it. */
static void
read_expression(struct parser *p)
{
	const char *begin = p->begin;
	struct selector s;

	if (IS(p->word, "limit", "quota", "numgen", "jhash", "symhash", "xt",
		"XT", "osf", "ipsec", "exthdr", "rt", "socket")) {
		skip_rest(p);
		add_condition(p, begin);
		return;
	}
	s = read_selector(p);
	if (is_next(p, "set")) {
		if (s.port == 0)
			set_port(p);
		else {
			next_word(p);
			next_word(p);
			skip_rest(p);
		}
	} else if (is_next(p, "vmap"))
		read_verdict_map(p, &s, begin);
	else if (s.port >= 0)
		match_port(p, &s, begin);
	else if (s.protocol == 0 && s.parts == 1)
		match_protocol(p);
	else if (s.is_state)
		match_state(p, begin);
	else if (s.is_local)
		match_local(p, begin);
	else if (s.is_status && s.parts == 1)
		match_status(p, begin);
	else if (s.is_flags && s.parts == 1)
		match_flags(p, begin);
	else {
		skip_values(p);
		add_condition(p, begin);
	}
}

/* ---- Statements. */

/* "tcp dport map { 443 : 8443 }"; by something else, it may have none. */
static void
read_port_map(struct parser *p, const char *begin)
{
	const struct selector s = read_selector(p);

	if (!take(p, "map") || s.port < 0) {
		skip_rest(p);
		add_condition(p, begin);
		return;
	}
	read_ports(p, &s, &p->rule->map);
	p->rule->is_mapped = true;
}

/* "redirect to :8443", "dnat ip to 192.0.2.1:8443", "to :tcp dport map". */
static void
read_destination(struct parser *p)
{
	const char *begin = p->begin, *colon;
	struct rule_port to;
	char *keys;

	p->rule->action = RULE_DIVERT;
	while (take(p, "ip") || take(p, "ip6") || take(p, "addr") ||
	    take(p, ".") || take(p, "port") || take(p, "prefix"))
		;
	if (!take(p, "to") || !next_word(p))
		return;
	colon = strrchr(p->word, ':');
	keys = p->word + (*p->word == ':');
	if (IS(keys, "numgen", "jhash", "symhash"))
		skip_rest(p);
	else if (starts_expression(keys)) {
		memmove(p->word, keys, strlen(keys) + 1);
		read_port_map(p, begin);
	} else if (colon != NULL && strchr(p->word, ':') == colon &&
	    rule_parse_ports(&to, colon + 1, '-', p->protocol)) {
		p->rule->to = to.first;
		p->rule->to_last = to.last;
	} else if (*p->word == '[' && colon != NULL && colon[-1] == ']' &&
	    rule_parse_ports(&to, colon + 1, '-', p->protocol)) {
		p->rule->to = to.first;
		p->rule->to_last = to.last;
	}
	while (take(p, "random") || take(p, "fully-random") ||
	    take(p, "persistent") || take(p, ","))
		;
}

static void
read_jump(struct parser *p, bool goes)
{
	struct rule_port port = {0};

	read_verdict(p, &port, goes ? "goto" : "jump");
	p->rule->action = port.action;
	p->rule->target = port.chain;
}

static void
read_counter(struct parser *p)
{
	if (take(p, "name")) {
		next_word(p);
		return;
	}
	if (take(p, "packets")) {
		next_word(p);
		take(p, "bytes");
		next_word(p);
	}
}

static void
read_log(struct parser *p)
{
	while (take(p, "prefix") || take(p, "level") || take(p, "group") ||
	    take(p, "snaplen") || take(p, "queue-threshold") ||
	    take(p, "flags"))
		next_word(p);
}

/* "xt target REDIRECT", or "XT target REDIRECT not found": of iptables-nft. */
static bool
read_foreign(struct parser *p)
{
	if (!IS(p->word, "xt", "XT") || !take(p, "target"))
		return false;
	next_word(p);
	p->rule->action = (uint8_t)rule_target(p->word);
	p->rule->is_beyond = strcmp(p->word, "REDIRECT") != 0;
	p->at += strlen(p->at);
	return true;
}

static bool
read_statement(struct parser *p)
{
	const char *word = p->word;

	if (strcmp(word, "accept") == 0)
		p->rule->action = p->rule->action == RULE_DIVERT ? RULE_DIVERT
								 : RULE_ACCEPT;
	else if (strcmp(word, "drop") == 0)
		p->rule->action = RULE_DROP;
	else if (strcmp(word, "return") == 0)
		p->rule->action = RULE_RETURN;
	else if (strcmp(word, "reject") == 0) {
		p->rule->action = RULE_DROP;
		p->at += strlen(p->at);
	} else if (IS(word, "jump", "goto"))
		read_jump(p, *word == 'g');
	else if (IS(word, "redirect", "dnat", "tproxy")) {
		p->rule->is_beyond = *word != 'r';
		read_destination(p);
	} else if (IS(word, "snat", "masquerade")) {
		p->rule->action = RULE_ACCEPT;
		p->at += strlen(p->at);
	} else if (strcmp(word, "queue") == 0) {
		p->rule->action = RULE_UNKNOWN;
		p->at += strlen(p->at);
	} else if (IS(word, "counter", "last"))
		read_counter(p);
	else if (strcmp(word, "log") == 0)
		read_log(p);
	else if (strcmp(word, "comment") == 0)
		next_word(p);
	else if (!IS(word, "continue", "notrack"))
		return false;
	return true;
}

static bool
read_rule_part(struct parser *p)
{
	const char *begin = p->begin;

	if (!p->is_quoted && *p->word == '#')
		p->at += strlen(p->at);
	else if (strcmp(p->word, ";") == 0)
		return true;
	else if (!p->is_quoted && read_foreign(p))
		;
	else if (!p->is_quoted && starts_expression(p->word))
		read_expression(p);
	else if (p->is_quoted || !read_statement(p)) {
		skip_rest(p);
		add_condition(p, begin);
	}
	return true;
}

static void
read_rule(struct parser *p)
{
	p->rule = rules_begin(p->reader->rules, p->line, strlen(p->line));
	if (p->rule == NULL)
		return;
	while (next_word(p))
		read_rule_part(p);
	rules_add(p->reader->rules, p->reader->chain, false);
}

/* ---- Blocks. */

static void
read_hook(struct parser *p)
{
	struct rule_chain *chain;

	if (p->reader->chain == RULE_NO_CHAIN)
		return;
	chain = &p->reader->rules->chains[p->reader->chain];
	while (next_word(p))
		if (strcmp(p->word, "type") == 0) {
			next_word(p);
			chain->is_nat = strcmp(p->word, "nat") == 0;
		} else if (strcmp(p->word, "hook") == 0) {
			next_word(p);
			chain->hook = strcmp(p->word, "prerouting") == 0
			    ? RULE_HOOK_PREROUTING
			    : strcmp(p->word, "input") == 0  ? RULE_HOOK_INPUT
			    : strcmp(p->word, "output") == 0 ? RULE_HOOK_OUTPUT
							     : RULE_HOOK_OTHER;
		} else if (strcmp(p->word, "policy") == 0) {
			next_word(p);
			chain->drops = strcmp(p->word, "drop") == 0;
		}
}

/* What iptables-save(8) has listed already says more of it. */
static bool
is_known(const struct nftables_reader *r)
{
	const struct rule_chain *chain = r->rules->chains;
	size_t i;

	for (i = 0; i < r->rules->chain_count; i++, chain++)
		if (chain->is_shown && chain->family == r->family &&
		    strcmp(chain->table, r->table) == 0)
			return true;
	return false;
}

static void
begin_table(struct parser *p)
{
	struct nftables_reader *r = p->reader;

	next_word(p);
	r->family = strcmp(p->word, "ip") == 0 ? AF_INET
	    : strcmp(p->word, "ip6") == 0      ? AF_INET6
					       : AF_UNSPEC;
	next_word(p);
	snprintf(r->table, sizeof(r->table), "%.*s", RULE_NAME - 1, p->word);
	r->block = NFTABLES_TABLE;
	if (r->is_foreign && is_known(r)) {
		r->block = NFTABLES_SKIPPED;
		r->open = 1;
	}
	r->is_foreign = false;
}

static void
begin_chain(struct parser *p)
{
	struct nftables_reader *r = p->reader;
	struct rule_chain chain = {.family = r->family, .is_nft = true};

	next_word(p);
	memcpy(chain.table, r->table, sizeof(chain.table));
	snprintf(chain.name, sizeof(chain.name), "%.*s", RULE_NAME - 1,
	    p->word);
	r->chain = rules_chain(r->rules, &chain);
	if (r->chain != RULE_NO_CHAIN)
		r->rules->chains[r->chain].is_defined = true;
	r->block = NFTABLES_CHAIN;
}

static void
begin_set(struct parser *p)
{
	struct nftables_reader *r = p->reader;
	size_t room = r->set_room == 0 ? 16 : r->set_room * 2;
	struct nftables_set *larger;

	r->block = NFTABLES_SET;
	r->set = NULL;
	next_word(p);
	if (r->set_count == r->set_room) {
		larger = room > NFTABLES_SETS
		    ? NULL
		    : realloc(r->sets, room * sizeof(*larger));
		if (larger == NULL)
			return;
		r->sets = larger;
		r->set_room = room;
	}
	r->set = &r->sets[r->set_count++];
	memset(r->set, 0, sizeof(*r->set));
	r->set->part = r->set->protocol_part = -1;
	r->set->family = r->family;
	memcpy(r->set->table, r->table, sizeof(r->set->table));
	snprintf(r->set->name, sizeof(r->set->name), "%.*s", RULE_NAME - 1,
	    p->word);
}

/* "type ipv4_addr . inet_service : verdict", or "typeof ip daddr . tcp dport".
 */
static void
read_type(struct parser *p)
{
	struct nftables_set *set = p->reader->set;
	bool is_port = false, is_protocol = false;
	int ports = 0;

	if (set == NULL)
		return;
	set->parts = 1;
	for (;;) {
		const bool goes_on = next_word(p) && !IS(p->word, ":", ";");

		is_port |= IS(p->word, "inet_service", "dport", "sport");
		is_protocol |= IS(p->word, "inet_proto", "l4proto");
		if (!goes_on || strcmp(p->word, ".") == 0) {
			if (is_port && ports++ == 0)
				set->part = set->parts - 1;
			else if (is_protocol)
				set->protocol_part = set->parts - 1;
			is_port = is_protocol = false;
			set->parts += goes_on;
		}
		if (!goes_on)
			break;
	}
	/* Which of them, only the rule knows. */
	if (ports > 1)
		set->part = -1;
}

static void
read_set_elements(struct parser *p)
{
	struct nftables_set *set = p->reader->set;
	struct selector s = {.port = -1, .protocol = -1};

	p->reader->block = NFTABLES_ELEMENTS;
	if (set == NULL || set->part < 0) {
		while (next_word(p))
			if (strcmp(p->word, "}") == 0)
				p->reader->block = NFTABLES_SET;
		return;
	}
	s.port = set->part;
	s.protocol = set->protocol_part;
	s.parts = set->parts;
	if (read_elements(p, &s, &set->ports))
		p->reader->block = NFTABLES_SET;
}

static void
read_set_line(struct parser *p)
{
	if (strcmp(p->word, "}") == 0)
		p->reader->block = NFTABLES_TABLE;
	else if (IS(p->word, "type", "typeof"))
		read_type(p);
	else if (strcmp(p->word, "elements") == 0 && take(p, "=") &&
	    take(p, "{"))
		read_set_elements(p);
}

static void
read_chain_line(struct parser *p)
{
	if (strcmp(p->word, "}") == 0)
		p->reader->block = NFTABLES_TABLE;
	else if (strcmp(p->word, "type") == 0) {
		p->at = p->line;
		read_hook(p);
	} else if (strcmp(p->word, "policy") == 0) {
		p->at = p->line;
		read_hook(p);
	} else if (strcmp(p->word, "comment") != 0) {
		p->at = p->line;
		read_rule(p);
	}
}

/* How many braces are open behind the line. */
static int
count_open(const char *line)
{
	int open = 0;

	for (; *line != '\0'; line++) {
		if (*line == '"') {
			line = skip_quoted(line) - 1;
			continue;
		}
		open += *line == '{';
		open -= *line == '}';
	}
	return open;
}

static void
read_table_line(struct parser *p)
{
	if (strcmp(p->word, "}") == 0)
		p->reader->block = NFTABLES_TOP;
	else if (strcmp(p->word, "chain") == 0)
		begin_chain(p);
	else if (IS(p->word, "set", "map"))
		begin_set(p);
	else if (strcmp(p->word, "flags") == 0 &&
	    strstr(p->line, "dormant") != NULL) {
		p->reader->block = NFTABLES_SKIPPED;
		p->reader->open = 1;
	} else if (count_open(p->line) > 0)
		p->reader->block = NFTABLES_OTHER;
}

/* A rule whose set goes on in the next line; true while it does. */
static bool
join(struct nftables_reader *r, const char *line)
{
	const size_t used = strlen(r->joined);

	snprintf(r->joined + used, sizeof(r->joined) - used, "%s ", line);
	return count_open(r->joined) > 0 &&
	    strlen(r->joined) < sizeof(r->joined) - 1;
}

static void
read_line(struct nftables_reader *r, const char *line)
{
	struct parser p = {.reader = r};

	p.line = p.at = line + strspn(line, " \t");
	if (r->block == NFTABLES_ELEMENTS) {
		read_set_elements(&p);
		return;
	}
	if (!next_word(&p))
		return;
	/* "# Warning: table ip nat is managed by iptables-nft, do not touch!" */
	if (*p.word == '#') {
		r->is_foreign |= strstr(line, "managed by iptables") != NULL;
		return;
	}
	switch (r->block) {
	case NFTABLES_TOP:
		if (strcmp(p.word, "table") == 0)
			begin_table(&p);
		break;
	case NFTABLES_TABLE:
		read_table_line(&p);
		break;
	case NFTABLES_CHAIN:
		read_chain_line(&p);
		break;
	case NFTABLES_SET:
		read_set_line(&p);
		break;
	case NFTABLES_OTHER:
		if (count_open(p.line) < 0)
			r->block = NFTABLES_TABLE;
		break;
	case NFTABLES_SKIPPED:
		r->open += count_open(p.line);
		if (r->open <= 0)
			r->block = NFTABLES_TOP;
		break;
	case NFTABLES_ELEMENTS:
		break;
	}
}

void
nftables_read(struct nftables_reader *r, const char *line)
{
	if (r->block != NFTABLES_CHAIN ||
	    (*r->joined == '\0' && count_open(line) <= 0)) {
		read_line(r, line);
		return;
	}
	if (join(r, line))
		return;
	read_line(r, r->joined);
	*r->joined = '\0';
}

void
nftables_end(struct nftables_reader *r)
{
	free(r->sets);
	r->sets = NULL;
	r->set_count = r->set_room = 0;
}
