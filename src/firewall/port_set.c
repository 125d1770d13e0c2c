/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child, with --from-iptables.  Computes only.
 * Reads: ports of the administrator's rules.
 */
#include <string.h>

#include "port_set.h"

#define WORDS 1024
#define PORTS 65536U

static bool
has(const struct port_set *set, uint32_t port)
{
	return (set->bits[port / 64] >> port % 64 & 1) != 0;
}

static void
add(struct port_set *set, uint32_t first, uint32_t last)
{
	for (; first <= last; first++)
		set->bits[first / 64] |= UINT64_C(1) << first % 64;
}

/* Port 0 is none. */
void
port_set_fill(struct port_set *set)
{
	memset(set, 0xff, sizeof(*set));
	set->bits[0] &= ~UINT64_C(1);
}

void
port_set_keep(struct port_set *set, const struct port_set *other)
{
	size_t i;

	for (i = 0; i < WORDS; i++)
		set->bits[i] &= other->bits[i];
}

void
port_set_remove(struct port_set *set, const struct port_set *other)
{
	size_t i;

	for (i = 0; i < WORDS; i++)
		set->bits[i] &= ~other->bits[i];
}

void
port_set_limit(struct port_set *set, unsigned int first, unsigned int last)
{
	struct port_set kept = {0};

	add(&kept, first, last);
	port_set_keep(set, &kept);
}

bool
port_set_match(struct port_set *set, const struct rules *rules,
    const struct rule_ports *list, int protocol)
{
	const struct rule_port *port = rules->ports + list->begin;
	const struct rule_port *end = port + list->count;
	bool is_certain = !list->unknown;
	struct port_set named = {0};

	for (; port < end; port++)
		if (port->protocol == 0 || port->protocol == protocol) {
			add(&named, port->first, port->last);
			is_certain &= !port->partial;
		}
	/* An unknown part may name any port, and exclude none for certain. */
	if (list->negated)
		port_set_remove(set, &named);
	else if (!list->unknown)
		port_set_keep(set, &named);
	return is_certain;
}

bool
port_set_is_empty(const struct port_set *set)
{
	size_t i = 0;

	while (i < WORDS && set->bits[i] == 0)
		i++;
	return i == WORDS;
}

bool
port_set_next(const struct port_set *set, uint32_t *first, uint32_t *last)
{
	while (*first < PORTS && !has(set, *first))
		++*first;
	if (*first == PORTS)
		return false;
	for (*last = *first; *last + 1 < PORTS && has(set, *last + 1); ++*last)
		;
	return true;
}
