/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child, with --doctor by root, or --from-iptables.  Computes only.
 * Reads: what iptables-save(8) prints; lines of scripts.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "iptables.h"
#include "words.h"

#define WORD 512

/* The last word of a line, and what is known so far. */
struct iptables_parser {
	struct iptables_reader *reader;
	const char *line, *at;
	char word[WORD];
	const char *begin; /* of the word, with its quotes */
	bool is_cut;       /* the word is longer */
	bool negated;      /* a '!' was before it */
	const char *negation;

	struct rule *rule;
	char table[RULE_NAME], chain[RULE_NAME], target[RULE_NAME];
	char made[RULE_NAME]; /* the chain of -N or -P */
	bool drops;           /* the policy of -P */
	int protocol;
	bool in_front, goes, in_target, in_module, is_legacy;
	const char *condition, *condition_end;
	enum rule_subject subject; /* of the condition */
	const char *value, *value_end;
	bool value_negated;
};

static bool
next_word(struct iptables_parser *p)
{
	p->begin = words_skip_blanks(p->at);
	return words_cut(&p->at, p->word, sizeof(p->word), &p->is_cut);
}

/* Looks at the next word, and leaves it. */
static char
peek(const struct iptables_parser *p)
{
	return *words_skip_blanks(p->at);
}

/* The value of an option.  Old rules have the '!' before the value. */
static bool
next_value(struct iptables_parser *p)
{
	if (!next_word(p))
		return false;
	if (!IS(p->word, "!"))
		return true;
	p->negated = !p->negated;
	return next_word(p);
}

static void
end_condition(struct iptables_parser *p)
{
	struct rule_condition *condition;

	if (p->condition == NULL)
		return;
	condition = rule_add_condition(p->rule,
	    (size_t)(p->condition - p->rule->text),
	    (size_t)(p->condition_end - p->condition));
	condition->subject = (uint8_t)p->subject;
	condition->negated = p->value_negated;
	condition->value = (uint16_t)(p->value - p->rule->text);
	condition->value_length = (uint16_t)(p->value_end - p->value);
	p->condition = NULL;
}

/* The place in the rule's text; the text of a long line ends sooner. */
static const char *
place(const struct iptables_parser *p, const char *at)
{
	const size_t offset = (size_t)(at - p->line);

	return p->rule->text + (offset < RULE_TEXT ? offset : RULE_TEXT - 1);
}

static void
begin_condition(struct iptables_parser *p, const char *begin)
{
	p->condition = place(p, begin);
	p->condition_end = p->value = p->value_end = place(p, p->at);
	p->subject = RULE_ABOUT_OTHER;
	p->value_negated = false;
}

/* One module may look at several things: the source and the owner decide. */
static void
set_subject(struct iptables_parser *p, enum rule_subject subject)
{
	if (p->subject == RULE_ABOUT_OTHER || subject == RULE_ABOUT_SOURCE ||
	    subject == RULE_ABOUT_OWNER)
		p->subject = subject;
	p->value_negated = p->negated;
}

/* Of an option that is not known by itself, the name or a word of the value
 * ("--match-set web dst") says what it is about. */
static enum rule_subject
subject_of(const char *option, const char *last)
{
	if (strstr(option, "-owner") != NULL ||
	    IS(option, "--cgroup", "--path", "--transparent"))
		return RULE_ABOUT_OWNER;
	if (strstr(option, "src") != NULL || strstr(option, "source") != NULL ||
	    strstr(option, "sport") != NULL ||
	    IS(option, "--rcheck", "--update", "--set", "--remove"))
		return RULE_ABOUT_SOURCE;
	if (IS(option, "--match-set", "--set"))
		return strstr(last, "src") != NULL ? RULE_ABOUT_SOURCE
						   : RULE_ABOUT_DESTINATION;
	if (IS(option, "--dst-range", "--dst-cc", "--ctorigdst", "--dst-type"))
		return RULE_ABOUT_DESTINATION;
	return RULE_ABOUT_OTHER;
}

/* A condition: from here to the end of the option's values. */
static void
read_condition(struct iptables_parser *p, const char *begin)
{
	char option[RULE_NAME];

	words_copy(option, p->word);
	if (p->condition == NULL || !p->in_module)
		end_condition(p);
	if (p->condition == NULL)
		begin_condition(p, begin);
	while (peek(p) != '\0' && peek(p) != '-' && peek(p) != '!')
		next_word(p);
	if (peek(p) == '!' && p->at[strspn(p->at, " \t\r") + 1] == ' ' &&
	    p->at[strspn(p->at, " \t\r") + 2] != '-')
		while (peek(p) != '\0' && peek(p) != '-')
			next_word(p);
	p->condition_end = place(p, p->at);
	set_subject(p, subject_of(option, p->word));
}

