/* SPDX-License-Identifier: ISC */
/*
 * The rules of this host's packet filter, as the administrator's tools list
 * them: those that divert a port before a socket sees its connections, which
 * lowport makes superfluous, and those that admit it.
 */
#ifndef REDIRECT_H
#define REDIRECT_H

#include "rule.h"

enum redirect {
	REDIRECT_READ,
	REDIRECT_FAILED,  /* what is here could not list them all */
	REDIRECT_UNKNOWN, /* nothing is here that could */
};

/* Lists the rules, as root, with nft(8) and iptables-save(8) where they are.
 * They are there even if some tool failed. */
enum redirect redirect_list(struct rules *);

/* Room for what redirect_describe writes. */
#define REDIRECT_RULE 384

/* Writes the rule and where it stands; returns its argument. */
const char *redirect_describe(const struct rules *, const struct rule *,
    char text[REDIRECT_RULE]);

/* Writes the command that admits what comes for a port as the rule does for
 * another; returns its argument. */
const char *redirect_suggest(const struct rules *, const struct rule *,
    uint16_t port, int protocol, char text[REDIRECT_RULE]);

#endif
