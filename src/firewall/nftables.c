/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child, with --doctor by root, or --from-iptables.  Computes only.
 * Reads: what nft(8) prints.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nft_rule.h"
#include "nft_values.h"
#include "nftables.h"

static void
read_hook(struct nft_parser *p)
{
	struct rule_chain *chain;

	if (p->reader->chain == RULE_NO_CHAIN)
		return;
	chain = &p->reader->rules->chains[p->reader->chain];
	while (nft_next(p))
		if (IS(p->word, "hook")) {
			nft_next(p);
			chain->hook = IS(p->word, "prerouting")
			    ? RULE_HOOK_PREROUTING
			    : IS(p->word, "input")  ? RULE_HOOK_INPUT
			    : IS(p->word, "output") ? RULE_HOOK_OUTPUT
						    : RULE_HOOK_OTHER;
		} else if (IS(p->word, "policy")) {
			nft_next(p);
			chain->drops = IS(p->word, "drop");
		}
}

/* iptables-save(8) has listed the table already, and says more of it. */
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
begin_table(struct nft_parser *p)
{
	struct nftables_reader *r = p->reader;

	nft_next(p);
	r->family = IS(p->word, "ip") ? AF_INET
	    : IS(p->word, "ip6")      ? AF_INET6
				      : AF_UNSPEC;
	nft_next(p);
	words_copy(r->table, p->word);
	r->block = NFTABLES_TABLE;
	if (r->is_foreign && is_known(r)) {
		r->block = NFTABLES_SKIPPED;
		r->open = 1;
	}
	r->is_foreign = false;
}

static void
begin_chain(struct nft_parser *p)
{
	struct nftables_reader *r = p->reader;
	struct rule_chain chain = {.family = r->family, .is_nft = true};

	nft_next(p);
	memcpy(chain.table, r->table, sizeof(chain.table));
	words_copy(chain.name, p->word);
	r->chain = rules_chain(r->rules, &chain);
	if (r->chain != RULE_NO_CHAIN)
		r->rules->chains[r->chain].is_defined = true;
	r->block = NFTABLES_CHAIN;
}

static void
begin_set(struct nft_parser *p)
{
	struct nftables_reader *r = p->reader;
	size_t room = r->set_room == 0 ? 16 : r->set_room * 2;
	struct nftables_set *larger;

	r->block = NFTABLES_SET;
	r->set = NULL;
	nft_next(p);
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
	words_copy(r->set->name, p->word);
}

/* "type ipv4_addr . inet_service : verdict", or "typeof ip daddr . tcp dport".
 */
static void
read_type(struct nft_parser *p)
{
	struct nftables_set *set = p->reader->set;
	bool is_port = false, is_protocol = false;
	int ports = 0;

	if (set == NULL)
		return;
	set->parts = 1;
	for (;;) {
		const bool goes_on = nft_next(p) && !IS(p->word, ":", ";");

		is_port |= IS(p->word, "inet_service", "dport", "sport");
		is_protocol |= IS(p->word, "inet_proto", "l4proto");
		if (!goes_on || IS(p->word, ".")) {
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
	/* Only the rule knows which of them it means. */
	if (ports > 1)
		set->part = -1;
}

static void
read_set_elements(struct nft_parser *p)
{
	struct nftables_set *set = p->reader->set;
	struct nft_selector s = {.port = -1, .protocol = -1};

	p->reader->block = NFTABLES_ELEMENTS;
	if (set == NULL || set->part < 0) {
		while (nft_next(p))
			if (IS(p->word, "}"))
				p->reader->block = NFTABLES_SET;
		return;
	}
	s.port = set->part;
	s.protocol = set->protocol_part;
	s.parts = set->parts;
	if (nft_read_elements(p, &s, &set->ports))
		p->reader->block = NFTABLES_SET;
}

static void
read_set_line(struct nft_parser *p)
{
	if (IS(p->word, "}"))
		p->reader->block = NFTABLES_TABLE;
	else if (IS(p->word, "type", "typeof"))
		read_type(p);
	else if (IS(p->word, "elements") && nft_take(p, "=") &&
	    nft_take(p, "{"))
		read_set_elements(p);
}

static void
read_chain_line(struct nft_parser *p)
{
	bool is_hook;

	if (IS(p->word, "}"))
		p->reader->block = NFTABLES_TABLE;
	else if (!IS(p->word, "comment")) {
		is_hook = IS(p->word, "type", "policy");
		p->at = p->line;
		if (is_hook)
			read_hook(p);
		else
			nft_read_rule(p);
	}
}

/* Counts the braces that the line leaves open. */
static int
count_open(const char *line)
{
	int open = 0;

	for (; *line != '\0'; line++) {
		if (*line == '"') {
			line = nft_skip_quoted(line) - 1;
			continue;
		}
		open += *line == '{';
		open -= *line == '}';
	}
	return open;
}

static void
read_table_line(struct nft_parser *p)
{
	if (IS(p->word, "}"))
		p->reader->block = NFTABLES_TOP;
	else if (IS(p->word, "chain"))
		begin_chain(p);
	else if (IS(p->word, "set", "map"))
		begin_set(p);
	else if (IS(p->word, "flags") && strstr(p->line, "dormant") != NULL) {
		p->reader->block = NFTABLES_SKIPPED;
		p->reader->open = 1;
	} else if (count_open(p->line) > 0)
		p->reader->block = NFTABLES_OTHER;
}

/* Joins the lines of a rule whose set goes on; true while it does. */
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
	struct nft_parser p = {.reader = r};

	p.line = p.at = line + strspn(line, " \t");
	if (r->block == NFTABLES_ELEMENTS) {
		read_set_elements(&p);
		return;
	}
	if (!nft_next(&p))
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
