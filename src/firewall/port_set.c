/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child, with --from-iptables.  Computes only.
 * Reads: ports of the administrator's rules.
 */
#include <string.h>

#include "port_set.h"

#define WORDS 1024
#define PORTS 65536U

static void
add(struct port_set *set, uint32_t first, uint32_t last)
{
	uint64_t mask;
	uint32_t i;

	for (i = first / 64; first <= last && i <= last / 64; i++) {
		mask = UINT64_MAX;
		if (i == first / 64)
			mask &= UINT64_MAX << first % 64;
		if (i == last / 64)
			mask &= UINT64_MAX >> (63 - last % 64);
		set->bits[i] |= mask;
	}
}

/* The next port that is in the set, or is not; PORTS if there is none. */
static uint32_t
find(const struct port_set *set, uint32_t at, bool is_in)
{
	uint64_t word;
	uint32_t i;

	for (i = at / 64; i < WORDS; i++) {
		word = is_in ? set->bits[i] : ~set->bits[i];
		if (i == at / 64)
			word &= UINT64_MAX << at % 64;
		if (word != 0)
			return i * 64 + (uint32_t)__builtin_ctzll(word);
	}
	return PORTS;
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
	bool is_certain = !list->unknown;
	struct port_set named = {0};
	const struct rule_port *port;
	uint32_t i;

	for (i = 0; i < list->count; i++) {
		port = &rules->ports[list->begin + i];
		if (port->protocol != 0 && port->protocol != protocol)
			continue;
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
port_set_overlaps(const struct port_set *set, const struct port_set *other)
{
	size_t i = 0;

	while (i < WORDS && (set->bits[i] & other->bits[i]) == 0)
		i++;
	return i < WORDS;
}

bool
port_set_next(const struct port_set *set, uint32_t *first, uint32_t *last)
{
	if (*first < PORTS)
		*first = find(set, *first, true);
	if (*first >= PORTS)
		return false;
	*last = find(set, *first, false) - 1;
	return true;
}
