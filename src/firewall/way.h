/* SPDX-License-Identifier: ISC */
/*
 * All ways through the rules that lead to one which diverts TCP or UDP: unlike
 * divert.h, which follows the packets for one port.
 */
#ifndef WAY_H
#define WAY_H

#include "divert.h"
#include "port_set.h"

/* Rules that let some packets pass before; any more make the way uncertain. */
#define WAY_EXCEPTIONS 16

struct way {
	const struct rule *rule;
	const struct rule *path[DIVERT_DEPTH]; /* the rules that jump to it */
	unsigned int depth;
	const struct rule
	    *exceptions[WAY_EXCEPTIONS]; /* some with these ports */
	unsigned int exception_count;
	struct rule_packet packet; /* family and protocol */
	enum rule_hook hook;
	struct port_set ports; /* with which packets come here */
	bool is_certain;       /* that these are the ports */
	bool is_dead; /* another rule diverts all packets before they come */
};

/* Visits each way from prerouting and from output.  Returns false if there are too
 * many to visit all. */
bool way_visit(const struct rules *, void (*visit)(const struct way *, void *),
    void *argument);

#endif
