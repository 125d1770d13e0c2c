/* SPDX-License-Identifier: ISC */
/*
 * Socket addresses, read as the kernel reads them: the kernel is asked.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>

#include "endpoint.h"
#include "unit.h"

/* Every length bind(2) takes, and one more. */
#define LENGTHS (sizeof(struct sockaddr_storage) + 2)

static struct endpoint
ipv4(const char *address, uint16_t port)
{
	struct endpoint e = {.family = AF_INET, .port = port};

	ck_assert_int_eq(inet_pton(AF_INET, address, e.address), 1);
	return e;
}

static struct endpoint
ipv6(const char *address, uint32_t scope, uint16_t port)
{
	struct endpoint e = {.family = AF_INET6, .port = port, .scope = scope};

	ck_assert_int_eq(inet_pton(AF_INET6, address, e.address), 1);
	return e;
}

static bool
equal(const struct endpoint *a, const struct endpoint *b)
{
	return a->family == b->family && a->port == b->port &&
	    a->scope == b->scope && a->v6only == b->v6only &&
	    memcmp(a->address, b->address, sizeof(a->address)) == 0;
}

/* What bind(2) says of the family and the length alone. */
static bool
kernel_accepts(int family, const void *address, socklen_t length)
{
	int fd = socket(family, SOCK_STREAM, 0), status;

	ck_assert_int_ge(fd, 0);
	status = bind(fd, address, length);
	ck_assert(status == 0 || errno == EINVAL || errno == EAFNOSUPPORT);
	close(fd);
	return status == 0;
}

/* The copy ends where the length does: a sanitizer sees a read beyond. */
static bool
read_exactly(struct endpoint *e, const void *address, size_t length)
{
	char *copy = malloc(length);
	bool read;

	ck_assert(copy != NULL || length == 0);
	if (length > 0)
		memcpy(copy, address, length);
	read = endpoint_from_sockaddr(e, copy, length);
	free(copy);
	return read;
}

START_TEST(takes_the_lengths_the_kernel_takes)
{
	struct endpoint given[] = {ipv4("127.0.0.1", 0), ipv6("::1", 0, 0)};
	union {
		struct sockaddr_storage storage;
		char bytes[LENGTHS];
	} address;
	struct endpoint e;
	int accepted = 0, fd = socket(AF_INET6, SOCK_STREAM, 0);
	socklen_t length;
	bool expected;

	memset(&address, 0, sizeof(address));
	UNIT_NEEDS(fd >= 0, "this host has no IPv6");
	close(fd);
	endpoint_to_sockaddr(&given[_i], &address.storage);
	for (length = 0; length < LENGTHS - 1; length++) {
		expected = kernel_accepts(given[_i].family, &address, length);
		ck_assert_msg(read_exactly(&e, &address, length) == expected,
		    "%u bytes", length);
		ck_assert(!expected || equal(&e, &given[_i]));
		accepted += expected;
	}
	ck_assert_int_gt(accepted, 0);
}
END_TEST

START_TEST(holds_the_shortest_lengths)
{
	struct endpoint given[] = {ipv4("192.0.2.7", 8443),
	    ipv6("2001:db8::7", 0, 8443)};
	static const size_t shortest[] = {16, 24};
	struct sockaddr_storage address;
	struct endpoint e;

	endpoint_to_sockaddr(&given[_i], &address);
	ck_assert(read_exactly(&e, &address, shortest[_i]));
	ck_assert(equal(&e, &given[_i]));
	ck_assert(!read_exactly(&e, &address, shortest[_i] - 1));
	ck_assert(!read_exactly(&e, &address, 2));
	ck_assert(!read_exactly(&e, &address, 0));
}
END_TEST