/* A condition whose one value was read. */
static void
read_about(struct iptables_parser *p, const char *begin,
    enum rule_subject subject)
{
	const char *value = p->begin, *end = p->at;

	*p->word = '\0';
	read_condition(p, begin);
	set_subject(p, subject);
	p->value = place(p, value);
	p->value_end = place(p, end);
}

static void
read_protocol(struct iptables_parser *p)
{
	bool is_tcp, is_udp;

	if (!next_value(p))
		return;
	if (IS(p->word, "all", "0"))
		return;
	is_tcp = IS(p->word, "tcp", "TCP", "6");
	is_udp = IS(p->word, "udp", "UDP", "17");
	if (p->negated) {
		p->rule->is_tcp &= !is_tcp;
		p->rule->is_udp &= !is_udp;
		return;
	}
	p->protocol = is_udp ? IPPROTO_UDP : IPPROTO_TCP;
	p->rule->is_tcp &= is_tcp;
	p->rule->is_udp &= is_udp;
}

/* "80,443,1000:2000", as multiport has them. */
static void
read_ports(struct iptables_parser *p, struct rule_ports *ports)
{
	char *rest = p->word, *part;
	struct rule_port port = {0};

	ports->negated = p->negated;
	ports->unknown = p->is_cut;
	while ((part = strsep(&rest, ",")) != NULL)
		if (rule_parse_ports(&port, part, ':', p->protocol))
			rules_add_port(p->reader->rules, ports, &port);
		else
			ports->unknown = true;
}

/* The address before the port, if there is one. */
static void
read_target_address(struct iptables_parser *p, size_t length)
{
	char address[RULE_NAME];

	if (length >= 2 && *p->word == '[')
		snprintf(address, sizeof(address), "%.*s", (int)length - 2,
		    p->word + 1);
	else
		snprintf(address, sizeof(address), "%.*s", (int)length,
		    p->word);
	if (length > 0 && !rule_parse_address(&p->rule->address, address))
		p->rule->way = RULE_TO_OTHERS;
}

/* "443-450", or with the base of a shift: "8443-8450/443". */
static void
read_target_ports(struct iptables_parser *p, const char *text)
{
	char first[RULE_NAME];
	const size_t length = strcspn(text, "/");
	struct rule_port port;

	snprintf(first, sizeof(first), "%.*s", (int)length, text);
	if (!rule_parse_ports(&port, first, '-', p->protocol) ||
	    (text[length] == '/' &&
		!rule_parse_port(&p->rule->base, text + length + 1,
		    p->protocol))) {
		p->rule->way = RULE_TO_OTHERS;
		return;
	}
	p->rule->to = port.first;
	p->rule->to_last = port.last;
}

/* "192.0.2.1", ":443", "192.0.2.1:443", "[::1]:443-450". */
static void
read_destination(struct iptables_parser *p)
{
	const char *colon = strrchr(p->word, ':');
	const char *bracket = strrchr(p->word, ']');

	/* An address alone. */
	if (colon == NULL || (bracket != NULL && colon < bracket) ||
	    (bracket == NULL && strchr(p->word, ':') != colon)) {
		read_target_address(p, strlen(p->word));
		return;
	}
	read_target_address(p, (size_t)(colon - p->word));
	read_target_ports(p, colon + 1);
}

static bool
is_anywhere(const char *address)
{
	const char *prefix = strchr(address, '/');

	return prefix != NULL &&
	    IS(prefix + 1, "0", "0.0.0.0", "::", "0:0:0:0:0:0:0:0");
}

/* Of the states, only that of a new connection is of interest. */
static void
read_state(struct iptables_parser *p, const char *begin)
{
	const char *states;

	if (!next_value(p))
		return;
	states = p->word;
	if (strstr(states, "NEW") != NULL)
		p->rule->is_never |= p->negated;
	else if (strstr(states, "DNAT") != NULL && !p->negated)
		p->rule->is_of_diverted = true;
	else if (strstr(states, "NAT") != NULL ||
	    strstr(states, "UNTRACKED") != NULL)
		read_about(p, begin, RULE_ABOUT_OTHER);
	else
		p->rule->is_never |= !p->negated;
}

