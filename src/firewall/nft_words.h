/* SPDX-License-Identifier: ISC */
/* The words of a line of "nft list ruleset". */
#ifndef NFT_WORDS_H
#define NFT_WORDS_H

#include "nftables.h"
#include "words.h"

struct nft_parser {
	struct nftables_reader *reader;
	const char *line, *at;
	char word[128];    /* the last one read */
	const char *begin; /* of it, in the line */
	bool is_quoted;
	struct rule *rule;
	int protocol; /* of the names of ports */
};

/* Reads the next word: text in quotes; a brace, comma or semicolon; or what
 * goes up to one of these or a blank.  At the end it is "", and false. */
bool nft_next(struct nft_parser *);

/* Looks whether this is the next word, and reads it. */
bool nft_is_next(const struct nft_parser *, const char *word);
bool nft_take(struct nft_parser *, const char *word);

/* Returns the text behind the quotes that begin here. */
const char *nft_skip_quoted(const char *at);

/* Goes to the end of the line. */
void nft_skip_line(struct nft_parser *);

/* Passes by operators and the values between them. */
void nft_skip_values(struct nft_parser *);

/* Passes by words that are not understood, to an expression or statement. */
void nft_skip_rest(struct nft_parser *);

/* Adds the text from begin to the last word as a condition of the rule.  Its
 * subject and its value are found among these words. */
void nft_add_condition(struct nft_parser *, const char *begin);

bool nft_starts_expression(const char *word);

#endif