START_TEST(unspecified_family_is_ipv4_for_any)
{
	struct endpoint given = ipv4("0.0.0.0", 8443), e;
	struct sockaddr_storage address;
	socklen_t length = endpoint_to_sockaddr(&given, &address);

	address.ss_family = AF_UNSPEC;
	ck_assert(endpoint_from_sockaddr(&e, &address, length));
	ck_assert(equal(&e, &given));
	given = ipv4("127.0.0.1", 8443);
	endpoint_to_sockaddr(&given, &address);
	address.ss_family = AF_UNSPEC;
	ck_assert(!endpoint_from_sockaddr(&e, &address, length));
}
END_TEST

START_TEST(refuses_other_families)
{
	static const uint16_t families[] = {AF_UNIX, AF_NETLINK, AF_PACKET,
	    AF_INET + 1, AF_INET6 - 1, AF_INET6 + 1, 0x0200, UINT16_MAX};
	struct endpoint given = ipv4("0.0.0.0", 8443), e;
	struct sockaddr_storage address;

	endpoint_to_sockaddr(&given, &address);
	ck_assert(endpoint_from_sockaddr(&e, &address, sizeof(address)));
	address.ss_family = families[_i];
	ck_assert(!endpoint_from_sockaddr(&e, &address, sizeof(address)));
}
END_TEST

/* ipv6(7): the kernel looks at the scope of link-local addresses only. */
START_TEST(scope_is_for_link_local)
{
	static const struct {
		const char *address;
		uint32_t scope;
	} rows[] = {{"fe80::1", 7}, {"febf::1", 7}, {"ff02::1", 7},
	    {"2001:db8::7", 0}, {"fec0::1", 0}, {"::1", 0}, {"::", 0},
	    {"::ffff:127.0.0.1", 0}};
	struct sockaddr_storage address;
	struct endpoint given, e;
	socklen_t length;
	size_t i;

	for (i = 0; i < LENGTH(rows); i++) {
		given = ipv6(rows[i].address, 7, 8443);
		length = endpoint_to_sockaddr(&given, &address);
		ck_assert(endpoint_from_sockaddr(&e, &address, length));
		ck_assert_msg(e.scope == rows[i].scope, "%s", rows[i].address);
	}
}
END_TEST

START_TEST(short_ipv6_has_no_scope)
{
	struct endpoint given = ipv6("fe80::1", 7, 8443), e;
	struct sockaddr_storage address;
	size_t length;

	endpoint_to_sockaddr(&given, &address);
	ck_assert(endpoint_from_sockaddr(&e, &address, 28));
	ck_assert_uint_eq(e.scope, 7);
	for (length = 24; length < 28; length++) {
		ck_assert(endpoint_from_sockaddr(&e, &address, length));
		ck_assert_uint_eq(e.scope, 0);
		ck_assert_uint_eq(e.port, 8443);
	}
}
END_TEST

START_TEST(writes_what_it_reads)
{
	struct endpoint given[] = {ipv4("0.0.0.0", 1), ipv4("127.0.0.1", 443),
	    ipv4("255.255.255.255", 65535), ipv6("::", 0, 1),
	    ipv6("::1", 0, 443), ipv6("::ffff:192.0.2.7", 0, 443),
	    ipv6("fe80::1", UINT32_MAX, 65535)};
	static const socklen_t lengths[] = {16, 28};
	struct sockaddr_storage address;
	struct endpoint e;
	socklen_t length;
	size_t i;

	for (i = 0; i < LENGTH(given); i++) {
		length = endpoint_to_sockaddr(&given[i], &address);
		ck_assert_uint_eq(length, lengths[given[i].family == AF_INET6]);
		ck_assert(endpoint_from_sockaddr(&e, &address, length));
		ck_assert(equal(&e, &given[i]));
	}
}
END_TEST

