/* SPDX-License-Identifier: ISC */
/*
 * Rules in whatever form the administrator has them: what iptables-save(8), nft(8)
 * or firewall-cmd(1) print, files of these, and scripts with their commands; also
 * several of them, one behind the other.
 */
#ifndef RULESET_H
#define RULESET_H

#include "firewalld.h"
#include "iptables.h"
#include "nft_text.h"

#define RULESET_LINE 16384

struct ruleset_reader {
	struct iptables_reader iptables;
	struct nftables_reader nftables;
	struct nft_text nft;
	struct firewalld_reader firewalld;
	/* A command with a part that a shell would expand; nothing is read of
	 * it. */
	void (*refuse)(const char *command, void *);
	void *argument;
	char joined[RULESET_LINE]; /* lines that end by a backslash */
};

void ruleset_begin(struct ruleset_reader *, struct rules *);

/* Says which file is read: its name tells the family of some, and the zone of
 * others. */
void ruleset_name(struct ruleset_reader *, const char *path);

void ruleset_read(struct ruleset_reader *, const char *line);

/* Frees what the reader has allocated; the rules stay. */
void ruleset_end(struct ruleset_reader *);

#endif
