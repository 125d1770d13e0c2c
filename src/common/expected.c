/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the helper after its drop; the server, as part of the preload
 * library.  Computes only.
 * Reads: the helper's table, and the answer of getsockname(2).
 */
#include <stdbool.h>
#include <stddef.h>

#include "bytes.h"
#include "expected.h"

#define MAPPED_PREFIX 12 /* ::ffff:0:0/96, in bytes */

/* The address in the form of IPv6, whatever the family. */
static bool
widen(struct in6_addr *wide, const struct sockaddr_in6 *address)
{
	const struct sockaddr_in *ipv4 = (const void *)address;

	if (address->sin6_family == AF_INET6) {
		*wide = address->sin6_addr;
		return true;
	}
	wide->s6_addr32[0] = wide->s6_addr32[1] = 0;
	wide->s6_addr32[2] = htonl(0xffff);
	wide->s6_addr32[3] = ipv4->sin_addr.s_addr;
	return address->sin6_family == AF_INET;
}

/*
 * A connection to a wildcard listener has an address of its own; one of IPv4
 * may belong to a dual-stack listener.  Only link-local addresses have a scope.
 */
static bool
covers(const struct mapping *m, const struct in6_addr *wide, uint32_t scope)
{
	const bool ipv4 = IN6_IS_ADDR_V4MAPPED(wide);

	switch (m->family) {
	case AF_UNSPEC:
		return true;
	case AF_INET:
		return ipv4 &&
		    (bytes_zero(m->address, 4) ||
			bytes_equal(m->address, &wide->s6_addr[MAPPED_PREFIX],
			    4));
	default:
		return bytes_zero(m->address, 16) ||
		    (m->scope == scope &&
			bytes_equal(m->address, wide->s6_addr, 16));
	}
}

uint16_t
expected_port(const struct table *table, int protocol,
    const struct sockaddr_in6 *address)
{
	const struct mapping *m = table->mappings;
	const struct mapping *end = m + table->count;
	const uint32_t port = ntohs(address->sin6_port);
	const uint32_t scope = address->sin6_family == AF_INET6
	    ? address->sin6_scope_id
	    : 0;
	struct in6_addr wide;

	if (!widen(&wide, address))
		return 0;
	for (; m < end; m++) {
		const uint32_t at = port - m->public_port;

		if (m->protocol == protocol && at < m->ports &&
		    covers(m, &wide, scope))
			return (uint16_t)(m->server_port + at);
	}
	return 0;
}
