/* SPDX-License-Identifier: ISC */
/*
 * Runs in: both processes.  Computes only.
 * Reads: mappings.  Those of a plan are hostile until plan_check has passed.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "mapping.h"

/* A port below takes a privilege, unless the host is set otherwise (ip(7)). */
#define PORT_START 1024

/* Text of a range, 8000-8099. */
#define RANGE_TEXT 12

static struct endpoint
endpoint_of(const struct mapping *m)
{
	struct endpoint e = {.family = m->family, .scope = m->scope};

	memcpy(e.address, m->address, sizeof(e.address));
	return e;
}

static const char *
format_ports(uint16_t first, uint32_t ports, char text[RANGE_TEXT])
{
	if (ports == 1)
		snprintf(text, RANGE_TEXT, "%u", first);
	else
		snprintf(text, RANGE_TEXT, "%u-%u", first,
		    (uint16_t)(first + ports - 1));
	return text;
}

bool
mapping_by_descriptor(const struct mapping *m)
{
	return m->server_port == 0;
}

bool
mapping_inherited(const struct mapping *m)
{
	return m->public_port == 0;
}

bool
mapping_any_inherited(const struct mapping *mappings, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (mapping_inherited(&mappings[i]))
			return true;
	return false;
}

const char *
mapping_format(const struct mapping *m, char text[MAPPING_TEXT])
{
	struct endpoint e = endpoint_of(m);
	char address[ENDPOINT_TEXT] = "";
	char public[RANGE_TEXT] = "@", server[RANGE_TEXT] = "@";

	/* "192.0.2.7:0", without the port. */
	if (m->family != AF_UNSPEC) {
		endpoint_format(&e, address);
		address[strlen(address) - 1] = '\0';
	}
	if (!mapping_inherited(m))
		format_ports(m->public_port, m->ports, public);
	if (!mapping_by_descriptor(m))
		format_ports(m->server_port, m->ports, server);
	snprintf(text, MAPPING_TEXT, "%.60s%s:%s%s", address, public, server,
	    m->protocol == IPPROTO_UDP ? "/udp" : "");
	return text;
}

bool
mapping_looks_reversed(const struct mapping *m)
{
	return m->public_port >= PORT_START && !mapping_by_descriptor(m) &&
	    m->server_port < PORT_START;
}

uint16_t
mapping_public_port(const struct mapping *m, uint16_t server_port)
{
	uint32_t at = (uint32_t)server_port - m->server_port;

	return !mapping_by_descriptor(m) && !mapping_inherited(m) &&
		at < m->ports
	    ? (uint16_t)(m->public_port + at)
	    : 0;
}

static struct mapping_variant
variant_ipv4(struct in_addr address)
{
	struct mapping_variant v = {.endpoint = {.family = AF_INET}};

	memcpy(v.endpoint.address, &address, sizeof(address));
	return v;
}

/* The same IPv4 address as an AF_INET6 socket binds it (ipv6(7)). */
static struct mapping_variant
variant_ipv4_mapped(struct in_addr address)
{
	struct mapping_variant v = {.endpoint = {.family = AF_INET6}};

	memset(&v.endpoint.address[10], 0xff, 2);
	memcpy(&v.endpoint.address[12], &address, sizeof(address));
	return v;
}

static struct mapping_variant
variant_ipv6(struct in6_addr address, bool v6only)
{
	struct mapping_variant v = {.endpoint = {.family = AF_INET6}};

	memcpy(v.endpoint.address, &address, sizeof(address));
	v.endpoint.v6only = v6only;
	return v;
}

static size_t
list_ipv4_any(struct mapping_variant *list)
{
	const struct in_addr any = {htonl(INADDR_ANY)};
	const struct in_addr loopback = {htonl(INADDR_LOOPBACK)};

	list[0] = variant_ipv4(any);
	list[1] = variant_ipv4_mapped(any);
	list[2] = variant_ipv4(loopback);
	list[3] = variant_ipv4_mapped(loopback);
	/* No known server binds the other, ::ffff:0.0.0.0. */
	list[0].common = list[2].common = list[3].common = true;
	list[1].implied = list[2].implied = list[3].implied = true;
	return 4;
}

