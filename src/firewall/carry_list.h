/* SPDX-License-Identifier: ISC */
/*
 * All rules that divert a port to this host, and which of them can be carried
 * over together: each as a whole, and no two for one port.
 */
#ifndef CARRY_LIST_H
#define CARRY_LIST_H

#include "carry.h"

struct carry_list {
	/* True for an address of this host. */
	bool (*is_own)(const struct rule_address *);
	struct carry *list;
	size_t count, room;
	bool is_cut; /* there are more */
};

/* Fills in the list, whose first field is set. */
void carry_list_find(struct carry_list *, const struct rules *);

void carry_list_free(struct carry_list *);

#endif
