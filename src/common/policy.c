/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the helper, with the capability; the child, to explain or to check.
 * Computes only, but looks up users and groups.
 * Reads: the text of the policy: root's (trust.h), or anybody's with
 * --check-policy.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "number.h"
#include "policy.h"
#include "user.h"

#define BLANKS " \t\r"

/* The words of a copy of a line. */
struct words {
	char *state;
	char *word; /* the last one read; NULL at the end */
};

static char *
next_word(struct words *w)
{
	return w->word = strtok_r(NULL, BLANKS, &w->state);
}

static bool
parse_action(struct policy_rule *rule, struct words *w, char why[REASON_TEXT])
{
	rule->permit = strcmp(w->word, "permit") == 0;
	if (!rule->permit && strcmp(w->word, "deny") != 0)
		return reason_say(why,
		    "a rule begins with permit or deny, not '%.32s'", w->word);
	next_word(w);
	return true;
}

/* False if no account can have had this name. */
static bool
may_be_name(const char *name)
{
	return *name != '+' && *name != '-' && strpbrk(name, ":/") == NULL &&
	    !number_is(name);
}

/* If the account was removed, the rule matches nobody and the other rules
 * count.  If the database cannot be read, we do not know that: an error. */
static bool
look_up(struct policy_rule *rule, const char *kind, const char *name,
    char why[REASON_TEXT])
{
	const char *file = *kind == 'u' ? "passwd" : "group";
	char remark[REASON_TEXT];

	if (*kind == 'u' ? user_id(name, &rule->id)
			 : user_group_id(name, &rule->id))
		return true;
	if (errno != ENOENT)
		return reason_say(why,
		    "cannot look up %s '%.32s' in /etc/%s: %s%.500s", kind,
		    name, file,
		    errno == ENOTDIR ? "there is none" : strerror(errno),
		    user_refusal(remark, file));
	if (!may_be_name(name))
		return reason_say(why,
		    "there is no %s '%.32s'; name one of /etc/%s or a number",
		    kind, name, file);
	rule->who = POLICY_NOBODY;
	snprintf(rule->gone, sizeof(rule->gone), "%s '%.32s' in /etc/%s", kind,
	    name, file);
	reason_say(why,
	    "there is no %s '%.32s', so this rule matches nobody; name one "
	    "of /etc/%s or a number, or remove the rule",
	    kind, name, file);
	return true;
}

static bool
parse_who(struct policy_rule *rule, struct words *w, char why[REASON_TEXT])
{
	const char *kind = w->word, *name;

	if (kind != NULL && strcmp(kind, "any") == 0) {
		next_word(w);
		return true;
	}
	if (kind == NULL ||
	    (strcmp(kind, "user") != 0 && strcmp(kind, "group") != 0))
		return reason_say(why,
		    "whom is it for? write user NAME, group NAME or any");
	rule->who = *kind == 'u' ? POLICY_USER : POLICY_GROUP;
	name = next_word(w);
	if (name == NULL)
		return reason_say(why, "a name or number is missing after '%s'",
		    kind);
	if (!look_up(rule, kind, name, why))
		return false;
	next_word(w);
	return true;
}

static bool
parse_protocols(struct policy_target *target, const char *text)
{
	target->tcp = strcmp(text, "tcp") == 0 || strcmp(text, "tcp+udp") == 0;
	target->udp = strcmp(text, "udp") == 0 || strcmp(text, "tcp+udp") == 0;
	return target->tcp || target->udp;
}

static bool
parse_ports(struct policy_target *target, char *text)
{
	char *dash = strchr(text, '-');
	unsigned long first, last;

	if (dash != NULL)
		*dash++ = '\0';
	if (!number_parse(&first, text, 1, UINT16_MAX))
		return false;
	last = first;
	if (dash != NULL && !number_parse(&last, dash, first, UINT16_MAX))
		return false;
	target->first = (uint16_t)first;
	target->last = (uint16_t)last;
	return true;
}

static bool
parse_target(struct policy_target *target, const char *word)
{
	char copy[32], *slash;

	if (strlen(word) >= sizeof(copy))
		return false;
	strcpy(copy, word);
	slash = strchr(copy, '/');
	if (slash == NULL)
		return false;
	*slash++ = '\0';
	return parse_protocols(target, copy) && parse_ports(target, slash);
}

