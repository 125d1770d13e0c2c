/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child (parsing), the helper (variants).  Computes only.
 * Reads: the -p arguments, in the child, which holds no capability.
 */
#include <arpa/inet.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mapping.h"

#define HELP "write [ADDR:]PUBLIC[:SERVER], as in 443:8443"

#define SAY(why, ...) (snprintf(why, MAPPING_WHY, __VA_ARGS__), false)

static bool
is_number(const char *text)
{
	return *text != '\0' && text[strspn(text, "0123456789")] == '\0';
}

static bool
parse_port(uint16_t *port, const char *text, char why[MAPPING_WHY])
{
	const struct servent *service;
	unsigned long number;

	if (*text == '\0')
		return SAY(why, "a port is missing; " HELP);
	if (!is_number(text)) {
		if ((service = getservbyname(text, "tcp")) == NULL)
			return SAY(why,
			    "no port or tcp service is called "
			    "'%.64s'; " HELP,
			    text);
		*port = ntohs((uint16_t)service->s_port);
		return true;
	}
	number = strtoul(text, NULL, 10);
	if (number < 1 || number > UINT16_MAX)
		return SAY(why, "port %.64s is not between 1 and 65535", text);
	*port = (uint16_t)number;
	return true;
}

static bool
parse_scope(struct mapping *m, const char *name, char why[MAPPING_WHY])
{
	unsigned long index = is_number(name) ? strtoul(name, NULL, 10)
					      : if_nametoindex(name);

	m->scope = (uint32_t)index;
	if (index == 0 || index > UINT32_MAX)
		return SAY(why, "there is no network interface '%.64s'", name);
	return true;
}

/* Text of an IPv6 address between the brackets, with %interface perhaps. */
static bool
parse_ipv6(struct mapping *m, char *text, char why[MAPPING_WHY])
{
	struct in6_addr address;
	char *scope = strchr(text, '%');

	if (scope != NULL)
		*scope++ = '\0';
	if (inet_pton(AF_INET6, text, &address) != 1)
		return SAY(why, "'%.64s' is not an IPv6 address", text);
	if (IN6_IS_ADDR_LINKLOCAL(&address) != (scope != NULL))
		return SAY(why,
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
parse_ipv4(struct mapping *m, const char *text, char why[MAPPING_WHY])
{
	if (inet_pton(AF_INET, text, m->address) != 1)
		return SAY(why,
		    "'%.64s' is not an IPv4 address (IPv6 goes in "
		    "brackets, names are not looked up)",
		    text);
	m->family = AF_INET;
	return true;
}

static bool
parse_protocol(struct mapping *m, char *text, char why[MAPPING_WHY])
{
	char *slash = strchr(text, '/');

	m->protocol = IPPROTO_TCP;
	if (slash == NULL)
		return true;
	*slash++ = '\0';
	if (strcmp(slash, "tcp") == 0)
		return true;
	if (strcmp(slash, "udp") == 0 || strcmp(slash, "tcp+udp") == 0)
		return SAY(why,
		    "this version maps TCP ports only; leave out "
		    "/%s",
		    slash);
	return SAY(why, "unknown protocol '%.64s'; only tcp can be mapped",
	    slash);
}

/* Cuts a leading address off *rest. */
static bool
parse_address(struct mapping *m, char **rest, char why[MAPPING_WHY])
{
	char *colon = strchr(*rest, ':'), *second, *text = *rest, *close;
	struct in_addr ignored;
	bool dotted;

	if (*text == '[') {
		close = strchr(text, ']');
		if (close == NULL || close[1] != ':')
			return SAY(why,
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
		return SAY(why,
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

bool
mapping_parse(struct mapping *m, const char *text, char why[MAPPING_WHY])
{
	char copy[MAPPING_TEXT], *rest = copy, *server;

	memset(m, 0, sizeof(*m));
	if (strlen(text) >= sizeof(copy))
		return SAY(why, "it is longer than %zu bytes; " HELP,
		    sizeof(copy) - 1);
	strcpy(copy, text);
	if (!parse_protocol(m, copy, why) || !parse_address(m, &rest, why))
		return false;
	server = strchr(rest, ':');
	if (server != NULL)
		*server++ = '\0';
	if (!parse_port(&m->public_port, rest, why))
		return false;
	m->server_port = m->public_port;
	return server == NULL || parse_port(&m->server_port, server, why);
}

static struct endpoint
endpoint_of(const struct mapping *m)
{
	struct endpoint e = {.family = m->family, .scope = m->scope};

	memcpy(e.address, m->address, sizeof(e.address));
	return e;
}

const char *
mapping_format(const struct mapping *m, char text[MAPPING_TEXT])
{
	struct endpoint e = endpoint_of(m);
	char address[ENDPOINT_TEXT];

	e.port = m->public_port;
	if (m->family == AF_UNSPEC)
		snprintf(address, sizeof(address), "%u", m->public_port);
	else
		endpoint_format(&e, address);
	snprintf(text, MAPPING_TEXT, "%s:%u", address, m->server_port);
	return text;
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
	list[0].common = true;
	list[1] = variant_ipv4_mapped(any);
	list[2] = variant_ipv4(loopback);
	list[3] = variant_ipv4_mapped(loopback);
	list[1].implied = list[2].implied = list[3].implied = true;
	return 4;
}

static size_t
list_ipv6_any(struct mapping_variant *list, bool implied)
{
	list[0] = variant_ipv6(in6addr_any, false);
	list[1] = variant_ipv6(in6addr_any, true);
	list[0].common = list[1].common = true;
	list[0].implied = list[1].implied = implied;
	list[2] = variant_ipv6(in6addr_loopback, false);
	list[2].implied = true;
	return 3;
}

static size_t
list_one(struct mapping_variant *list, const struct mapping *m)
{
	struct in_addr address;

	list[0] = (struct mapping_variant){endpoint_of(m), .common = true};
	if (m->family == AF_INET6)
		return 1;
	memcpy(&address, m->address, sizeof(address));
	list[1] = variant_ipv4_mapped(address);
	list[1].implied = true;
	return 2;
}

size_t
mapping_variants(const struct mapping *m,
    struct mapping_variant list[MAPPING_VARIANTS_MAX])
{
	struct endpoint e = endpoint_of(m);
	size_t count, i;

	if (m->family == AF_UNSPEC) {
		count = list_ipv4_any(list);
		count += list_ipv6_any(list + count, true);
	} else if (!endpoint_is_wildcard(&e)) {
		count = list_one(list, m);
	} else if (m->family == AF_INET) {
		count = list_ipv4_any(list);
	} else {
		count = list_ipv6_any(list, false);
	}
	for (i = 0; i < count; i++)
		list[i].endpoint.port = m->public_port;
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

bool
mapping_conflicts(const struct mapping *a, const struct mapping *b)
{
	return a->protocol == b->protocol && addresses_overlap(a, b) &&
	    (a->public_port == b->public_port ||
		a->server_port == b->server_port);
}
