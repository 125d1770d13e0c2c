/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child (parsing), the helper (variants, conflicts).  Computes
 * only, but for names of services and interfaces.
 * Reads: the -p arguments, in the child; a plan, hostile until plan_check has
 * seen it all, in the helper.
 */
#include <arpa/inet.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mapping.h"
#include "number.h"

#define HELP "write [ADDR:]PUBLIC[:SERVER], as in 443:8443"

/* Ports below it take a privilege, unless the host says otherwise (ip(7)). */
#define PORT_START 1024

/* Text of a range, 8000-8099. */
#define RANGE_TEXT 12

static bool
parse_number(uint16_t *port, const char *text, char why[REASON_TEXT])
{
	unsigned long number;

	if (!number_parse(&number, text, 1, UINT16_MAX))
		return reason_say(why, "port %.64s is not between 1 and 65535",
		    text);
	*port = (uint16_t)number;
	return true;
}

static bool
parse_service(uint16_t *port, const char *name, int protocol,
    char why[REASON_TEXT])
{
	const char *known = protocol == IPPROTO_UDP ? "udp" : "tcp";
	const struct servent *service = getservbyname(name, known);

	if (service == NULL)
		return reason_say(why,
		    "no port or %s service is called '%.64s'; " HELP, known,
		    name);
	*port = ntohs((uint16_t)service->s_port);
	return true;
}

static bool
parse_range(uint16_t *port, uint32_t *ports, const char *first,
    const char *last, char why[REASON_TEXT])
{
	uint16_t end = 0;

	if (!parse_number(port, first, why) || !parse_number(&end, last, why))
		return false;
	if (end < *port)
		return reason_say(why,
		    "the range %.64s-%.64s ends before it begins", first, last);
	*ports = (uint32_t)(end - *port) + 1;
	return true;
}

/* Two numbers with a dash between them: names of services may have one too. */
static bool
cut_range(char *text, char **last)
{
	char *dash = strchr(text, '-');

	if (dash == NULL || !number_is(dash + 1))
		return false;
	*dash = '\0';
	*last = dash + 1;
	if (number_is(text))
		return true;
	*dash = '-';
	return false;
}

static bool
parse_ports(uint16_t *port, uint32_t *ports, char *text, int protocol,
    char why[REASON_TEXT])
{
	char *last;

	*ports = 1;
	if (*text == '\0')
		return reason_say(why, "a port is missing; " HELP);
	if (number_is(text))
		return parse_number(port, text, why);
	if (cut_range(text, &last))
		return parse_range(port, ports, text, last, why);
	return parse_service(port, text, protocol, why);
}

static bool
parse_scope(struct mapping *m, const char *name, char why[REASON_TEXT])
{
	unsigned long index;

	if (!number_parse(&index, name, 1, UINT32_MAX))
		index = if_nametoindex(name);
	m->scope = (uint32_t)index;
	if (index == 0)
		return reason_say(why, "there is no network interface '%.64s'",
		    name);
	return true;
}

/* Text of an IPv6 address between the brackets, with %interface perhaps. */
static bool
parse_ipv6(struct mapping *m, char *text, char why[REASON_TEXT])
{
	struct in6_addr address;
	char *scope = strchr(text, '%');

	if (scope != NULL)
		*scope++ = '\0';
	if (inet_pton(AF_INET6, text, &address) != 1)
		return reason_say(why, "'%.64s' is not an IPv6 address", text);
	if (IN6_IS_ADDR_LINKLOCAL(&address) != (scope != NULL))
		return reason_say(why,
		    "an address in fe80::/10, and no other, takes "
		    "an interface: [fe80::1%%eth0]");
	if (scope != NULL && !parse_scope(m, scope, why))
		return false;
	m->family = AF_INET6;
	memcpy(m->address, &address, sizeof(m->address));
	if (!IN6_IS_ADDR_V4MAPPED(&address))
		return true;
	/* ::ffff:192.0.2.7 names the same address as 192.0.2.7. */
	m->family = AF_INET;
	memset(m->address, 0, sizeof(m->address));
	memcpy(m->address, &address.s6_addr[12], 4);
	return true;
}

static bool
parse_ipv4(struct mapping *m, const char *text, char why[REASON_TEXT])
{
	if (inet_pton(AF_INET, text, m->address) != 1)
		return reason_say(why,
		    number_is(text)
			? "'%.64s' is not an IPv4 address; " HELP
			: "'%.64s' is not an IPv4 address (IPv6 goes in "
			  "brackets, names are not looked up; leave it out "
			  "for every address)",
		    text);
	m->family = AF_INET;
	return true;
}

