/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child, without CAP_NET_BIND_SERVICE.
 * Reads: the -p arguments, /etc/services, names of network interfaces.
 */
#include <arpa/inet.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "mapping_text.h"
#include "number.h"

#define ONE_PORT "@NAME takes one port, SERVER, and no address"

#define HELP "write [ADDR:]PUBLIC[:SERVER], as in 443:8443"

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

/* The name of a service may have a dash too. */
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

/* The text between brackets: ADDRESS or ADDRESS%INTERFACE. */
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

/* Cuts the protocol off the end of the text. */
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

/* True for ADDR behind a port, where SERVER would be. */
static bool
is_address_behind(const char *text)
{
	char address[INET_ADDRSTRLEN] = "";
	size_t length = strcspn(text, ":");
	struct in_addr ignored;

	if (*text == '[')
		return true;
	if (text[length] == '\0' || length >= sizeof(address))
		return false;
	memcpy(address, text, length);
	return inet_pton(AF_INET, address, &ignored) == 1;
}

/* Refuses two mappings in one text, and an address in the wrong place.  The
 * name of an interface, between brackets, may have a comma. */
static bool
check_shape(const char *text, char why[REASON_TEXT])
{
	const char *ports = *text == '[' ? strchr(text, ']') : text;
	const char *colon = strchr(text, ':');

	if (ports != NULL && strpbrk(ports, ",; \t\r\n") != NULL)
		return reason_say(why,
		    "one mapping goes with each -p, without a comma or blank "
		    "in it: -p 443:8443 -p 80:8080; in LOWPORT_PUBLISH put "
		    "blanks between them");
	if (colon != NULL && strchr("[:@", *text) == NULL &&
	    is_address_behind(colon + 1))
		return reason_say(why,
		    "the address goes first: [ADDR:]PUBLIC[:SERVER], as in "
		    "127.0.0.1:443:8443");
	return true;
}

/* Cuts an IPv6 address and its brackets off the front of *rest. */
static bool
parse_brackets(struct mapping *m, char **rest, char why[REASON_TEXT])
{
	char *text = *rest + 1, *close = strchr(text, ']');

	if (close == NULL || close[1] != ':')
		return reason_say(why,
		    "after '[' comes an IPv6 address and ']:'; write "
		    "'[::1]:443:8443'");
	*close = '\0';
	*rest = close + 2;
	return parse_ipv6(m, text, why);
}

/* Cuts the address off the front of *rest, if there is one. */
static bool
parse_address(struct mapping *m, char **rest, char why[REASON_TEXT])
{
	char *text = *rest, *colon = strchr(text, ':'), *second;
	struct in_addr ignored;

	if (*text == '[')
		return parse_brackets(m, rest, why);
	if (colon == NULL || *text == '@')
		return true;
	second = strchr(colon + 1, ':');
	if (second != NULL && strchr(second + 1, ':') != NULL)
		return reason_say(why,
		    "there are too many colons; " HELP
		    " (IPv6 goes in brackets)");
	*colon = '\0';
	if (second != NULL || inet_pton(AF_INET, text, &ignored) == 1) {
		*rest = colon + 1;
		return parse_ipv4(m, text, why);
	}
	*colon = ':';
	return true;
}

/* sd_listen_fds_with_names(3) allows more; a shell would read some of it. */
static bool
parse_name(char name[MAPPING_NAME], const char *text, char why[REASON_TEXT])
{
	size_t length = strlen(text);

	if (length == 0 || length >= MAPPING_NAME ||
	    text[strspn(text,
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789._-")] != '\0')
		return reason_say(why,
		    "the name behind '@' has 1 to %d letters, digits and "
		    "'._-', as in 443:@https or @https:8443",
		    MAPPING_NAME - 1);
	memcpy(name, text, length + 1);
	return true;
}

/* NAME:SERVER, without the '@'. */
static bool
parse_inherited(struct mapping *m, char *name, const char *text, char *server,
    char why[REASON_TEXT])
{
	if (!parse_name(name, text, why))
		return false;
	if (server == NULL || *server == '\0')
		return reason_say(why,
		    "which port does the server bind? write it behind, as in "
		    "@https:8443");
	if (m->family != AF_UNSPEC || strchr(server, ':') != NULL)
		return reason_say(why, ONE_PORT);
	if (!parse_ports(&m->server_port, &m->ports, server, m->protocol, why))
		return false;
	return m->ports == 1 || reason_say(why, ONE_PORT);
}

/* PUBLIC[:SERVER] */
static bool
parse_both_ports(struct mapping *m, char *name, char *text,
    char why[REASON_TEXT])
{
	char *server = strchr(text, ':');
	uint32_t ports;

	if (server != NULL)
		*server++ = '\0';
	if (*text == '@')
		return parse_inherited(m, name, text + 1, server, why);
	if (!parse_ports(&m->public_port, &m->ports, text, m->protocol, why))
		return false;
	if (server != NULL && *server == '@')
		return parse_name(name, server + 1, why);
	m->server_port = m->public_port;
	if (server == NULL)
		return true;
	if (!parse_ports(&m->server_port, &ports, server, m->protocol, why))
		return false;
	return ports == m->ports ||
	    reason_say(why, "%u ports cannot be mapped to %u", m->ports, ports);
}

size_t
mapping_parse(struct mapping *m, char name[MAPPING_NAME], const char *text,
    char why[REASON_TEXT])
{
	char copy[MAPPING_NAMED], *rest = copy;
	bool both;

	memset(m, 0, sizeof(*m));
	*name = '\0';
	if (strlen(text) >= sizeof(copy))
		return reason_say(why, "it is longer than %zu bytes; " HELP,
		    sizeof(copy) - 1);
	strcpy(copy, text);
	if (!check_shape(copy, why) || !parse_protocol(m, copy, &both, why) ||
	    !parse_address(m, &rest, why) ||
	    !parse_both_ports(m, name, rest, why))
		return 0;
	if (!both)
		return 1;
	m[1] = m[0];
	m[1].protocol = IPPROTO_UDP;
	return 2;
}

const char *
mapping_format_named(const struct mapping *m, const char *name,
    char text[MAPPING_NAMED])
{
	char plain[MAPPING_TEXT];
	int before = (int)strcspn(mapping_format(m, plain), "@");

	if (plain[before] == '\0')
		snprintf(text, MAPPING_NAMED, "%s", plain);
	else
		snprintf(text, MAPPING_NAMED, "%.*s@%s%s", before, plain, name,
		    plain + before + 1);
	return text;
}
