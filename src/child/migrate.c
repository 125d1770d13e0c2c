/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child, with --from-iptables; there is no server.  As root it keeps
 * what reading files and /proc of others takes.
 * Reads: the caller's arguments, files he names or standard input, and addresses
 * of this host.
 */
#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "migrate.h"
#include "ruleset.h"
#include "steps.h"

#define NOT_ALL 1

/* Files, and the number of lines before each. */
#define FILES 64

struct source {
	const char *path; /* NULL: standard input */
	uint32_t before;
};

static struct source sources[FILES];
static size_t source_count;
static struct rules rules;
static struct ruleset_reader reader;
static bool failed;

static void
place(uint32_t line, char *text, size_t size)
{
	size_t i = source_count - 1;

	while (i > 0 && sources[i].before >= line)
		i--;
	if (sources[i].path == NULL)
		snprintf(text, size, "line %u", line - sources[i].before);
	else
		snprintf(text, size, "%.300s:%u", sources[i].path,
		    line - sources[i].before);
}

static void
complain(uint32_t line, const char *why, const char *text)
{
	char where[STEPS_PLACE];

	failed = true;
	place(line, where, sizeof(where));
	alertx("%s: not carried over: %.700s: '%.300s'", where, why, text);
}

/* Other rules are of no interest here. */
static void
refuse_command(const char *command, void *ignored)
{
	(void)ignored;
	if (strstr(command, "REDIRECT") != NULL ||
	    strstr(command, "DNAT") != NULL ||
	    strstr(command, "redirect") != NULL ||
	    strstr(command, "dnat") != NULL ||
	    strstr(command, "forward-port") != NULL ||
	    strstr(command, "-j $") != NULL || strstr(command, "nat ") != NULL)
		complain(rules.line,
		    "it has a variable, or more that is not expanded or "
		    "understood here; write the values, or let iptables-save "
		    "list the rules",
		    command);
}

static void
read_source(const char *path)
{
	FILE *file = path == NULL ? stdin : fopen(path, "re");
	char *line = NULL;
	size_t size = 0;

	if (file == NULL)
		fatal("cannot read '%.200s'", path);
	sources[source_count++] = (struct source){path, rules.line};
	while (getline(&line, &size, file) >= 0) {
		line[strcspn(line, "\n")] = '\0';
		rules.line++;
		if (strncmp(line, "{\"nftables\"", 11) == 0)
			fatalx("'nft -j' prints JSON, which is not read here; "
			       "list the rules by: nft -a list ruleset");
		/* The mark of UTF-8 that some editors put in front. */
		ruleset_read(&reader,
		    strncmp(line, "\xef\xbb\xbf", 3) == 0 ? line + 3 : line);
	}
	if (ferror(file))
		fatal("cannot read '%.200s'",
		    path == NULL ? "standard input" : path);
	free(line);
	if (path != NULL)
		fclose(file);
}

static void
read_sources(char **paths)
{
	size_t i;

	ruleset_begin(&reader, &rules);
	reader.refuse = refuse_command;
	if (*paths == NULL && isatty(STDIN_FILENO))
		fatalx("no rules; name a file with them, or pipe them: "
		       "iptables-save | lowport --from-iptables");
	if (*paths == NULL)
		read_source(NULL);
	for (i = 0; paths[i] != NULL; i++) {
		if (i == FILES)
			fatalx("there are more than %d files", FILES);
		ruleset_name(&reader, paths[i]);
		read_source(paths[i]);
	}
	ruleset_end(&reader);
	if (rules.count == 0 && rules.chain_count == 0 && !failed)
		fatalx("no rule of iptables, nft or firewalld is in the "
		       "input; as root: iptables-save | lowport "
		       "--from-iptables");
}

static bool
is_own_address(const struct rule_address *wanted)
{
	struct ifaddrs *list, *one;
	const void *address;
	bool found = false;

	if (getifaddrs(&list) != 0)
		return false;
	for (one = list; one != NULL && !found; one = one->ifa_next) {
		if (one->ifa_addr == NULL ||
		    one->ifa_addr->sa_family != wanted->family)
			continue;
		address = wanted->family == AF_INET
		    ? (const void *)&((struct sockaddr_in *)one->ifa_addr)
			  ->sin_addr
		    : &((struct sockaddr_in6 *)one->ifa_addr)->sin6_addr;
		found = memcmp(address, wanted->bytes,
			    wanted->family == AF_INET ? 4 : 16) == 0;
	}
	freeifaddrs(list);
	return found;
}