/* Cuts the protocol off.  *both tells of tcp+udp. */
static bool
parse_protocol(struct mapping *m, char *text, bool *both, char why[REASON_TEXT])
{
	char *slash = strchr(text, '/');

	m->protocol = IPPROTO_TCP;
	*both = false;
	if (slash == NULL)
		return true;
	*slash++ = '\0';
	if (strcmp(slash, "udp") == 0)
		m->protocol = IPPROTO_UDP;
	else if (strcmp(slash, "tcp+udp") == 0)
		*both = true;
	else if (strchr(slash, ':') != NULL)
		return reason_say(why,
		    "unknown protocol '%.64s'; it goes last, as in "
		    "443:8443/udp",
		    slash);
	else if (strcmp(slash, "tcp") != 0)
		return reason_say(why,
		    "unknown protocol '%.64s'; write tcp, udp or tcp+udp",
		    slash);
	return true;
}

/* One mapping, in the order it is written in; else says what is to be written.
 * An interface's name, between the brackets, may have a comma. */
static bool
check_shape(const char *text, char why[REASON_TEXT])
{
	const char *behind = *text == '[' ? strchr(text, ']') : text, *colon;
	size_t length;
	char server[MAPPING_TEXT] = "";
	struct in_addr ignored;

	if (behind != NULL && strpbrk(behind, ",; \t\r\n") != NULL)
		return reason_say(why,
		    "one mapping goes with each -p, without a comma or blank "
		    "in it: -p 443:8443 -p 80:8080; in LOWPORT_PUBLISH put "
		    "blanks between them");
	colon = strchr(text, ':');
	if (colon == NULL || *text == '[')
		return true;
	length = strcspn(colon + 1, ":");
	memcpy(server, colon + 1, length);
	if (*text != ':' &&
	    (colon[1] == '[' ||
		(inet_pton(AF_INET, server, &ignored) == 1 &&
		    colon[1 + length] == ':')))
		return reason_say(why,
		    "the address goes first: [ADDR:]PUBLIC[:SERVER], as in "
		    "127.0.0.1:443:8443");
	return true;
}

/* Cuts a leading address off *rest. */
static bool
parse_address(struct mapping *m, char **rest, char why[REASON_TEXT])
{
	char *colon = strchr(*rest, ':'), *second, *text = *rest, *close;
	struct in_addr ignored;
	bool dotted;

	if (*text == '[') {
		close = strchr(text, ']');
		if (close == NULL || close[1] != ':')
			return reason_say(why,
			    "after '[' comes an IPv6 address and "
			    "']:'; write '[::1]:443:8443'");
		*close = '\0';
		*rest = close + 2;
		return parse_ipv6(m, text + 1, why);
	}
	if (colon == NULL)
		return true;
	second = strchr(colon + 1, ':');
	if (second != NULL && strchr(second + 1, ':') != NULL)
		return reason_say(why,
		    "there are too many colons; " HELP
		    " (IPv6 goes in brackets)");
	*colon = '\0';
	dotted = inet_pton(AF_INET, text, &ignored) == 1;
	if (second != NULL || dotted) {
		*rest = colon + 1;
		return parse_ipv4(m, text, why);
	}
	*colon = ':';
	return true;
}

static bool
parse_both_ports(struct mapping *m, char *text, char why[REASON_TEXT])
{
	char *server = strchr(text, ':');
	uint32_t ports;

	if (server != NULL)
		*server++ = '\0';
	if (!parse_ports(&m->public_port, &m->ports, text, m->protocol, why))
		return false;
	m->server_port = m->public_port;
	if (server == NULL)
		return true;
	if (!parse_ports(&m->server_port, &ports, server, m->protocol, why))
		return false;
	return ports == m->ports ||
	    reason_say(why, "%u ports cannot be mapped to %u", m->ports, ports);
}

size_t
mapping_parse(struct mapping *mappings, const char *text, char why[REASON_TEXT])
{
	char copy[MAPPING_TEXT], *rest = copy;
	struct mapping *m = mappings;
	bool both;

	memset(m, 0, sizeof(*m));
	if (strlen(text) >= sizeof(copy))
		return reason_say(why, "it is longer than %zu bytes; " HELP,
		    sizeof(copy) - 1);
	strcpy(copy, text);
	if (!check_shape(copy, why) || !parse_protocol(m, copy, &both, why) ||
	    !parse_address(m, &rest, why) || !parse_both_ports(m, rest, why))
		return 0;
	if (!both)
		return 1;
	mappings[1] = mappings[0];
	mappings[1].protocol = IPPROTO_UDP;
	return 2;
}

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

const char *
mapping_format(const struct mapping *m, char text[MAPPING_TEXT])
{
	struct endpoint e = endpoint_of(m);
	char address[ENDPOINT_TEXT] = "";
	char public[RANGE_TEXT] = "@", server[RANGE_TEXT] = "@";

	/* "192.0.2.7:0", without what is behind the colon. */
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
	/* No server is known that binds the other, ::ffff:0.0.0.0. */
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

/* What a service manager would open (systemd.socket(5)): one socket, of both
 * families where there is no address, of IPv4 on a host without IPv6. */
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
		/* It cannot be parked (parking.h), and no server is known that
		 * binds it. */
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
