/* SPDX-License-Identifier: ISC */
/*
 * Rules of nft(8) as people write them: several statements on a line, sets over
 * many lines, and commands such as "add rule".  The reader of nftables.h gets them
 * a statement a line, as "nft list ruleset" prints them.
 */
#ifndef NFT_TEXT_H
#define NFT_TEXT_H

#include "nftables.h"

/* Room for a statement: a longer one is cut. */
#define NFT_STATEMENT 65536

struct nft_text {
	struct nftables_reader *reader;
	size_t length;
	unsigned int blocks; /* that are open: table, chain or set */
	unsigned int braces; /* that are open within the statement */
	bool goes_on;        /* the last line ended by a backslash */
	char statement[NFT_STATEMENT];
};

/* True if the line begins rules of nft(8), or the last ones are not at an end. */
bool nft_text_takes(const struct nft_text *, const char *line);

void nft_text_read(struct nft_text *, const char *line);

#endif