static void
add_mapping(struct steps *s, const struct mapping *m)
{
	size_t i;

	for (i = 0; i < s->mapping_count; i++)
		if (memcmp(&s->mappings[i], m, sizeof(*m)) == 0)
			return;
	if (s->mapping_count == PLAN_MAPPINGS_MAX)
		fatalx("the rules take more than %d mappings; give lowport "
		       "some of them at a time",
		    PLAN_MAPPINGS_MAX);
	s->mappings[s->mapping_count++] = *m;
}

static void
list_mappings(struct steps *s, const struct carry_list *carries)
{
	static struct mapping some[CARRY_MAPPINGS];
	size_t i, k, count;

	for (i = 0; i < carries->count; i++) {
		if (carries->list[i].state != CARRY_WHOLE)
			continue;
		count = carry_mappings(&carries->list[i], some);
		for (k = 0; k < count; k++)
			add_mapping(s, &some[k]);
	}
}

/* A rule that stays, in front of a mapping of the same port. */
static const char *
find_behind(const struct steps *s, const struct carry *c,
    char text[MAPPING_TEXT])
{
	const struct mapping *m = s->mappings, *end = m + s->mapping_count;
	size_t i;

	for (; m < end; m++)
		for (i = 0; i < c->pair_count; i++)
			if (c->pairs[i].protocol == m->protocol &&
			    c->pairs[i].first < m->public_port + m->ports &&
			    c->pairs[i].last >= m->public_port)
				return mapping_format(m, text);
	return NULL;
}

/* A mapping that takes the server away from where a rule that stays leads to. */
static const char *
find_deserted(const struct steps *s, const struct rule *rule,
    char text[MAPPING_TEXT])
{
	const struct mapping *m = s->mappings, *end = m + s->mapping_count;

	for (; m < end && rule->to != 0 && !rule->is_beyond; m++)
		if ((m->protocol == IPPROTO_UDP ? rule->is_udp
						: rule->is_tcp) &&
		    m->server_port <= rule->to &&
		    rule->to < m->server_port + m->ports)
			return mapping_format(m, text);
	return NULL;
}

static void
report_refused(const struct steps *s, const struct carry *c)
{
	char mapping[MAPPING_TEXT], why[REASON_TEXT * 2];

	if (find_behind(s, c, mapping) != NULL)
		snprintf(why, sizeof(why),
		    "%s (it stays, and takes its packets before the server of "
		    "%s)",
		    c->why, mapping);
	else if (find_deserted(s, c->rule, mapping) != NULL)
		snprintf(why, sizeof(why),
		    "%s (it stays, and by -p %s no server will be at port %u, "
		    "to which it leads)",
		    c->why, mapping, c->rule->to);
	else
		snprintf(why, sizeof(why), "%s", c->why);
	complain(c->rule->line, why, c->rule->text);
}

static void
report_all_refused(const struct steps *s, const struct carry_list *carries)
{
	const struct carry *c = carries->list;
	size_t i, k;

	for (i = 0; i < carries->count; i++) {
		if (c[i].state != CARRY_REFUSED)
			continue;
		for (k = 0; k < i && c[k].rule != c[i].rule; k++)
			;
		if (k == i)
			report_refused(s, &c[i]);
	}
}

void
migrate(const struct options *options)
{
	static struct steps steps;
	struct carry_list carries = {.is_own = is_own_address};

	read_sources(options->command);
	carry_list_find(&carries, &rules);
	steps.options = options;
	steps.rules = &rules;
	steps.carries = &carries;
	steps.place = place;
	list_mappings(&steps, &carries);
	report_all_refused(&steps, &carries);
	if (carries.is_cut) {
		failed = true;
		alertx("there are too many rules to know all that divert a "
		       "port");
	}
	steps_print(&steps);
	if (fflush(stdout) != 0)
		fatal("cannot write the steps");
	carry_list_free(&carries);
	rules_free(&rules);
	_exit(failed ? NOT_ALL : 0);
}
