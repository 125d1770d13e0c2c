/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child, with --doctor, by root.  Computes only.
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

void
words_copy(char name[RULE_NAME], const char *word)
{
	snprintf(name, RULE_NAME, "%.*s", RULE_NAME - 1, word);
}
