/* SPDX-License-Identifier: ISC */
/*
 * Rules of nftables or iptables that take a port's connections elsewhere before
 * a socket sees them: what lowport makes superfluous, and what is forgotten.
 */
#ifndef REDIRECT_H
#define REDIRECT_H

#include <stdint.h>

#define REDIRECT_RULE 128

enum redirect {
	REDIRECT_NONE,
	REDIRECT_FOUND,
	REDIRECT_FAILED,  /* what is here could not list them */
	REDIRECT_UNKNOWN, /* nothing is here that could */
};

/*
 * Looks for a rule that names the port and diverts what comes for it, as root,
 * with nft(8) and iptables-save(8) where they are.  A rule may do so without
 * naming it, in a set or map; and one that does may be for some interface or
 * address alone.
 */
enum redirect redirect_find(uint16_t port, int protocol,
    char rule[REDIRECT_RULE]);

#endif
