/* SPDX-License-Identifier: ISC */
/*
 * The port a server expects a socket to have, from the port it has: each form of
 * address against each form of mapping.
 */
#include <arpa/inet.h>
#include <stdint.h>

#include "expected.h"
#include "unit.h"

#define TABLE 3

/* What getsockname(2) answered. */
struct has {
	int family;
	const char *address;
	uint16_t port;
	uint32_t scope;
};

/* Mappings as the table has them; ports of 0 end them. */
struct entry {
	int family;
	const char *address;
	uint16_t public_port, server_port;
	uint32_t ports, scope;
	int protocol; /* 0: TCP */
};

static void
set_address(void *to, int family, const char *text)
{
	if (text != NULL && family != AF_UNSPEC)
		ck_assert_int_eq(inet_pton(family, text, to), 1);
}

static struct sockaddr_in6
address_of(const struct has *has)
{
	struct sockaddr_in6 address = {.sin6_family = (sa_family_t)has->family,
	    .sin6_port = htons(has->port)};
	struct sockaddr_in *ipv4 = (void *)&address;

	if (has->family == AF_INET) {
		set_address(&ipv4->sin_addr, AF_INET, has->address);
		return address;
	}
	set_address(&address.sin6_addr, AF_INET6, has->address);
	address.sin6_scope_id = has->scope;
	return address;
}

static struct table
table_of(const struct entry *entries)
{
	struct table table = {0};
	size_t i;

	for (i = 0; i < TABLE && entries[i].ports > 0; i++) {
		const struct entry *e = &entries[i];
		struct mapping *m = &table.mappings[table.count++];

		*m = (struct mapping){.family = (uint16_t)e->family,
		    .protocol = e->protocol == 0 ? IPPROTO_TCP
						 : (uint16_t)e->protocol,
		    .public_port = e->public_port,
		    .server_port = e->server_port,
		    .ports = e->ports,
		    .scope = e->scope};
		set_address(m->address, e->family, e->address);
	}
	return table;
}

#define ANY(p, s, n)                                                           \
	{                                                                      \
		AF_UNSPEC, NULL, p, s, n, 0, 0                                 \
	}
#define IPV4(text, p, s)                                                       \
	{                                                                      \
		AF_INET, text, p, s, 1, 0, 0                                   \
	}
#define IPV6(text, p, s)                                                       \
	{                                                                      \
		AF_INET6, text, p, s, 1, 0, 0                                  \
	}

