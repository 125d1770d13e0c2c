/* SPDX-License-Identifier: ISC */
/* A set of ports. */
#ifndef PORT_SET_H
#define PORT_SET_H

#include "rule.h"

struct port_set {
	uint64_t bits[1024];
};

void port_set_fill(struct port_set *);

/* Keeps the ports that a list of the rule's has, for this protocol.  Returns false
 * if it is not certain which these are. */
bool port_set_match(struct port_set *, const struct rules *,
    const struct rule_ports *, int protocol);

/* Keeps those that the other has, or has not. */
void port_set_keep(struct port_set *, const struct port_set *);
void port_set_remove(struct port_set *, const struct port_set *);

/* Keeps those from first to last. */
void port_set_limit(struct port_set *, unsigned int first, unsigned int last);

bool port_set_is_empty(const struct port_set *);
bool port_set_overlaps(const struct port_set *, const struct port_set *);

/* Finds the next ports in a row, from *first on; false if there are no more. */
bool port_set_next(const struct port_set *, uint32_t *first, uint32_t *last);

#endif