/* Explains how to write a port that somebody wrote another way. */
static bool
say_no_port(const char *word, char why[REASON_TEXT])
{
	const char *slash = strchr(word, '/');
	const char *port = slash != NULL ? slash + 1 : word, *c;

	for (c = word; c < port; c++)
		if (isupper((unsigned char)*c))
			return reason_say(why,
			    "'%.32s': write the protocol in lower case, as in "
			    "tcp/443",
			    word);
	if (strchr(word, ',') != NULL)
		return reason_say(why,
		    "'%.32s': put blanks, not commas, between ports, each with "
		    "its protocol, as in tcp/443 tcp/80",
		    word);
	if (slash != NULL && isalpha((unsigned char)*port))
		return reason_say(why,
		    "'%.32s': write the port as a number, as in tcp/443; "
		    "names of services(5) are not read",
		    word);
	return reason_say(why,
	    "'%.32s' is no port; write tcp/443, udp/53, tcp+udp/443 or "
	    "tcp/8000-8099",
	    word);
}

static bool
parse_targets(struct policy_rule *rule, struct words *w, char why[REASON_TEXT])
{
	for (; w->word != NULL && strcmp(w->word, "on") != 0; next_word(w)) {
		if (rule->target_count == POLICY_TARGETS_MAX)
			return reason_say(why,
			    "more than %d ports; begin another rule",
			    POLICY_TARGETS_MAX);
		if (!parse_target(&rule->targets[rule->target_count++],
			w->word))
			return say_no_port(w->word, why);
	}
	if (rule->target_count == 0)
		return reason_say(why, "no port; write some, as in tcp/443");
	return true;
}

static bool
same_bits(const uint8_t *a, const uint8_t *b, unsigned int bits)
{
	const unsigned int bytes = bits / 8, rest = bits % 8;

	return memcmp(a, b, bytes) == 0 &&
	    (rest == 0 || ((a[bytes] ^ b[bytes]) >> (8 - rest)) == 0);
}

static bool
has_bits_beyond(const struct policy_rule *rule, unsigned int width)
{
	unsigned int bit;

	for (bit = rule->bits; bit < width; bit++)
		if ((rule->address[bit / 8] & (0x80 >> bit % 8)) != 0)
			return true;
	return false;
}

static bool
parse_network(struct policy_rule *rule, char *text, char why[REASON_TEXT])
{
	const bool ipv6 = strchr(text, ':') != NULL;
	const unsigned int width = ipv6 ? 128 : 32;
	char *slash = strchr(text, '/');
	unsigned long bits = width;

	if (slash != NULL)
		*slash++ = '\0';
	rule->family = ipv6 ? AF_INET6 : AF_INET;
	if (inet_pton(rule->family, text, rule->address) != 1)
		return reason_say(why,
		    "'%.46s' is no address, as 192.0.2.0/24 or "
		    "2001:db8::/32 are",
		    text);
	if (slash != NULL && !number_parse(&bits, slash, 0, width))
		return reason_say(why,
		    "'/%.16s' is no number of bits from 0 to %u", slash, width);
	rule->bits = (unsigned int)bits;
	if (has_bits_beyond(rule, width))
		return reason_say(why, "%.46s has bits beyond its /%u", text,
		    rule->bits);
	if (ipv6 &&
	    IN6_IS_ADDR_V4MAPPED((const struct in6_addr *)rule->address))
		return reason_say(why, "write IPv4 addresses without ::ffff:");
	return true;
}

static bool
parse_on(struct policy_rule *rule, struct words *w, char why[REASON_TEXT])
{
	if (w->word == NULL)
		return true;
	if (next_word(w) == NULL)
		return reason_say(why, "an address is missing after 'on'");
	if (!parse_network(rule, w->word, why))
		return false;
	if (next_word(w) != NULL)
		return reason_say(why,
		    "'%.32s' after the address; begin another rule", w->word);
	return true;
}

static bool
parse_rule(struct policy_rule *rule, struct words *w, char why[REASON_TEXT])
{
	memset(rule, 0, sizeof(*rule));
	return parse_action(rule, w, why) && parse_who(rule, w, why) &&
	    parse_targets(rule, w, why) && parse_on(rule, w, why);
}

