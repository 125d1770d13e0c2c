/* SPDX-License-Identifier: ISC */
/*
 * Rules of nftables or iptables that take a port's connections elsewhere before
 * a socket sees them: what lowport makes superfluous, and what is forgotten.
 */
#ifndef REDIRECT_H
#define REDIRECT_H

#include <stdbool.h>
#include <stdint.h>

#define REDIRECT_RULE 128

enum redirect {
	REDIRECT_NONE,
	REDIRECT_FOUND,
	REDIRECT_UNKNOWN, /* no tool here that could tell */
};

/* Looks for one, as root, with nft(8) and iptables-save(8) where they are. */
enum redirect redirect_find(uint16_t port, char rule[REDIRECT_RULE]);

#endif
