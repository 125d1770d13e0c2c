/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child, with --doctor by root, or --from-iptables.  Computes only.
 * Reads: the administrator's rules.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "words.h"

static bool
add(char text[COMMAND_TEXT], const char *word)
{
	return words_add(text, COMMAND_TEXT, word);
}

static bool
add_number(char text[COMMAND_TEXT], unsigned int number)
{
	char word[16];

	snprintf(word, sizeof(word), "%u", number);
	return add(text, word);
}

/* The place of the rule in its chain, from 0 on. */
static unsigned int
place_of(const struct rules *rules, const struct rule *rule)
{
	uint32_t number = rules->chains[rule->chain].first;
	unsigned int place = 0;

	for (; number != RULES_MAX && &rules->list[number] != rule;
	     number = rules->list[number].next)
		place++;
	return place;
}

/* ---- iptables(8) */

static const char *
program_of(const struct rule_chain *chain)
{
	if (chain->is_legacy)
		return chain->family == AF_INET6 ? "ip6tables-legacy"
						 : "iptables-legacy";
	return chain->family == AF_INET6 ? "ip6tables" : "iptables";
}

static bool
has_table(const struct rule *rule)
{
	const char *at = rule->text;
	char word[RULE_TEXT];
	bool is_cut;

	while (words_cut(&at, word, sizeof(word), &is_cut))
		if (strncmp(word, "-t", 2) == 0 ||
		    strncmp(word, "--table", 7) == 0)
			return true;
	return false;
}

/* The chain that -A or -I names: in the same word, or in the next. */
static const char *
chain_word(const char *word)
{
	if (word[1] != '-')
		return word[2] != '\0' ? word + 2 : NULL;
	return strchr(word, '=') != NULL ? strchr(word, '=') + 1 : NULL;
}

static bool
is_adding(const char *word)
{
	return strncmp(word, "-A", 2) == 0 || strncmp(word, "-I", 2) == 0 ||
	    strncmp(word, "--append", 8) == 0 ||
	    strncmp(word, "--insert", 8) == 0;
}

/* Copies the rule's words.  In place of those that add it stand a command, the
 * chain, and a place unless it is 0. */
static bool
copy_words(const struct rule *rule, const char *command, unsigned int place,
    char text[COMMAND_TEXT])
{
	const char *at = rule->text, *chain;
	char word[RULE_TEXT];
	bool is_cut;

	while (words_cut(&at, word, sizeof(word), &is_cut)) {
		if (!is_adding(word)) {
			if (!add(text, word))
				return false;
			continue;
		}
		chain = chain_word(word);
		if (chain == NULL &&
		    words_cut(&at, word, sizeof(word), &is_cut))
			chain = word;
		if (chain == NULL || !add(text, command) || !add(text, chain))
			return false;
		if (place > 0 && !add_number(text, place))
			return false;
		at = words_skip_blanks(at);
		at += strspn(at, "0123456789");
	}
	return true;
}

static bool
begin_iptables(const struct rule_chain *chain, const struct rule *rule,
    char text[COMMAND_TEXT])
{
	return add(text, program_of(chain)) &&
	    (has_table(rule) || strcmp(chain->table, "filter") == 0 ||
		(add(text, "-t") && add(text, chain->table)));
}

static bool
remove_iptables(const struct rules *rules, const struct rule *rule,
    char text[COMMAND_TEXT])
{
	return begin_iptables(&rules->chains[rule->chain], rule, text) &&
	    copy_words(rule, "-D", 0, text);
}

/* A script's own command is what made it; iptables-save(8) has the order alone. */
static bool
restore_iptables(const struct rules *rules, const struct rule *rule,
    char text[COMMAND_TEXT])
{
	const bool is_script = has_table(rule);

	if (!begin_iptables(&rules->chains[rule->chain], rule, text))
		return false;
	if (is_script && strstr(rule->text, "-A") != NULL)
		return copy_words(rule, "-A", 0, text);
	return copy_words(rule, "-I", is_script ? 0 : place_of(rules, rule) + 1,
	    text);
}

