/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child, with --doctor by root, or --from-iptables.  Computes only.
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

static enum rule_subject
subject_of(const char *word)
{
	if (IS(word, "skuid", "skgid", "cgroup", "cgroupv2", "socket"))
		return RULE_ABOUT_OWNER;
	if (IS(word, "saddr", "sport", "ether", "proto-src"))
		return RULE_ABOUT_SOURCE;
	if (IS(word, "daddr"))
		return RULE_ABOUT_DESTINATION;
	if (IS(word, "iif", "iifname", "iifgroup", "iiftype"))
		return RULE_ABOUT_IN;
	if (IS(word, "oif", "oifname", "oifgroup", "oiftype"))
		return RULE_ABOUT_OUT;
	return RULE_ABOUT_OTHER;
}

/* Of several parts, the source and the owner decide. */
static void
look_at_word(struct rule_condition *c, const struct nft_parser *words)
{
	const enum rule_subject subject = subject_of(words->word);

	if (c->subject == RULE_ABOUT_OTHER || subject == RULE_ABOUT_SOURCE ||
	    subject == RULE_ABOUT_OWNER)
		c->subject = (uint8_t)subject;
	c->negated |= IS(words->word, "!=");
	if ((subject == RULE_ABOUT_OTHER && !IS(words->word, "!=", "==")) ||
	    words->at - words->line >= RULE_TEXT)
		return;
	c->value = (uint16_t)(words->at - words->line);
}

void
nft_add_condition(struct nft_parser *p, const char *begin)
{
	struct rule_condition *c = rule_add_condition(p->rule,
	    (size_t)(begin - p->line), (size_t)(p->at - begin));
	const unsigned int end = c->begin + (unsigned int)c->length;
	struct nft_parser words = *p;

	c->value = c->begin;
	words.at = begin;
	while (nft_next(&words) && words.at <= p->at)
		if (!words.is_quoted)
			look_at_word(c, &words);
	while (c->value < end && p->rule->text[c->value] == ' ')
		c->value++;
	if (c->value < end)
		c->value_length = (uint16_t)(end - c->value);
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