static const struct row {
	struct entry entries[TABLE];
	struct has has;
	uint16_t expected; /* by a TCP socket; 0: none */
} rows[] = {
    /* A mapping without address is about every address. */
    {{ANY(443, 8443, 1)}, {AF_INET, "0.0.0.0", 443}, 8443},
    {{ANY(443, 8443, 1)}, {AF_INET, "192.0.2.7", 443}, 8443},
    {{ANY(443, 8443, 1)}, {AF_INET6, "::", 443}, 8443},
    {{ANY(443, 8443, 1)}, {AF_INET6, "2001:db8::7", 443}, 8443},
    {{ANY(443, 8443, 1)}, {AF_INET6, "::ffff:192.0.2.7", 443}, 8443},
    {{ANY(443, 8443, 1)}, {AF_INET6, "fe80::1", 443, 2}, 8443},
    {{ANY(443, 8443, 1)}, {AF_INET, "192.0.2.7", 8443}, 0},
    /* No socket that is bound has port 0. */
    {{ANY(443, 8443, 1)}, {AF_INET, "0.0.0.0", 0}, 0},
    {{ANY(443, 8443, 1)}, {AF_INET6, "::", 0}, 0},
    /* An address of IPv4, in both forms. */
    {{IPV4("192.0.2.7", 443, 8443)}, {AF_INET, "192.0.2.7", 443}, 8443},
    {{IPV4("192.0.2.7", 443, 8443)}, {AF_INET6, "::ffff:192.0.2.7", 443}, 8443},
    {{IPV4("192.0.2.7", 443, 8443)}, {AF_INET, "192.0.2.8", 443}, 0},
    {{IPV4("192.0.2.7", 443, 8443)}, {AF_INET, "0.0.0.0", 443}, 0},
    {{IPV4("192.0.2.7", 443, 8443)}, {AF_INET6, "::ffff:192.0.2.8", 443}, 0},
    {{IPV4("192.0.2.7", 443, 8443)}, {AF_INET6, "::", 443}, 0},
    {{IPV4("192.0.2.7", 443, 8443)}, {AF_INET6, "::192.0.2.7", 443}, 0},
    {{IPV4("192.0.2.7", 443, 8443)}, {AF_INET, "192.0.2.7", 444}, 0},
    /* A connection to 0.0.0.0 has an address of its own. */
    {{IPV4("0.0.0.0", 443, 8443)}, {AF_INET, "0.0.0.0", 443}, 8443},
    {{IPV4("0.0.0.0", 443, 8443)}, {AF_INET, "192.0.2.7", 443}, 8443},
    {{IPV4("0.0.0.0", 443, 8443)}, {AF_INET6, "::ffff:192.0.2.7", 443}, 8443},
    {{IPV4("0.0.0.0", 443, 8443)}, {AF_INET6, "::ffff:0.0.0.0", 443}, 8443},
    {{IPV4("0.0.0.0", 443, 8443)}, {AF_INET6, "::", 443}, 0},
    {{IPV4("0.0.0.0", 443, 8443)}, {AF_INET6, "2001:db8::7", 443}, 0},
    /* An address of IPv6. */
    {{IPV6("2001:db8::7", 443, 8443)}, {AF_INET6, "2001:db8::7", 443}, 8443},
    {{IPV6("2001:db8::7", 443, 8443)}, {AF_INET6, "2001:db8::8", 443}, 0},
    {{IPV6("2001:db8::7", 443, 8443)}, {AF_INET6, "2001:db9::7", 443}, 0},
    {{IPV6("2001:db8::7", 443, 8443)}, {AF_INET6, "::", 443}, 0},
    {{IPV6("2001:db8::7", 443, 8443)}, {AF_INET, "192.0.2.7", 443}, 0},
    {{IPV6("::1", 443, 8443)}, {AF_INET6, "::1", 443}, 8443},
    {{IPV6("::1", 443, 8443)}, {AF_INET, "0.0.0.1", 443}, 0},
    /* What came to a dual-stack listener may be of IPv4. */
    {{IPV6("::", 443, 8443)}, {AF_INET6, "::", 443}, 8443},
    {{IPV6("::", 443, 8443)}, {AF_INET6, "2001:db8::7", 443}, 8443},
    {{IPV6("::", 443, 8443)}, {AF_INET6, "::ffff:192.0.2.7", 443}, 8443},
    /* One link-local address may be of several interfaces. */
    {{{AF_INET6, "fe80::1", 443, 8443, 1, 2, 0}}, {AF_INET6, "fe80::1", 443, 2},
	8443},
    {{{AF_INET6, "fe80::1", 443, 8443, 1, 2, 0}}, {AF_INET6, "fe80::1", 443, 3},
	0},
    {{{AF_INET6, "fe80::1", 443, 8443, 1, 2, 0},
	 {AF_INET6, "fe80::1", 443, 9443, 1, 3, 0}},
	{AF_INET6, "fe80::1", 443, 3}, 9443},
    /* A range: its first, its last, and those before and behind. */
    {{ANY(990, 9990, 11)}, {AF_INET, "0.0.0.0", 990}, 9990},
    {{ANY(990, 9990, 11)}, {AF_INET, "0.0.0.0", 995}, 9995},
    {{ANY(990, 9990, 11)}, {AF_INET, "0.0.0.0", 1000}, 10000},
    {{ANY(990, 9990, 11)}, {AF_INET, "0.0.0.0", 989}, 0},
    {{ANY(990, 9990, 11)}, {AF_INET, "0.0.0.0", 1001}, 0},
    {{ANY(65534, 1, 2)}, {AF_INET, "0.0.0.0", 65535}, 2},
    {{ANY(65534, 1, 2)}, {AF_INET, "0.0.0.0", 1}, 0},
    {{ANY(1, 65534, 2)}, {AF_INET, "0.0.0.0", 2}, 65535},
    {{ANY(443, 443, 1)}, {AF_INET, "0.0.0.0", 443}, 443},
    /* The first that covers it. */
    {{IPV4("192.0.2.7", 443, 8443), ANY(443, 9443, 1)},
	{AF_INET, "192.0.2.7", 443}, 8443},
    {{IPV4("192.0.2.7", 443, 8443), ANY(443, 9443, 1)},
	{AF_INET, "192.0.2.8", 443}, 9443},
    {{ANY(443, 9443, 1), IPV4("192.0.2.7", 443, 8443)},
	{AF_INET, "192.0.2.7", 443}, 9443},
    {{ANY(80, 8080, 1), ANY(443, 8443, 1), ANY(444, 8444, 1)},
	{AF_INET6, "::", 444}, 8444},
    {{{AF_UNSPEC, NULL, 443, 9443, 1, 0, IPPROTO_UDP}, ANY(443, 8443, 1)},
	{AF_INET, "0.0.0.0", 443}, 8443},
    /* None. */
    {{{AF_UNSPEC, NULL, 443, 8443, 1, 0, IPPROTO_UDP}},
	{AF_INET, "0.0.0.0", 443}, 0},
    {{{0}}, {AF_INET, "0.0.0.0", 443}, 0},
    {{{0}}, {AF_INET, "0.0.0.0", 0}, 0},
    /* Other families, whatever lies where a port would. */
    {{ANY(443, 8443, 1)}, {AF_UNSPEC, NULL, 443}, 0},
    {{ANY(443, 8443, 1)}, {AF_UNIX, NULL, 443}, 0},
    {{ANY(443, 8443, 1)}, {AF_NETLINK, NULL, 443}, 0},
};