/* Takes the next line; false if it is too long, or no text. */
static bool
take_line(struct policy_reader *reader, char line[POLICY_LINE_MAX],
    char why[REASON_TEXT])
{
	const char *end = memchr(reader->rest, '\n', reader->length);
	size_t length = end != NULL ? (size_t)(end - reader->rest)
				    : reader->length;
	const char *start = reader->rest;

	reader->rest += length + (end != NULL);
	reader->length -= length + (end != NULL);
	reader->line++;
	if (length >= POLICY_LINE_MAX)
		return reason_say(why, "it is longer than %d bytes",
		    POLICY_LINE_MAX - 1);
	if (memchr(start, '\0', length) != NULL)
		return reason_say(why, "it has a byte 0 in it");
	memcpy(line, start, length);
	line[length] = '\0';
	line[strcspn(line, "#")] = '\0';
	return true;
}

enum policy_item
policy_next(struct policy_reader *reader, struct policy_rule *rule,
    char why[REASON_TEXT])
{
	char line[POLICY_LINE_MAX];
	struct words w;

	while (reader->length > 0) {
		if (!take_line(reader, line, why))
			return POLICY_ERROR;
		w.word = strtok_r(line, BLANKS, &w.state);
		if (w.word == NULL)
			continue;
		if (!parse_rule(rule, &w, why))
			return POLICY_ERROR;
		return rule->who == POLICY_NOBODY ? POLICY_VOID : POLICY_RULE;
	}
	return POLICY_END;
}

static bool
is_about(const struct policy_rule *rule, const struct policy_caller *caller)
{
	size_t i;

	switch (rule->who) {
	case POLICY_USER:
		return rule->id == caller->uid;
	case POLICY_GROUP:
		for (i = 0; i < caller->group_count; i++)
			if (rule->id == caller->groups[i])
				return true;
		return rule->id == caller->gid;
	case POLICY_NOBODY:
		return false;
	default:
		return true;
	}
}

static bool
has_port(const struct policy_rule *rule, int protocol, uint16_t port)
{
	const struct policy_target *target = rule->targets;

	for (; target < rule->targets + rule->target_count; target++)
		if ((protocol == IPPROTO_UDP ? target->udp : target->tcp) &&
		    port >= target->first && port <= target->last)
			return true;
	return false;
}

static bool
has_ports(const struct policy_rule *rule, const struct mapping *m)
{
	uint32_t n;

	for (n = 0; n < m->ports; n++)
		if (has_port(rule, m->protocol,
			(uint16_t)(m->public_port + n)) != rule->permit)
			return !rule->permit;
	return rule->permit;
}

static bool
is_any(const struct mapping *m)
{
	static const uint8_t any[16];

	return memcmp(m->address, any, sizeof(any)) == 0;
}

/* [::] may become a dual-stack socket. */
static bool
is_of_both_families(const struct mapping *m)
{
	return m->family == AF_UNSPEC || (m->family == AF_INET6 && is_any(m));
}

static bool
has_address(const struct policy_rule *rule, const struct mapping *m)
{
	if (rule->family == AF_UNSPEC)
		return true;
	if (is_of_both_families(m))
		return !rule->permit;
	if (rule->family != m->family)
		return false;
	if (is_any(m))
		return !rule->permit || rule->bits == 0;
	return same_bits(rule->address, m->address, rule->bits);
}

bool
policy_covers(const struct policy_rule *rule, const struct mapping *m)
{
	return has_ports(rule, m) && has_address(rule, m);
}

bool
policy_matches(const struct policy_rule *rule,
    const struct policy_caller *caller, const struct mapping *m)
{
	return is_about(rule, caller) && policy_covers(rule, m);
}

const char *
policy_suggest(const struct mapping *m, const char *user,
    char text[POLICY_RULE_TEXT])
{
	char address[INET6_ADDRSTRLEN] = "", last[8] = "";
	const char *on = "", *bits = "";

	if (m->ports > 1)
		snprintf(last, sizeof(last), "-%u",
		    (uint16_t)(m->public_port + m->ports - 1));
	if (!is_of_both_families(m)) {
		inet_ntop(m->family, m->address, address, sizeof(address));
		on = " on ";
		bits = is_any(m) ? "/0" : "";
	}
	snprintf(text, POLICY_RULE_TEXT, "permit user %.64s %s/%u%s%s%s%s",
	    user, m->protocol == IPPROTO_UDP ? "udp" : "tcp", m->public_port,
	    last, on, address, bits);
	return text;
}
