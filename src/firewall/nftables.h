/* SPDX-License-Identifier: ISC */
/*
 * Rules as "nft list ruleset" prints them (nft(8)).
 */
#ifndef NFTABLES_H
#define NFTABLES_H

#include "rule.h"

/* Room for a rule of several lines. */
#define NFTABLES_JOINED 4096

/* A named set or map. */
#define NFTABLES_SETS 4096

struct nftables_set {
	char table[RULE_NAME], name[RULE_NAME];
	uint16_t family;
	int part;  /* the part of an element that is a port; -1: none */
	int parts; /* of an element */
	int protocol_part;
	struct rule_ports ports;
};

enum nftables_block {
	NFTABLES_TOP,
	NFTABLES_TABLE,
	NFTABLES_CHAIN,
	NFTABLES_SET,
	NFTABLES_ELEMENTS, /* of a set */
	NFTABLES_OTHER,    /* in a table */
	NFTABLES_SKIPPED,  /* a table that is dormant, or was listed already */
};

struct nftables_reader {
	struct rules *rules;
	enum nftables_block block;
	uint16_t family, chain;
	int open;        /* braces, in NFTABLES_SKIPPED */
	bool is_foreign; /* the next table is of iptables(8) */
	char table[RULE_NAME];
	struct nftables_set *sets;
	size_t set_count, set_room;
	struct nftables_set *set; /* of NFTABLES_SET; NULL: no room */
	char joined[NFTABLES_JOINED];
};

/* Reads the next line into the rules. */
void nftables_read(struct nftables_reader *, const char *line);

/* Frees what the reader has allocated. */
void nftables_end(struct nftables_reader *);

#endif