/* ---- nft(8) */

static bool
add_nft(const struct rule_chain *chain, const char *verb,
    char text[COMMAND_TEXT])
{
	const char *family = chain->family == AF_INET ? "ip"
	    : chain->family == AF_INET6               ? "ip6"
						      : "inet";

	return add(text, "nft") && add(text, verb) && add(text, "rule") &&
	    add(text, family) && add(text, chain->table) &&
	    add(text, chain->name);
}

/* The words that nft(8) prints of the target of each such rule, beside its
 * place. */
static void
format_guard(const struct rule *rule, char guard[RULE_NAME])
{
	const char *statement = rule->way == RULE_TO_HOST ? "redirect" : "dnat";

	if (rule->to != 0)
		snprintf(guard, RULE_NAME, "/%s/ && index($0, \":%u\")",
		    statement, rule->to);
	else
		snprintf(guard, RULE_NAME, "/%s/", statement);
}

/* If the chain is not as it was any more, the handle is empty, and nft(8) refuses
 * the command. */
static bool
remove_by_place(const struct rules *rules, const struct rule *rule,
    char text[COMMAND_TEXT])
{
	const char *chain = strstr(text, " rule ") + strlen(" rule");
	char guard[RULE_NAME], pipe[COMMAND_TEXT];

	format_guard(rule, guard);
	/* "list chain" names the chain as "delete rule" does. */
	if ((size_t)snprintf(pipe, sizeof(pipe),
		" handle \"$(nft -a list chain%s | awk '/ # handle / && "
		"!/[{] # handle/ && ++n == %u && %s { print $NF }')\"",
		chain, place_of(rules, rule) + 1,
		guard) >= sizeof(pipe) - strlen(text))
		return false;
	strcat(text, pipe);
	return true;
}

static bool
remove_nft(const struct rules *rules, const struct rule *rule,
    char text[COMMAND_TEXT])
{
	if (!add_nft(&rules->chains[rule->chain], "delete", text))
		return false;
	if (rule->handle == 0)
		return remove_by_place(rules, rule, text);
	return add(text, "handle") && add_number(text, rule->handle);
}

static bool
restore_nft(const struct rules *rules, const struct rule *rule,
    char text[COMMAND_TEXT])
{
	const unsigned int place = place_of(rules, rule);

	return add_nft(&rules->chains[rule->chain],
		   place == 0 ? "insert" : "add", text) &&
	    (place == 0 ||
		(add(text, "index") && add_number(text, place - 1))) &&
	    add(text, rule->text);
}

/* ---- firewall-cmd(1) */

/* The same for what is in force, and for what is kept. */
static bool
change_zone(const struct rule_chain *chain, const char *change,
    char text[COMMAND_TEXT])
{
	char zone[RULE_NAME + 8];

	snprintf(zone, sizeof(zone), "--zone=%s", chain->name);
	return add(text, "firewall-cmd") &&
	    (*chain->name == '\0' || add(text, zone)) && add(text, change) &&
	    strlen(text) * 2 + 20 < COMMAND_TEXT &&
	    sprintf(text + strlen(text), " && firewall-cmd --permanent%s",
		strdupa(text + strlen("firewall-cmd"))) > 0;
}

static bool
change_forward(const struct rule_chain *chain, const struct rule *rule,
    const char *verb, char text[COMMAND_TEXT])
{
	const bool is_rich = strncmp(rule->text, "rule", 4) == 0;
	const char *end = strstr(rule->text, " sources: ");
	char change[RULE_TEXT + 32];
	const size_t length = end != NULL ? (size_t)(end - rule->text)
					  : strlen(rule->text);

	snprintf(change, sizeof(change), "--%s-%s=%.*s", verb,
	    is_rich ? "rich-rule" : "forward-port", (int)length, rule->text);
	return change_zone(chain, change, text);
}

