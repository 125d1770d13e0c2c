/* SPDX-License-Identifier: ISC */
/*
 * Runs in: both processes, before and after the drop.  Computes only.
 * Reads: socket addresses the server wrote.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "endpoint.h"

/* sizeof(struct sockaddr_in6) before RFC 2553 added the scope.  bind(2) still
 * takes it (SIN6_LEN_RFC2133 in the kernel), and ignores a part of a scope. */
#define SOCKADDR_IN6_SHORT 24

static const uint8_t mapped_any[16] = {[10] = 0xff, [11] = 0xff};
static const uint8_t any[16];

bool
endpoint_from_sockaddr(struct endpoint *e, const void *bytes, size_t length)
{
	struct sockaddr_in6 in6 = {0};
	struct sockaddr_in in;

	memset(e, 0, sizeof(*e));
	if (length < sizeof(in))
		return false;
	memcpy(&in, bytes, sizeof(in));
	e->family = in.sin_family;
	e->port = ntohs(in.sin_port);
	/* AF_UNSPEC with INADDR_ANY is an old spelling of AF_INET (ip(7)). */
	if (in.sin_family == AF_UNSPEC && in.sin_addr.s_addr == INADDR_ANY)
		e->family = AF_INET;
	if (e->family == AF_INET) {
		memcpy(e->address, &in.sin_addr, sizeof(in.sin_addr));
		return true;
	}
	if (e->family != AF_INET6 || length < SOCKADDR_IN6_SHORT)
		return false;
	memcpy(&in6, bytes,
	    length < sizeof(in6) ? SOCKADDR_IN6_SHORT : sizeof(in6));
	memcpy(e->address, &in6.sin6_addr, sizeof(e->address));
	/* The kernel looks at the scope of link-local addresses only. */
	if (IN6_IS_ADDR_LINKLOCAL(&in6.sin6_addr) ||
	    IN6_IS_ADDR_MC_LINKLOCAL(&in6.sin6_addr))
		e->scope = in6.sin6_scope_id;
	return true;
}

socklen_t
endpoint_to_sockaddr(const struct endpoint *e, struct sockaddr_storage *storage)
{
	struct sockaddr_in *in = (struct sockaddr_in *)storage;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)storage;

	memset(storage, 0, sizeof(*storage));
	storage->ss_family = e->family;
	if (e->family == AF_INET) {
		in->sin_port = htons(e->port);
		memcpy(&in->sin_addr, e->address, sizeof(in->sin_addr));
		return sizeof(*in);
	}
	in6->sin6_port = htons(e->port);
	in6->sin6_scope_id = e->scope;
	memcpy(&in6->sin6_addr, e->address, sizeof(in6->sin6_addr));
	return sizeof(*in6);
}

const char *
endpoint_format(const struct endpoint *e, char text[ENDPOINT_TEXT])
{
	char address[INET6_ADDRSTRLEN] = "?", scope[12] = "";

	inet_ntop(e->family, e->address, address, sizeof(address));
	if (e->scope != 0)
		snprintf(scope, sizeof(scope), "%%%u", e->scope);
	snprintf(text, ENDPOINT_TEXT,
	    e->family == AF_INET6 ? "[%s%s]:%u" : "%s%s:%u", address, scope,
	    e->port);
	return text;
}

static bool
is_ipv6_any(const struct endpoint *e)
{
	return e->family == AF_INET6 && memcmp(e->address, any, 16) == 0;
}

bool
endpoint_is_wildcard(const struct endpoint *e)
{
	return memcmp(e->address, any, 16) == 0 ||
	    memcmp(e->address, mapped_any, 16) == 0;
}

bool
endpoint_same_address(const struct endpoint *a, const struct endpoint *b)
{
	return a->family == b->family && a->scope == b->scope &&
	    memcmp(a->address, b->address, sizeof(a->address)) == 0 &&
	    (a->v6only == b->v6only || !is_ipv6_any(a));
}

/* In the form of IPv6, where IPv4 is ::ffff:0:0/96. */
static struct in6_addr
as_ipv6(const struct endpoint *e)
{
	struct in6_addr wide;

	memcpy(&wide, e->address, sizeof(wide));
	if (e->family == AF_INET) {
		memcpy(&wide, mapped_any, sizeof(wide));
		memcpy(&wide.s6_addr[12], e->address, sizeof(struct in_addr));
	}
	return wide;
}

static bool
covers(const struct endpoint *a, const struct endpoint *b)
{
	const struct in6_addr wide = as_ipv6(a), other = as_ipv6(b);
	const bool ipv4 = IN6_IS_ADDR_V4MAPPED(&other);

	if (IN6_IS_ADDR_UNSPECIFIED(&wide))
		return !(ipv4 && a->v6only);
	if (memcmp(&wide, mapped_any, sizeof(wide)) == 0)
		return ipv4;
	return IN6_ARE_ADDR_EQUAL(&wide, &other) &&
	    (!IN6_IS_ADDR_LINKLOCAL(&wide) || a->scope == b->scope);
}

bool
endpoint_overlaps(const struct endpoint *a, const struct endpoint *b)
{
	return covers(a, b) || covers(b, a);
}
