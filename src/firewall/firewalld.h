/* SPDX-License-Identifier: ISC */
/*
 * Forward ports of firewalld(1): what "firewall-cmd --list-all" prints, and the
 * files of zones (firewalld.zone(5)).
 */
#ifndef FIREWALLD_H
#define FIREWALLD_H

#include "rule.h"

#define FIREWALLD_TAG 1024

struct firewalld_reader {
	struct rules *rules;
	char zone[RULE_NAME];    /* "": the default one */
	char sources[RULE_NAME]; /* whose packets the zone is for; "": all */
	uint32_t first;          /* of the zone's rules */
	char tag[FIREWALLD_TAG]; /* the part of one that goes on */
	bool in_file, in_rule;
	char rule[FIREWALLD_TAG]; /* a rich one, as the command has it */
};

/* Reads the next line into the rules.  False if it is none of firewalld's. */
bool firewalld_read(struct firewalld_reader *, const char *line);

/* Reads the options of a firewall-cmd(1) that adds rules. */
void firewalld_read_command(struct firewalld_reader *, const char *options);

/* At the end of all lines. */
void firewalld_end(struct firewalld_reader *);

#endif