/* The packet is for this host: its type is LOCAL. */
static void
read_destination_type(struct iptables_parser *p, const char *begin)
{
	if (!next_value(p))
		return;
	if (strcasecmp(p->word, "LOCAL") == 0) {
		p->rule->is_never |= p->negated;
		p->rule->is_for_local = true;
	} else if (strchr(p->word, ',') != NULL)
		read_about(p, begin, RULE_ABOUT_DESTINATION);
	else if (IS(p->word, "BROADCAST", "MULTICAST", "BLACKHOLE",
		     "UNREACHABLE", "PROHIBIT"))
		p->rule->is_never |= !p->negated && p->protocol == IPPROTO_TCP;
	else
		read_about(p, begin, RULE_ABOUT_DESTINATION);
}

/* A connection's first packet has SYN set, and hardly another flag. */
static void
read_flags(struct iptables_parser *p, const char *begin)
{
	const struct iptables_parser before = *p;

	if (next_value(p) && next_word(p) && IS(p->word, "SYN") && !p->negated)
		return;
	*p = before;
	read_condition(p, begin);
}

static void
read_module(struct iptables_parser *p, const char *begin)
{
	end_condition(p);
	p->in_target = p->in_module = false;
	if (!next_value(p))
		return;
	if (IS(p->word, "tcp", "udp", "multiport", "comment", "state",
		"conntrack", "addrtype"))
		return;
	p->in_module = true;
	begin_condition(p, begin);
	/* These look at the sender, either way. */
	if (IS(p->word, "owner", "cgroup", "socket"))
		p->subject = RULE_ABOUT_OWNER;
	else if (IS(p->word, "mac", "recent"))
		p->subject = RULE_ABOUT_SOURCE;
}

static void
read_address(struct iptables_parser *p, const char *begin,
    enum rule_subject subject)
{
	if (!next_value(p))
		return;
	if (is_anywhere(p->word))
		p->rule->is_never |= p->negated;
	else
		read_about(p, begin, subject);
}

/* '+' is the name of every interface. */
static void
read_interface(struct iptables_parser *p, const char *begin,
    enum rule_subject subject)
{
	if (next_value(p) && !IS(p->word, "+"))
		read_about(p, begin, subject);
}

static void
read_jump(struct iptables_parser *p, bool goes)
{
	end_condition(p);
	p->in_module = false;
	if (!next_word(p))
		return;
	words_copy(p->target, p->word);
	p->goes = goes;
	p->in_target = true;
}

static void
read_match(struct iptables_parser *p)
{
	struct rule_ports ports = {0};

	end_condition(p);
	if (!next_value(p))
		ports.unknown = true;
	else
		read_ports(p, &ports);
	rule_add_match(p->rule, &ports);
}

/* Source or destination: a packet may also match by its source. */
static void
read_either_port(struct iptables_parser *p, const char *begin)
{
	struct rule_ports ports = {0};

	if (!next_value(p))
		return;
	read_ports(p, &ports);
	if (p->negated)
		read_condition(p, begin);
	else
		ports.unknown = true;
	rule_add_match(p->rule, &ports);
}

/* Options of the command, which match nothing. */
static bool
read_frame(struct iptables_parser *p)
{
	const char *option = p->word;

	if (IS(option, "-A", "--append", "-I", "--insert")) {
		p->in_front = option[1] == 'I' || option[2] == 'i';
		if (next_word(p))
			words_copy(p->chain, p->word);
		if (peek(p) >= '0' && peek(p) <= '9')
			next_word(p);
		return true;
	}
	if (IS(option, "-N", "--new-chain", "-P", "--policy")) {
		p->drops = option[1] == 'P' || option[2] == 'p';
		if (next_word(p))
			words_copy(p->made, p->word);
		p->drops = p->drops && next_word(p) && IS(p->word, "DROP");
		return true;
	}
	if (IS(option, "-t", "--table")) {
		if (next_word(p))
			words_copy(p->table, p->word);
		return true;
	}
	if (IS(option, "-w", "--wait", "-4", "-6")) {
		if (peek(p) >= '0' && peek(p) <= '9')
			next_word(p);
		return true;
	}
	return IS(option, "-v", "--verbose", "-n", "--numeric");
}

static bool
read_target(struct iptables_parser *p)
{
	/* "--to" and so on will do (getopt_long(3)). */
	if (strncmp(p->word, "--to", 4) == 0 && IS(p->target, "DNAT") &&
	    next_word(p)) {
		/* Of several, each takes some of the connections. */
		if (p->rule->to != 0 || p->rule->address.family != AF_UNSPEC)
			p->rule->way = RULE_TO_OTHERS;
		read_destination(p);
		return true;
	}
	if ((strncmp(p->word, "--to", 4) == 0 && IS(p->target, "REDIRECT")) ||
	    IS(p->word, "--on-port")) {
		if (next_word(p))
			read_target_ports(p, p->word);
		return true;
	}
	if (!p->in_target || *p->word != '-')
		return false;
	while (peek(p) != '\0' && peek(p) != '-' && peek(p) != '!')
		next_word(p);
	return true;
}

