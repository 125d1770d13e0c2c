/* SPDX-License-Identifier: ISC */
/* The values that a rule of nft(8) compares a packet to: ports, sets and maps. */
#ifndef NFT_VALUES_H
#define NFT_VALUES_H

#include "nft_words.h"

/* The subjects that are compared: "ip daddr . tcp dport" has two parts. */
struct nft_selector {
	int parts;
	int port;       /* the part that is the destination port, or -1 */
	int protocol;   /* likewise */
	bool is_local;  /* fib daddr type */
	bool is_family; /* meta nfproto */
	bool is_kind;   /* pkttype */
	bool is_state;  /* ct state */
	bool is_status; /* ct status */
	bool is_flags;  /* tcp flags */
};

/* The protocol of that name or number; IPPROTO_RAW for others. */
int nft_protocol(const char *word);

/* The set, the name of one, or the value behind the operator. */
void nft_read_ports(struct nft_parser *, const struct nft_selector *,
    struct rule_ports *);

/* The value behind "<" and so on, as the ports for which that is true. */
bool nft_read_comparison(struct nft_parser *, const char *operator,
    struct rule_ports *);

/* Elements to the end of the line, or to the '}'; true if that came. */
bool nft_read_elements(struct nft_parser *, const struct nft_selector *,
    struct rule_ports *);

/* The verdict of the word that was read, and the chain of a jump. */
void nft_read_verdict(struct nft_parser *, struct rule_port *);

#endif
