/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child, with --from-iptables.  Computes only.
 * Reads: rules of nft(8), listed or written by hand.
 */
#include <stdio.h>
#include <string.h>

#include "nft_text.h"
#include "nft_words.h"

/* The end of a set that is too long: its elements are not all known. */
#define CUT_SET " ;}"

static bool
is_full(const struct nft_text *t)
{
	return t->length >= sizeof(t->statement) - sizeof(CUT_SET);
}

static void
put(struct nft_text *t, char c)
{
	if (!is_full(t))
		t->statement[t->length++] = c;
	else if (t->braces == 0)
		t->reader->rules->is_cut = true;
}

/* "add rule inet t c tcp dport 443 ..." and "add chain t c { ... }", as the reader
 * has them within their blocks. */
static void
read_command(struct nft_text *t)
{
	struct nft_parser p = {.line = t->statement, .at = t->statement};
	char line[RULE_NAME * 2], family[16] = "ip";
	bool is_chain;
	char *end;

	if (!nft_take(&p, "add") && !nft_take(&p, "insert") &&
	    !nft_take(&p, "create"))
		return;
	is_chain = nft_take(&p, "chain");
	if (!is_chain && !nft_take(&p, "rule"))
		return;
	if (nft_take(&p, "ip") || nft_take(&p, "ip6") || nft_take(&p, "inet"))
		snprintf(family, sizeof(family), "%.8s", p.word);
	nft_next(&p);
	snprintf(line, sizeof(line), "table %s %.*s {", family, RULE_NAME - 1,
	    p.word);
	nftables_read(t->reader, line);
	nft_next(&p);
	snprintf(line, sizeof(line), "chain %.*s {", RULE_NAME - 1, p.word);
	nftables_read(t->reader, line);
	if (nft_take(&p, "index") || nft_take(&p, "position") ||
	    nft_take(&p, "handle"))
		nft_next(&p);
	if (is_chain && nft_take(&p, "{")) {
		end = strrchr(t->statement, '}');
		if (end != NULL && end > p.at)
			*end = '\0';
	}
	nftables_read(t->reader, words_skip_blanks(p.at));
	nftables_read(t->reader, "}");
	nftables_read(t->reader, "}");
}

static void
end_statement(struct nft_text *t)
{
	while (t->length > 0 && t->statement[t->length - 1] == ' ')
		t->length--;
	t->statement[t->length] = '\0';
	if (t->length > 0 && t->blocks == 0 && *t->statement != '#' &&
	    strncmp(t->statement, "table", 5) != 0)
		read_command(t);
	else if (t->length > 0)
		nftables_read(t->reader, t->statement);
	t->length = 0;
}

/* A brace begins a block, but for that of a set within a statement. */
static void
open_brace(struct nft_text *t)
{
	const bool is_block = t->blocks == 1 ||
	    (t->blocks == 0 && strncmp(t->statement, "table ", 6) == 0);

	put(t, '{');
	if (!is_block || t->braces > 0) {
		t->braces++;
		return;
	}
	end_statement(t);
	t->blocks++;
}

static void
close_brace(struct nft_text *t)
{
	if (t->braces > 0) {
		t->braces--;
		if (!is_full(t))
			t->statement[t->length++] = '}';
		else if (t->braces == 0) {
			t->length = sizeof(t->statement) - sizeof(CUT_SET);
			memcpy(t->statement + t->length, CUT_SET,
			    sizeof(CUT_SET));
			t->length += strlen(CUT_SET);
		}
		return;
	}
	end_statement(t);
	if (t->blocks > 0) {
		t->blocks--;
		nftables_read(t->reader, "}");
	}
}

/* Of comments, the reader knows the handle of a rule, and the warning that a table
 * is another tool's. */
static const char *
read_comment(struct nft_text *t, const char *at)
{
	const bool is_known = t->length == 0 ||
	    strncmp(at, "# handle ", 9) == 0;

	while (*at != '\0' && is_known)
		put(t, *at++);
	return at + strlen(at);
}

static const char *
read_character(struct nft_text *t, const char *at)
{
	const char *end;

	switch (*at) {
	case '"':
		for (end = nft_skip_quoted(at); at < end; at++)
			put(t, *at);
		return at;
	case '#':
		return read_comment(t, at);
	case '{':
		open_brace(t);
		break;
	case '}':
		close_brace(t);
		break;
	case ';':
		if (t->braces == 0)
			end_statement(t);
		else
			put(t, ';');
		break;
	case '\\':
		t->goes_on = at[1] == '\0';
		break;
	default:
		if (t->length > 0 || strchr(" \t\r", *at) == NULL)
			put(t, *at == '\t' || *at == '\r' ? ' ' : *at);
	}
	return at + 1;
}

void
nft_text_read(struct nft_text *t, const char *line)
{
	t->goes_on = false;
	while (*line != '\0')
		line = read_character(t, line);
	if (t->braces > 0 || t->goes_on)
		put(t, ' ');
	else
		end_statement(t);
}

bool
nft_text_takes(const struct nft_text *t, const char *line)
{
	const struct nft_parser p = {.at = line};

	return t->blocks > 0 || t->braces > 0 || t->goes_on ||
	    (nft_is_next(&p, "table") && strchr(line, '{') != NULL) ||
	    (*line == '#' && strstr(line, "managed by iptables") != NULL) ||
	    nft_is_next(&p, "add") || nft_is_next(&p, "insert") ||
	    nft_is_next(&p, "create") || nft_is_next(&p, "define");
}