static bool
read_known(struct iptables_parser *p, const char *begin)
{
	const char *option = p->word;

	if (IS(option, "-p", "--protocol", "--proto"))
		read_protocol(p);
	else if (IS(option, "--dport", "--dports", "--destination-port",
		     "--destination-ports", "--ctorigdstport"))
		read_match(p);
	else if (IS(option, "--ports", "--port"))
		read_either_port(p, begin);
	else if (IS(option, "-s", "--source", "--src"))
		read_address(p, begin, RULE_ABOUT_SOURCE);
	else if (IS(option, "-d", "--destination", "--dst"))
		read_address(p, begin, RULE_ABOUT_DESTINATION);
	else if (IS(option, "-i", "--in-interface"))
		read_interface(p, begin, RULE_ABOUT_IN);
	else if (IS(option, "-o", "--out-interface"))
		read_interface(p, begin, RULE_ABOUT_OUT);
	else if (IS(option, "--state", "--ctstate"))
		read_state(p, begin);
	else if (IS(option, "--dst-type"))
		read_destination_type(p, begin);
	else if (IS(option, "--syn"))
		p->rule->is_never |= p->negated;
	else if (IS(option, "--tcp-flags"))
		read_flags(p, begin);
	else if (IS(option, "--comment"))
		next_word(p);
	else if (IS(option, "-m", "--match"))
		read_module(p, begin);
	else if (IS(option, "-j", "--jump", "-g", "--goto"))
		read_jump(p, option[1] == 'g' || option[2] == 'g');
	else
		return false;
	return true;
}

/* "--dport=443" and "-ptcp" hold the value, too: leaves it for the next word. */
static void
cut_option(struct iptables_parser *p)
{
	size_t length = strcspn(p->word, "=");

	if (*p->word != '-')
		return;
	if (p->word[1] != '-')
		length = 2;
	if (strlen(p->word) <= length ||
	    strncmp(p->begin, p->word, length) != 0)
		return;
	p->at = p->begin + length + (p->word[length] == '=');
	p->word[length] = '\0';
}

/* The word is an option, or a '!' before one. */
static void
read_option(struct iptables_parser *p)
{
	const char *begin = p->begin;

	if (IS(p->word, "!")) {
		p->negated = true;
		p->negation = begin;
		return;
	}
	if (p->negated)
		begin = p->negation;
	cut_option(p);
	/* Options of a module belong to its condition; these do not. */
	if (IS(p->word, "-i", "-o", "-s", "-d", "-p", "--in-interface",
		"--out-interface", "--source", "--destination", "--src",
		"--dst", "--protocol", "--proto")) {
		end_condition(p);
		p->in_module = false;
		p->in_target = false;
	}
	if (!read_frame(p) && !read_known(p, begin) && !read_target(p))
		read_condition(p, begin);
	p->negated = false;
}

static struct rule_chain
describe(const struct iptables_parser *p, const char *name)
{
	struct rule_chain chain = {.family = p->reader->family,
	    .is_shown = p->reader->is_shown,
	    .is_legacy = p->is_legacy};

	words_copy(chain.table, p->table);
	words_copy(chain.name, name);
	return chain;
}

static uint16_t
make_chain(const struct iptables_parser *p, const char *name)
{
	static const struct {
		const char *name;
		enum rule_hook hook;
	} hooks[] = {
	    {"PREROUTING", RULE_HOOK_PREROUTING},
	    {"INPUT", RULE_HOOK_INPUT},
	    {"OUTPUT", RULE_HOOK_OUTPUT},
	    {"FORWARD", RULE_HOOK_OTHER},
	    {"POSTROUTING", RULE_HOOK_OTHER},
	};
	struct rule_chain chain = describe(p, name);
	uint16_t number;
	size_t i;

	for (i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++)
		if (strcmp(name, hooks[i].name) == 0)
			chain.hook = hooks[i].hook;
	number = rules_chain(p->reader->rules, &chain);
	if (number != RULE_NO_CHAIN)
		p->reader->rules->chains[number].is_defined = true;
	return number;
}

static void
set_way(struct iptables_parser *p)
{
	struct rule *rule = p->rule;

	if (IS(p->target, "DNAT") && rule->way == RULE_TO_HOST)
		rule->way = RULE_TO_ADDRESS;
	else if (IS(p->target, "TPROXY"))
		rule->way = RULE_TO_PROGRAM;
	else if (!IS(p->target, "REDIRECT"))
		rule->way = RULE_TO_OTHERS;
	rule_settle(rule);
}

