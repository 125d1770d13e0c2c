/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child, with --from-iptables.  Computes only.
 * Reads: rules of the administrator's, and whatever he calls so.
 */
#include <ctype.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "ruleset.h"
#include "shell.h"
#include "words.h"

void
ruleset_begin(struct ruleset_reader *r, struct rules *rules)
{
	memset(r, 0, sizeof(*r));
	r->iptables.rules = r->nftables.rules = r->firewalld.rules = rules;
	r->nft.reader = &r->nftables;
	r->iptables.family = AF_INET;
}

/* "rules.v6", "ip6tables.rules", "zones/public.xml" */
void
ruleset_name(struct ruleset_reader *r, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash != NULL ? slash + 1 : path;
	const size_t length = strcspn(name, ".");
	const bool is_ip6 = strstr(name, "v6") != NULL ||
	    strstr(name, "ip6") != NULL || strstr(name, "rules6") != NULL;

	r->iptables.family = is_ip6 ? AF_INET6 : AF_INET;
	*r->iptables.table = '\0';
	r->iptables.listed = NULL;
	if (strcmp(name + length, ".xml") == 0 && length < RULE_NAME)
		snprintf(r->firewalld.zone, sizeof(r->firewalld.zone), "%.*s",
		    (int)length, name);
}

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

static bool
wants(const char *program, void *reader)
{
	(void)reader;
	return iptables_is_program(program) ||
	    IS(base_name(program), "nft", "firewall-cmd");
}

/* The command's words may be in quotes, one by one or all in one. */
static void
take_nft(struct ruleset_reader *r, const char *command)
{
	char text[RULESET_LINE];
	size_t length = 0;

	for (; *command != '\0' && length < sizeof(text) - 1; command++)
		if (*command != '\'' &&
		    !(*command == '\\' && command[1] != '\0'))
			text[length++] = *command;
	text[length] = '\0';
	if (nft_text_takes(&r->nft, text))
		nft_text_read(&r->nft, text);
}

static void
refuse(const char *command, void *reader)
{
	struct ruleset_reader *r = reader;

	if (r->refuse != NULL)
		r->refuse(command, r->argument);
}

static void
take(const char *command, void *reader)
{
	struct ruleset_reader *r = reader;
	const size_t length = strcspn(command, " \t");
	char program[RULE_TEXT];

	snprintf(program, sizeof(program), "%.*s", (int)length, command);
	if (strcmp(base_name(program), "nft") == 0)
		take_nft(r, words_skip_blanks(command + length));
	else if (strcmp(base_name(program), "firewall-cmd") != 0)
		iptables_read(&r->iptables, command);
	else if (strstr(command, " --direct ") != NULL)
		refuse(command, reader);
	else
		firewalld_read_command(&r->firewalld, command + length);
}

/* Lines of iptables-save(8), and not a script's. */
static bool
is_saved(const char *line)
{
	const char first = line[0], second = line[1];

	return strchr(":#", first) != NULL ||
	    (first == '*' && isalpha((unsigned char)second)) ||
	    (first == '[' && isdigit((unsigned char)second)) ||
	    (first == '-' && isalpha((unsigned char)second));
}

static void
read_line(struct ruleset_reader *r, const char *line)
{
	const struct shell_reader shell = {wants, take, refuse, r};
	const char *text = words_skip_blanks(line);

	if (nft_text_takes(&r->nft, text))
		nft_text_read(&r->nft, text);
	else if (firewalld_read(&r->firewalld, line) || *text == '\0')
		return;
	else if (is_saved(text))
		iptables_read(&r->iptables, text);
	else if (strncmp(text, "<rule ipv=", 10) == 0)
		refuse(text, r); /* firewalld.direct(5) */
	else
		shell_read(&shell, text);
}

void
ruleset_read(struct ruleset_reader *r, const char *line)
{
	const size_t length = strlen(line), used = strlen(r->joined);

	if (used == 0 && (length == 0 || line[length - 1] != '\\')) {
		read_line(r, line);
		return;
	}
	snprintf(r->joined + used, sizeof(r->joined) - used, "%s", line);
	if (length > 0 && line[length - 1] == '\\' &&
	    used + length < sizeof(r->joined) - 1) {
		r->joined[used + length - 1] = ' ';
		return;
	}
	read_line(r, r->joined);
	*r->joined = '\0';
}

void
ruleset_end(struct ruleset_reader *r)
{
	if (*r->joined != '\0')
		read_line(r, r->joined);
	*r->joined = '\0';
	firewalld_end(&r->firewalld);
	nftables_end(&r->nftables);
}