START_TEST(finds_the_port)
{
	const struct row *row = &rows[_i];
	const struct sockaddr_in6 address = address_of(&row->has);
	const struct table table = table_of(row->entries);

	ck_assert_uint_eq(expected_port(&table, IPPROTO_TCP, &address),
	    row->expected);
}
END_TEST

START_TEST(protocols_are_apart)
{
	static const struct entry entries[TABLE] = {{AF_UNSPEC, NULL, 443, 8443,
							1, 0, IPPROTO_TCP},
	    {AF_UNSPEC, NULL, 443, 9443, 1, 0, IPPROTO_UDP}};
	static const struct has has = {AF_INET, "192.0.2.7", 443};
	const struct sockaddr_in6 address = address_of(&has);
	const struct table table = table_of(entries);

	ck_assert_uint_eq(expected_port(&table, IPPROTO_TCP, &address), 8443);
	ck_assert_uint_eq(expected_port(&table, IPPROTO_UDP, &address), 9443);
	ck_assert_uint_eq(expected_port(&table, IPPROTO_SCTP, &address), 0);
	ck_assert_uint_eq(expected_port(&table, 0, &address), 0);
}
END_TEST

/* What lies behind the last entry is none. */
START_TEST(counts_its_entries)
{
	static const struct entry entries[TABLE] = {ANY(80, 8080, 1),
	    ANY(443, 8443, 1)};
	static const struct has has = {AF_INET, "192.0.2.7", 443};
	const struct sockaddr_in6 address = address_of(&has);
	struct table table = table_of(entries);

	ck_assert_uint_eq(expected_port(&table, IPPROTO_TCP, &address), 8443);
	table.count = 1;
	ck_assert_uint_eq(expected_port(&table, IPPROTO_TCP, &address), 0);
}
END_TEST

/* Of an AF_INET socket no byte behind struct sockaddr_in is looked at. */
START_TEST(ipv4_address_is_short)
{
	static const struct entry entries[TABLE] = {
	    IPV4("192.0.2.7", 443, 8443)};
	static const struct has has = {AF_INET, "192.0.2.7", 443};
	const struct table table = table_of(entries);
	struct sockaddr_in6 address = address_of(&has);

	memset((char *)&address + sizeof(struct sockaddr_in), 0xff,
	    sizeof(address) - sizeof(struct sockaddr_in));
	ck_assert_uint_eq(expected_port(&table, IPPROTO_TCP, &address), 8443);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("expected");
	TCase *t = tcase_create("expected");

	tcase_add_loop_test(t, finds_the_port, 0, LENGTH(rows));
	tcase_add_test(t, protocols_are_apart);
	tcase_add_test(t, counts_its_entries);
	tcase_add_test(t, ipv4_address_is_short);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(suite());
}