START_TEST(formats)
{
	const struct {
		struct endpoint e;
		const char *text;
	} rows[] = {
	    {ipv4("0.0.0.0", 443), "0.0.0.0:443"},
	    {ipv4("127.0.0.1", 1), "127.0.0.1:1"},
	    {ipv6("::", 0, 443), "[::]:443"},
	    {ipv6("::1", 0, 65535), "[::1]:65535"},
	    {ipv6("::ffff:192.0.2.7", 0, 443), "[::ffff:192.0.2.7]:443"},
	    {ipv6("fe80::1", 7, 443), "[fe80::1%7]:443"},
	    {ipv6("fe8f:ffff:ffff:ffff:ffff:ffff:ffff:ffff", UINT32_MAX, 65535),
		"[fe8f:ffff:ffff:ffff:ffff:ffff:ffff:ffff%4294967295]:65535"},
	};
	char text[ENDPOINT_TEXT];
	size_t i;

	for (i = 0; i < LENGTH(rows); i++)
		ck_assert_str_eq(endpoint_format(&rows[i].e, text),
		    rows[i].text);
}
END_TEST

START_TEST(knows_wildcards)
{
	const struct endpoint wild[] = {ipv4("0.0.0.0", 443),
	    ipv6("::", 0, 443), ipv6("::ffff:0.0.0.0", 0, 443)};
	const struct endpoint tame[] = {ipv4("0.0.0.1", 443),
	    ipv6("::1", 0, 443), ipv6("::ffff:0.0.0.1", 0, 443)};

	ck_assert(endpoint_is_wildcard(&wild[_i]));
	ck_assert(!endpoint_is_wildcard(&tame[_i]));
}
END_TEST

START_TEST(same_address_leaves_out_the_port)
{
	struct endpoint a = ipv4("127.0.0.1", 443), b = ipv4("127.0.0.1", 8443);

	ck_assert(endpoint_same_address(&a, &b));
	b = ipv4("127.0.0.2", 443);
	ck_assert(!endpoint_same_address(&a, &b));
}
END_TEST

START_TEST(same_address_minds_family_and_scope)
{
	struct endpoint a = ipv6("fe80::1", 1, 443), b = a;

	ck_assert(endpoint_same_address(&a, &b));
	b.scope = 2;
	ck_assert(!endpoint_same_address(&a, &b));
	a = ipv6("::", 0, 443);
	b = a;
	ck_assert(endpoint_same_address(&a, &b));
	b.family = AF_INET;
	ck_assert(!endpoint_same_address(&a, &b));
}
END_TEST

/* A specific address takes no IPv4 whatever IPV6_V6ONLY says. */
START_TEST(v6only_tells_wildcards_apart_alone)
{
	static const char *const same[] = {"::1", "2001:db8::7",
	    "::ffff:0.0.0.0"};
	struct endpoint a, b;
	size_t i;

	for (i = 0; i < LENGTH(same); i++) {
		a = b = ipv6(same[i], 0, 443);
		b.v6only = true;
		ck_assert(endpoint_same_address(&a, &b));
	}
	a = b = ipv6("::", 0, 443);
	b.v6only = true;
	ck_assert(!endpoint_same_address(&a, &b));
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("endpoint");
	TCase *t = tcase_create("endpoint");

	tcase_add_loop_test(t, takes_the_lengths_the_kernel_takes, 0, 2);
	tcase_add_loop_test(t, holds_the_shortest_lengths, 0, 2);
	tcase_add_test(t, unspecified_family_is_ipv4_for_any);
	tcase_add_loop_test(t, refuses_other_families, 0, 8);
	tcase_add_test(t, scope_is_for_link_local);
	tcase_add_test(t, short_ipv6_has_no_scope);
	tcase_add_test(t, writes_what_it_reads);
	tcase_add_test(t, formats);
	tcase_add_loop_test(t, knows_wildcards, 0, 3);
	tcase_add_test(t, same_address_leaves_out_the_port);
	tcase_add_test(t, same_address_minds_family_and_scope);
	tcase_add_test(t, v6only_tells_wildcards_apart_alone);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(suite());
}