/* ---- */

/* Removes the rule, or puts it back. */
static bool
change(const struct rules *rules, const struct rule *rule, bool removes,
    char text[COMMAND_TEXT])
{
	const struct rule_chain *chain = &rules->chains[rule->chain];

	*text = '\0';
	if (rule->is_cut)
		return false;
	if (chain->is_zone)
		return change_forward(chain, rule, removes ? "remove" : "add",
		    text);
	if (chain->is_nft)
		return removes ? remove_nft(rules, rule, text)
			       : restore_nft(rules, rule, text);
	return removes ? remove_iptables(rules, rule, text)
		       : restore_iptables(rules, rule, text);
}

bool
command_remove(const struct rules *rules, const struct rule *rule,
    char text[COMMAND_TEXT])
{
	return change(rules, rule, true, text);
}

bool
command_restore(const struct rules *rules, const struct rule *rule,
    char text[COMMAND_TEXT])
{
	return change(rules, rule, false, text);
}

static bool
add_condition(const struct rule *rule, unsigned int i, char text[COMMAND_TEXT])
{
	char condition[RULE_TEXT], word[RULE_TEXT];
	const char *at = condition;
	bool is_cut;

	snprintf(condition, sizeof(condition), "%.*s",
	    rule->conditions[i].length, rule->text + rule->conditions[i].begin);
	while (words_cut(&at, word, sizeof(word), &is_cut))
		if (!add(text, word))
			return false;
	return true;
}

static bool
admit_iptables(const struct rule_chain *chain, const struct rule *rule,
    uint16_t port, const char *protocol, char text[COMMAND_TEXT])
{
	unsigned int i;

	if (!add(text, program_of(chain)) || !add(text, "-I") ||
	    !add(text, chain->name))
		return false;
	for (i = 0; i < rule->condition_count; i++)
		if (!add_condition(rule, i, text))
			return false;
	return add(text, "-p") && add(text, protocol) && add(text, "--dport") &&
	    add_number(text, port) && add(text, "-j") && add(text, "ACCEPT");
}

static bool
admit_nft(const struct rule_chain *chain, const struct rule *rule,
    uint16_t port, const char *protocol, char text[COMMAND_TEXT])
{
	char body[RULE_TEXT * 2] = "";
	size_t used = 0;
	unsigned int i;

	for (i = 0; i < rule->condition_count; i++)
		used += (size_t)snprintf(body + used, sizeof(body) - used,
		    "%.*s ", rule->conditions[i].length,
		    rule->text + rule->conditions[i].begin);
	snprintf(body + used, sizeof(body) - used, "%s dport %u accept",
	    protocol, port);
	if (!add_nft(chain, "insert", text))
		return false;
	/* Words without a character that a shell takes need no quotes. */
	if (rule->condition_count > 0)
		return add(text, body);
	return strlen(text) + strlen(body) + 1 < COMMAND_TEXT &&
	    sprintf(text + strlen(text), " %s", body) > 0;
}

bool
command_admit(const struct rules *rules, const struct rule *rule, uint16_t port,
    int protocol, char text[COMMAND_TEXT])
{
	const struct rule_chain *chain = &rules->chains[rule->chain];
	const char *name = protocol == IPPROTO_UDP ? "udp" : "tcp";
	char change[32];

	*text = '\0';
	if (rule->is_cut)
		return false;
	if (chain->is_nft)
		return admit_nft(chain, rule, port, name, text);
	snprintf(change, sizeof(change), "--add-port=%u/%s", port, name);
	if (chain->is_zone)
		return change_zone(chain, change, text);
	/* ufw(8) keeps its rules itself, and has one for both families. */
	if (strncmp(chain->name, "ufw", 3) == 0 && rule->condition_count == 0)
		return snprintf(text, COMMAND_TEXT, "ufw allow %u/%s", port,
			   name) > 0;
	return admit_iptables(chain, rule, port, name, text);
}
