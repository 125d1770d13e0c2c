/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child, with --doctor, by root.  Computes only.
 * Reads: what nft(8) prints.
 */
#include <stdio.h>
#include <string.h>

#include "nft_words.h"

const char *
nft_skip_quoted(const char *at)
{
	for (at++; *at != '\0' && *at != '"'; at++)
		at += *at == '\\' && at[1] != '\0';
	return *at == '"' ? at + 1 : at;
}

bool
nft_next(struct nft_parser *p)
{
	const char *at = words_skip_blanks(p->at);
	size_t length;

	p->begin = at;
	p->is_quoted = *at == '"';
	if (p->is_quoted)
		at = nft_skip_quoted(at);
	else if (*at != '\0' && strchr("{},;", *at) != NULL)
		at++;
	else
		at += strcspn(at, " \t\r{},;\"");
	length = (size_t)(at - p->begin);
	snprintf(p->word, sizeof(p->word), "%.*s", (int)length, p->begin);
	p->at = at;
	return length > 0;
}

bool
nft_is_next(const struct nft_parser *p, const char *word)
{
	const char *at = words_skip_blanks(p->at);
	const size_t length = strlen(word);

	return strncmp(at, word, length) == 0 &&
	    (at[length] == '\0' || strchr(" \t\r{},;", at[length]) != NULL ||
		strchr("{},;", *word) != NULL);
}

bool
nft_take(struct nft_parser *p, const char *word)
{
	return nft_is_next(p, word) && nft_next(p);
}

void
nft_skip_line(struct nft_parser *p)
{
	p->at += strlen(p->at);
}

void
nft_add_condition(struct nft_parser *p, const char *begin)
{
	rule_add_condition(p->rule, (size_t)(begin - p->line),
	    (size_t)(p->at - begin));
}

bool
nft_starts_expression(const char *word)
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

static bool
take_operator(struct nft_parser *p)
{
	static const char *const operators[] = {"!=", "==", "<", ">",
	    "<=", ">=", "&", "|", "^", "<<", ">>", "/", ".", ",", "and", "or",
	    NULL};
	const char *const *o = operators;

	while (*o != NULL && !nft_take(p, *o))
		o++;
	return *o != NULL;
}

void
nft_skip_values(struct nft_parser *p)
{
	while (take_operator(p))
		;
	do {
		if (nft_take(p, "{"))
			while (nft_next(p) && !IS(p->word, "}"))
				;
		else
			nft_next(p);
	} while (take_operator(p));
}

void
nft_skip_rest(struct nft_parser *p)
{
	const char *before = p->at;

	while (nft_next(p)) {
		if (!p->is_quoted &&
		    (nft_starts_expression(p->word) ||
			starts_statement(p->word))) {
			p->at = before;
			return;
		}
		before = p->at;
	}
}
