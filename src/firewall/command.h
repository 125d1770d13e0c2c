/* SPDX-License-Identifier: ISC */
/*
 * Commands for the administrator, of iptables(8), nft(8) or firewall-cmd(1), as the
 * rule is one of these.  A shell takes them as they are.
 */
#ifndef COMMAND_H
#define COMMAND_H

#include "rule.h"

#define COMMAND_TEXT 2048

/*
 * Each returns false if there is none: a rule is too long, or has characters that
 * nobody should paste.
 *
 * The first removes the rule.  Of several in one chain, the last is to be removed
 * first: without a handle, nft(8) finds a rule by its place.
 */
bool command_remove(const struct rules *, const struct rule *,
    char text[COMMAND_TEXT]);

/* Puts it back to its place; the first of a chain comes first. */
bool command_restore(const struct rules *, const struct rule *,
    char text[COMMAND_TEXT]);

/* Admits a port as the rule admits another: on the same conditions. */
bool command_admit(const struct rules *, const struct rule *, uint16_t port,
    int protocol, char text[COMMAND_TEXT]);

#endif
