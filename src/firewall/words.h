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

/* Copies what there is room for. */
void words_copy(char name[RULE_NAME], const char *word);

#endif
