/* SPDX-License-Identifier: ISC */
/* A rule of nft(8): which packets it is for, and what becomes of them. */
#ifndef NFT_RULE_H
#define NFT_RULE_H

#include "nft_words.h"

/* Reads the rule that is the line. */
void nft_read_rule(struct nft_parser *);

#endif
