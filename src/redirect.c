/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child, with --doctor, by root.
 * Reads: the rules, as the administrator's tools print them.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "program.h"
#include "redirect.h"

struct search {
	unsigned int port;
	char *rule; /* REDIRECT_RULE bytes; empty until one is found */
};

/* The port behind "dport", alone or in a set or range. */
static bool
names_port(const char *line, unsigned int port)
{
	const char *at = strstr(line, "dport");
	unsigned int first = 0, number;
	int length;

	if (at == NULL)
		return false;
	for (at += strlen("dport"); *at != '\0' && !isalpha((unsigned char)*at);
	     at += length) {
		length = 1;
		if (sscanf(at, "%5u%n", &number, &length) != 1)
			continue;
		if (number == port ||
		    (first < port && port < number && first != 0))
			return true;
		first = at[length] == '-' || at[length] == ':' ? number : 0;
		length += first != 0;
	}
	return false;
}

static bool
diverts(const char *line)
{
	static const char *const words[] = {"redirect", "REDIRECT", "DNAT",
	    "dnat "};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strstr(line, words[i]) != NULL)
			return true;
	return false;
}

static void
visit(const char *line, void *argument)
{
	struct search *search = argument;

	if (*search->rule == '\0' && diverts(line) &&
	    names_port(line, search->port))
		snprintf(search->rule, REDIRECT_RULE, "%s",
		    line + strspn(line, " \t"));
}

enum redirect
redirect_find(uint16_t port, char rule[REDIRECT_RULE])
{
	static char *const tools[][4] = {
	    {"/usr/sbin/nft", "list", "ruleset", NULL},
	    {"/usr/sbin/iptables-save", "-t", "nat", NULL},
	    {"/usr/sbin/ip6tables-save", "-t", "nat", NULL},
	    {"/usr/sbin/iptables-legacy-save", "-t", "nat", NULL},
	    {"/usr/sbin/ip6tables-legacy-save", "-t", "nat", NULL},
	};
	struct search search = {.port = port, .rule = rule};
	bool told = false;
	size_t i;

	*rule = '\0';
	for (i = 0; i < sizeof(tools) / sizeof(tools[0]); i++)
		told |= program_read(tools[i], visit, &search);
	if (*rule != '\0')
		return REDIRECT_FOUND;
	return told ? REDIRECT_NONE : REDIRECT_UNKNOWN;
}