static size_t
list_ipv6_any(struct mapping_variant *list, bool implied)
{
	list[0] = variant_ipv6(in6addr_any, false);
	list[1] = variant_ipv6(in6addr_any, true);
	list[2] = variant_ipv6(in6addr_loopback, false);
	list[0].common = list[1].common = list[2].common = true;
	list[0].implied = list[1].implied = implied;
	list[2].implied = true;
	return 3;
}

/* Java binds an IPv4 address by an IPv6 socket. */
static size_t
list_one(struct mapping_variant *list, const struct mapping *m)
{
	struct in_addr address;

	list[0] = (struct mapping_variant){endpoint_of(m), .common = true};
	if (m->family == AF_INET6)
		return 1;
	memcpy(&address, m->address, sizeof(address));
	list[1] = variant_ipv4_mapped(address);
	list[1].common = list[1].implied = true;
	return 2;
}

/* As a service manager does (systemd.socket(5)): one socket.  Without an
 * address it is of both families, or of IPv4 on a host without IPv6. */
static size_t
list_by_descriptor(struct mapping_variant *list, const struct mapping *m)
{
	list[0] = (struct mapping_variant){endpoint_of(m)};
	if (m->family != AF_UNSPEC)
		return 1;
	list[0] = variant_ipv6(in6addr_any, false);
	list[0].implied = true;
	list[1] = variant_ipv4((struct in_addr){htonl(INADDR_ANY)});
	return 2;
}

static size_t
list_all(struct mapping_variant *list, const struct mapping *m)
{
	struct endpoint e = endpoint_of(m);
	size_t count;

	if (mapping_inherited(m))
		return 0;
	if (mapping_by_descriptor(m))
		return list_by_descriptor(list, m);
	if (m->family == AF_UNSPEC) {
		count = list_ipv4_any(list);
		return count + list_ipv6_any(list + count, true);
	}
	if (!endpoint_is_wildcard(&e))
		return list_one(list, m);
	return m->family == AF_INET ? list_ipv4_any(list)
				    : list_ipv6_any(list, false);
}

size_t
mapping_variants(const struct mapping *m,
    struct mapping_variant list[MAPPING_VARIANTS_MAX])
{
	const struct mapping_variant mapped_any = variant_ipv4_mapped(
	    (struct in_addr){htonl(INADDR_ANY)});
	size_t listed = list_all(list, m), count = 0, i;

	for (i = 0; i < listed; i++) {
		/* It cannot be parked (parking.h), and no known server binds
		 * it. */
		if (m->protocol == IPPROTO_UDP &&
		    endpoint_same_address(&list[i].endpoint,
			&mapped_any.endpoint))
			continue;
		list[count] = list[i];
		list[count++].endpoint.port = m->public_port;
	}
	return count;
}

static bool
addresses_overlap(const struct mapping *a, const struct mapping *b)
{
	struct endpoint ea = endpoint_of(a), eb = endpoint_of(b);

	if (a->family == AF_UNSPEC || b->family == AF_UNSPEC)
		return true;
	if (a->family != b->family)
		return false;
	return endpoint_is_wildcard(&ea) || endpoint_is_wildcard(&eb) ||
	    endpoint_same_address(&ea, &eb);
}

static bool
ranges_overlap(uint32_t a, uint32_t a_ports, uint32_t b, uint32_t b_ports)
{
	return a < b + b_ports && b < a + a_ports;
}

static bool
servers_overlap(const struct mapping *a, const struct mapping *b)
{
	return !mapping_by_descriptor(a) && !mapping_by_descriptor(b) &&
	    ranges_overlap(a->server_port, a->ports, b->server_port, b->ports);
}

static bool
publics_overlap(const struct mapping *a, const struct mapping *b)
{
	return !mapping_inherited(a) && !mapping_inherited(b) &&
	    ranges_overlap(a->public_port, a->ports, b->public_port, b->ports);
}

bool
mapping_conflicts(const struct mapping *a, const struct mapping *b)
{
	return a->protocol == b->protocol && addresses_overlap(a, b) &&
	    (servers_overlap(a, b) || publics_overlap(a, b));
}