static void
set_target(struct iptables_parser *p)
{
	const struct rule_chain chain = describe(p, p->target);

	if (*p->target == '\0')
		return;
	set_way(p);
	p->rule->action = (uint8_t)rule_target(p->target);
	if (p->rule->action != RULE_UNKNOWN)
		return;
	p->rule->action = p->goes ? RULE_GOTO : RULE_JUMP;
	p->rule->target = rules_chain(p->reader->rules, &chain);
}

/* ":INPUT DROP", or -P INPUT DROP. */
static void
set_policy(const struct iptables_parser *p, const char *name, bool drops)
{
	const uint16_t number = make_chain(p, name);

	if (number != RULE_NO_CHAIN)
		p->reader->rules->chains[number].drops = drops;
}

/* The output of "iptables -S" has no table's name.  It begins by the policies,
 * and nat is the one that has PREROUTING, but not FORWARD. */
static void
guess_table(struct iptables_parser *p)
{
	struct iptables_reader *r = p->reader;

	if (*p->table != '\0')
		return;
	if (IS(p->made, "FORWARD") || IS(p->chain, "FORWARD") || p->drops)
		r->listed = "filter";
	else if (IS(p->made, "PREROUTING") || IS(p->chain, "PREROUTING") ||
	    (r->listed == NULL && IS(p->target, "REDIRECT", "DNAT")))
		r->listed = "nat";
	words_copy(p->table, r->listed != NULL ? r->listed : "filter");
}

static void
read_rule(struct iptables_parser *p)
{
	p->rule = rules_begin(p->reader->rules, p->line, strlen(p->line));
	if (p->rule == NULL)
		return;
	while (next_word(p))
		read_option(p);
	end_condition(p);
	guess_table(p);
	set_target(p);
	if (*p->made != '\0')
		set_policy(p, p->made, p->drops);
	if (*p->chain != '\0')
		rules_add(p->reader->rules, make_chain(p, p->chain),
		    p->in_front);
}

/* ":INPUT DROP [0:0]" */
static void
read_chain(struct iptables_parser *p)
{
	char name[RULE_NAME];

	p->at++;
	if (!next_word(p))
		return;
	words_copy(name, p->word);
	next_word(p);
	set_policy(p, name, IS(p->word, "DROP"));
}

/* With or without its directory. */
bool
iptables_is_program(const char *word)
{
	const char *slash = strrchr(word, '/');

	return IS(slash != NULL ? slash + 1 : word, "iptables", "ip6tables",
	    "iptables-legacy", "ip6tables-legacy", "iptables-nft",
	    "ip6tables-nft");
}

static bool
is_command(struct iptables_parser *p)
{
	const char *slash, *name;

	if (!next_word(p))
		return false;
	slash = strrchr(p->word, '/');
	name = slash != NULL ? slash + 1 : p->word;
	if (!iptables_is_program(p->word))
		return false;
	p->is_legacy = strstr(name, "-legacy") != NULL;
	p->reader->family = name[2] == '6' ? AF_INET6 : AF_INET;
	snprintf(p->table, sizeof(p->table), "filter");
	p->line = p->at + strspn(p->at, " \t");
	p->at = p->line;
	return true;
}

/* "Generated by ip6tables-save v1.8.9 (nf_tables)" */
static void
read_header(struct iptables_reader *reader, const char *line)
{
	if (strstr(line, "Generated by ") == NULL)
		return;
	reader->is_shown |= strstr(line, "(nf_tables)") != NULL;
	reader->family = strstr(line, "ip6tables") != NULL ? AF_INET6 : AF_INET;
}

void
iptables_read(struct iptables_reader *reader, const char *line)
{
	struct iptables_parser p = {.reader = reader};

	line += strspn(line, " \t");
	snprintf(p.table, sizeof(p.table), "%s", reader->table);
	/* The counters of -c. */
	if (*line == '[' && strchr(line, ']') != NULL)
		line = strchr(line, ']') + 1;
	line += strspn(line, " \t");
	p.line = p.at = line;
	if (*line == '#')
		read_header(reader, line);
	else if (*line == '*')
		snprintf(reader->table, sizeof(reader->table), "%.*s",
		    (int)strcspn(line + 1, " \t\r"), line + 1);
	else if (*line == ':')
		read_chain(&p);
	else if (*line == '-' || is_command(&p))
		read_rule(&p);
}
