/* SPDX-License-Identifier: ISC */
/*
 * The rules of this host's packet filter, as the administrator's tools list
 * them.  Some divert a port before a socket sees its connections: lowport makes
 * them superfluous.  Others admit a port.
 */
#ifndef REDIRECT_H
#define REDIRECT_H

#include "rule.h"

enum redirect {
	REDIRECT_READ,
	REDIRECT_FAILED,  /* a tool failed: some may be missing */
	REDIRECT_UNKNOWN, /* there is no tool */
};

/* Lists the rules, as root, by nft(8) and iptables-save(8), if they are
 * installed.  If one fails, those of the others are listed. */
enum redirect redirect_list(struct rules *);

#define REDIRECT_RULE 384

/* Writes the rule, its table and its chain; returns text. */
const char *redirect_describe(const struct rules *, const struct rule *,
    char text[REDIRECT_RULE]);

#endif
