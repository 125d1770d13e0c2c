/* SPDX-License-Identifier: ISC */
/* Words of a listing, as the readers of both have them. */
#ifndef WORDS_H
#define WORDS_H

#include <stdbool.h>

#include "rule.h"

/* True if the word is one of a list that NULL ends. */
bool words_have(const char *const *list, const char *word);

#define IS(word, ...) words_have((const char *const[]){__VA_ARGS__, NULL}, word)

const char *words_skip_blanks(const char *at);

/* Cuts the next word as a shell does, with quotes of both kinds and backslashes,
 * and goes behind it.  False at the end; *is_cut if there is no room for all. */
bool words_cut(const char **at, char *word, size_t size, bool *is_cut);

/* Adds a word to a command for a shell, with a blank before it if it is not the
 * first.  False if there is no room, or it has characters that no command should
 * have: control characters. */
bool words_add(char *command, size_t size, const char *word);

/* Copies what there is room for. */
void words_copy(char name[RULE_NAME], const char *word);

#endif
