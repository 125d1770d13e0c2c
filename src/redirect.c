/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child, with --doctor, by root.
 * Reads: the rules, as the administrator's tools print them.
 */
#include <ctype.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "program.h"
#include "redirect.h"

struct search {
	unsigned int port;
	int protocol;
	char *rule; /* REDIRECT_RULE bytes; empty until one is found */
};

/* The port behind "dport", alone or in a set or range. */
static bool
names_port(const char *line, unsigned int port)
{
	const char *at = strstr(line, "dport");
	unsigned int first = 0, number;
	bool is_range = false;
	int length;

	if (at == NULL)
		return false;
	at += strlen("dport");
	at += *at == 's'; /* iptables' multiport */
	for (; *at != '\0' && !isalpha((unsigned char)*at); at += length) {
		length = 1;
		if (sscanf(at, "%5u%n", &number, &length) != 1)
			continue;
		if (number == port ||
		    (is_range && first < port && port < number))
			return true;
		first = number;
		is_range = at[length] == '-' || at[length] == ':';
		length += is_range;
	}
	return false;
}

/* Of the other protocol, or of all ports but this one. */
static bool
is_about_others(const char *line, int protocol)
{
	const char *other = protocol == IPPROTO_UDP ? "tcp " : "udp ";

	return strstr(line, other) != NULL || strstr(line, "!=") != NULL ||
	    strstr(line, "! --dport") != NULL;
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
	    !is_about_others(line, search->protocol) &&
	    names_port(line, search->port))
		snprintf(search->rule, REDIRECT_RULE, "%s",
		    line + strspn(line, " \t"));
}

enum redirect
redirect_find(uint16_t port, int protocol, char rule[REDIRECT_RULE])
{
	/* The legacy ones without -t, which would make the table it names. */
	static char *const tools[][4] = {
	    {"/usr/sbin/nft", "list", "ruleset", NULL},
	    {"/usr/sbin/iptables-legacy-save", NULL},
	    {"/usr/sbin/ip6tables-legacy-save", NULL},
	    {"/sbin/iptables-save", NULL},
	    {"/sbin/ip6tables-save", NULL},
	};
	struct search search = {.port = port,
	    .protocol = protocol,
	    .rule = rule};
	enum redirect told = REDIRECT_UNKNOWN;
	size_t i;

	*rule = '\0';
	for (i = 0; i < sizeof(tools) / sizeof(tools[0]); i++)
		switch (program_read(tools[i], visit, &search)) {
		case PROGRAM_READ:
			if (told == REDIRECT_UNKNOWN)
				told = REDIRECT_NONE;
			break;
		case PROGRAM_FAILED:
			told = REDIRECT_FAILED;
			break;
		case PROGRAM_ABSENT:
			break;
		}
	return *rule != '\0' ? REDIRECT_FOUND : told;
}
