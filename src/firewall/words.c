/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child, with --doctor by root, or --from-iptables.  Computes only.
 * Reads: words of the administrator's rules.
 */
#include <stdio.h>
#include <string.h>

#include "words.h"

bool
words_have(const char *const *list, const char *word)
{
	while (*list != NULL && strcmp(*list, word) != 0)
		list++;
	return *list != NULL;
}

const char *
words_skip_blanks(const char *at)
{
	return at + strspn(at, " \t\r");
}

bool
words_cut(const char **at, char *word, size_t size, bool *is_cut)
{
	const char *begin = words_skip_blanks(*at), *c = begin;
	size_t length = 0;
	char quote = '\0';

	*is_cut = false;
	for (; *c != '\0' && (quote != '\0' || strchr(" \t\r", *c) == NULL);
	     c++)
		if (quote == '\0' && (*c == '"' || *c == '\''))
			quote = *c;
		else if (quote != '\0' && *c == quote)
			quote = '\0';
		else {
			c += *c == '\\' && quote != '\'' && c[1] != '\0';
			if (length < size - 1)
				word[length++] = *c;
			else
				*is_cut = true;
		}
	word[length] = '\0';
	*at = c;
	return c > begin;
}

static bool
is_plain(const char *word)
{
	return IS(word, "!") ||
	    (*word != '\0' &&
		word[strspn(word,
		    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		    "0123456789_@%+=:,./-")] == '\0');
}

static bool
add_text(char *command, size_t size, const char *text, size_t length)
{
	const size_t used = strlen(command);

	if (used + length >= size)
		return false;
	memcpy(command + used, text, length);
	command[used + length] = '\0';
	return true;
}

bool
words_add(char *command, size_t size, const char *word)
{
	const char *c = word;

	for (; *c != '\0'; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return false;
	if (*command != '\0' && !add_text(command, size, " ", 1))
		return false;
	if (is_plain(word))
		return add_text(command, size, word, strlen(word));
	if (!add_text(command, size, "'", 1))
		return false;
	for (c = word; *c != '\0'; c++)
		if (*c == '\'' ? !add_text(command, size, "'\\''", 4)
			       : !add_text(command, size, c, 1))
			return false;
	return add_text(command, size, "'", 1);
}

void
words_copy(char name[RULE_NAME], const char *word)
{
	snprintf(name, RULE_NAME, "%.*s", RULE_NAME - 1, word);
}
