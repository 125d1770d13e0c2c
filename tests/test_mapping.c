/* SPDX-License-Identifier: ISC */
/*
 * The grammar of -p, what a mapping covers, and which mappings can stand side
 * by side.
 */
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>

#include "mapping.h"
#include "unit.h"

/* The scope of "lo" is looked up: SCOPE_LO stands for it. */
#define SCOPE_LO UINT32_MAX

static const struct accepted {
	const char *text;
	struct mapping mapping;
} accepted[] = {
    {"443:8443", {AF_UNSPEC, IPPROTO_TCP, 443, 8443, 1, 0, {0}}},
    {"443", {AF_UNSPEC, IPPROTO_TCP, 443, 443, 1, 0, {0}}},
    {"443:8443/tcp", {AF_UNSPEC, IPPROTO_TCP, 443, 8443, 1, 0, {0}}},
    {"443/tcp", {AF_UNSPEC, IPPROTO_TCP, 443, 443, 1, 0, {0}}},
    {"443/udp", {AF_UNSPEC, IPPROTO_UDP, 443, 443, 1, 0, {0}}},
    {"domain:5353/udp", {AF_UNSPEC, IPPROTO_UDP, 53, 5353, 1, 0, {0}}},
    {"990-1000:9990-10000", {AF_UNSPEC, IPPROTO_TCP, 990, 9990, 11, 0, {0}}},
    {"990-1000", {AF_UNSPEC, IPPROTO_TCP, 990, 990, 11, 0, {0}}},
    {"1-65535", {AF_UNSPEC, IPPROTO_TCP, 1, 1, 65535, 0, {0}}},
    {"443-443", {AF_UNSPEC, IPPROTO_TCP, 443, 443, 1, 0, {0}}},
    {"127.0.0.1:990-991:8990-8991/udp",
	{AF_INET, IPPROTO_UDP, 990, 8990, 2, 0, {127, 0, 0, 1}}},
    {"1:65535", {AF_UNSPEC, IPPROTO_TCP, 1, 65535, 1, 0, {0}}},
    {"65535:1", {AF_UNSPEC, IPPROTO_TCP, 65535, 1, 1, 0, {0}}},
    {"00443:008443", {AF_UNSPEC, IPPROTO_TCP, 443, 8443, 1, 0, {0}}},
    {"https:8443", {AF_UNSPEC, IPPROTO_TCP, 443, 8443, 1, 0, {0}}},
    {"https:http", {AF_UNSPEC, IPPROTO_TCP, 443, 80, 1, 0, {0}}},
    {"127.0.0.1:443:8443",
	{AF_INET, IPPROTO_TCP, 443, 8443, 1, 0, {127, 0, 0, 1}}},
    {"127.0.0.1:https:8443",
	{AF_INET, IPPROTO_TCP, 443, 8443, 1, 0, {127, 0, 0, 1}}},
    {"192.0.2.7:443", {AF_INET, IPPROTO_TCP, 443, 443, 1, 0, {192, 0, 2, 7}}},
    {"192.0.2.7:443/tcp",
	{AF_INET, IPPROTO_TCP, 443, 443, 1, 0, {192, 0, 2, 7}}},
    {"0.0.0.0:443", {AF_INET, IPPROTO_TCP, 443, 443, 1, 0, {0}}},
    {"0.0.0.0:443:8443", {AF_INET, IPPROTO_TCP, 443, 8443, 1, 0, {0}}},
    {"[::]:443", {AF_INET6, IPPROTO_TCP, 443, 443, 1, 0, {0}}},
    {"[::]:443:8443", {AF_INET6, IPPROTO_TCP, 443, 8443, 1, 0, {0}}},
    {"[::1]:443:8443", {AF_INET6, IPPROTO_TCP, 443, 8443, 1, 0, {[15] = 1}}},
    {"[2001:DB8::7]:443",
	{AF_INET6, IPPROTO_TCP, 443, 443, 1, 0,
	    {0x20, 1, 0xd, 0xb8, [15] = 7}}},
    {"[fe80::1%lo]:443",
	{AF_INET6, IPPROTO_TCP, 443, 443, 1, SCOPE_LO, {0xfe, 0x80, [15] = 1}}},
    {"[fe80::1%7]:443:8443",
	{AF_INET6, IPPROTO_TCP, 443, 8443, 1, 7, {0xfe, 0x80, [15] = 1}}},
    {"[febf::1%7]:443",
	{AF_INET6, IPPROTO_TCP, 443, 443, 1, 7, {0xfe, 0xbf, [15] = 1}}},
    {"[::ffff:127.0.0.1]:443",
	{AF_INET, IPPROTO_TCP, 443, 443, 1, 0, {127, 0, 0, 1}}},
    {"[::ffff:0.0.0.0]:443", {AF_INET, IPPROTO_TCP, 443, 443, 1, 0, {0}}},
};

/* Each text that is refused stands beside one that differs in what is wrong
 * alone; why is a part of what the user reads. */
static const struct refused {
	const char *twin;
	const char *text;
	const char *why;
} refused[] = {
    {"1", "0", "between 1 and 65535"},
    {"65535", "65536", "between 1 and 65535"},
    {"443:1", "443:0", "between 1 and 65535"},
    {"443:65535", "443:65536", "between 1 and 65535"},
    {"443", "4294967739", "between 1 and 65535"},           /* 2^32 + 443 */
    {"443", "18446744073709552059", "between 1 and 65535"}, /* 2^64 + 443 */
    {"443", "", "a port is missing"},
    {"443:8443", "443:", "a port is missing"},
    {"443:8443", ":8443", "a port is missing"},
    {"443:8443", ":", "a port is missing"},
    {"443/tcp", "/tcp", "a port is missing"},
    {"127.0.0.1:443", "127.0.0.1:", "a port is missing"},
    {"[::1]:443", "[::1]:", "a port is missing"},
    {"127.0.0.1:443:8443", "127.0.0.1:443:", "a port is missing"},
    {"127.0.0.1:443:8443", "127.0.0.1::8443", "a port is missing"},
    {"443:8443", "443:8443:1", "'443' is not an IPv4 address"},
    {"443:8443", "443:8443:1:2", "too many colons"},
    {"443:8443", "443::", "'443' is not an IPv4 address"},
    {"443/tcp", "443/sctp", "unknown protocol 'sctp'"},
    {"443/udp", "443/udp+tcp", "unknown protocol 'udp+tcp'"},
    {"443/tcp+udp", "443/tcp+tcp", "unknown protocol 'tcp+tcp'"},
    {"443-445:8443-8445", "443-445:8443", "3 ports cannot be mapped to 1"},
    {"443-445:8443-8445", "443:8443-8445", "1 ports cannot be mapped to 3"},
    {"443-445:8443-8445", "443-445:8443-8446", "3 ports cannot be mapped to 4"},
    {"443-445", "445-443", "ends before it begins"},
    {"1-2", "0-2", "between 1 and 65535"},
    {"65534-65535", "65534-65536", "between 1 and 65535"},
    {"443-445", "443-", "no port or tcp service"},
    {"443-445", "-445", "no port or tcp service"},
    {"443-445", "443-445-446", "no port or tcp service"},
    {"443/tcp", "443/TCP", "unknown protocol"},
    {"443/tcp", "443/", "unknown protocol"},
    {"443/tcp", "443/tcp/tcp", "unknown protocol"},
    {"443:8443", "443:8443,80:8080", "-p 443:8443 -p 80:8080"},
    {"443:8443", "443:8443;80:8080", "LOWPORT_PUBLISH"},
    {"443:8443", "443:8443 80:8080", "one mapping goes with each -p"},
    {"[::1]:443", "[::1]:443,80", "one mapping goes with each -p"},
    {"127.0.0.1:443:8443", "443:127.0.0.1:8443", "the address goes first"},
    {"127.0.0.1:443-444:8443-8444", "443-444:127.0.0.1:8443-8444",
	"the address goes first"},
    {"[::1]:443:8443", "443:[::1]:8443", "the address goes first"},
    {"127.0.0.1:https:8443/udp", "https:127.0.0.1:8443/udp",
	"the address goes first"},
    {"443:8443/udp", "443/udp:8443/udp", "it goes last"},
    {"443:8443/tcp", "443/tcp:8443", "unknown protocol"},
    {"443", "+443", "no port or tcp service"},
    {"1", "-1", "no port or tcp service"},
    {"443", " 443", "one mapping goes with each -p"},
    {"443", "443 ", "one mapping goes with each -p"},
    {"443:8443", "443: 8443", "one mapping goes with each -p"},
    {"443", "443\n", "one mapping goes with each -p"},
    {"443:8443", "443\n:8443", "one mapping goes with each -p"},
    {"443", "443x", "no port or tcp service"},
    {"443", "0x1bb", "no port or tcp service"},
    {"443", "4e2", "no port or tcp service"},
    {"443", "443,80", "one mapping goes with each -p"},
    {"443", "*", "no port or tcp service"},
    {"https", "no-such-service", "no port or tcp service"},
    {"127.0.0.1:443", "127.0.0.1", "no port or tcp service"},
    {"127.0.0.1:443:8443", "localhost:443:8443", "names are not looked up"},
    {"127.0.0.1:443:8443", "*:443:8443", "not an IPv4 address"},
    {"127.0.0.1:443:8443", ":443:8443", "not an IPv4 address"},
    {"127.0.0.1:443:8443", "127.0.0.256:443:8443", "not an IPv4 address"},
    {"127.0.0.1:443:8443", "127.1:443:8443", "not an IPv4 address"},
    {"127.0.0.1:443:8443", "127.0.0.01:443:8443", "not an IPv4 address"},
    {"127.0.0.1:443:8443", "127.0.0.1/8:443:8443", "unknown protocol"},
    {"[::1]:443:8443", "::1:443:8443", "brackets"},
    {"[::1]:443:8443", "[::1:443:8443", "']:'"},
    {"[::1]:443", "[::1:443", "']:'"},
    {"[::1]:443", "[::1]443", "']:'"},
    {"[::1]:443", "[::1]", "']:'"},
    {"[::1]:443", "[", "']:'"},
    {"[::1]:443", "[]:443", "not an IPv6 address"},
    {"[::1]:443", "[::1::]:443", "not an IPv6 address"},
    {"[::1]:443", "[127.0.0.1]:443", "not an IPv6 address"},
    {"[::1]:443", "[[::1]]:443", "']:'"},
    {"[::1]:443", "[::1/128]:443", "unknown protocol"},
    {"[::1]:443:8443", "[::1]:443:8443:1", "no port or tcp service"},
    {"[fe80::1%lo]:443", "[fe80::1]:443", "takes an interface"},
    {"[fe80::1%lo]:443", "[fe80::1%]:443", "no network interface ''"},
    {"[fe80::1%lo]:443", "[fe80::1%nonesuch]:443", "no network interface"},
    {"[fe80::1%1]:443", "[fe80::1%0]:443", "no network interface"},
    {"[fe80::1%1]:443", "[fe80::1%4294967297]:443", "no network interface"},
    {"[fe80::1%1]:443", "[fe80::1%-1]:443", "no network interface"},
    {"[::1]:443", "[::1%lo]:443", "takes an interface"},
    {"[::]:443", "[::%lo]:443", "takes an interface"},
    {"[::ffff:1.2.3.4]:443", "[::ffff:1.2.3.4%lo]:443", "takes an interface"},
};

static struct mapping
parsed(const char *text)
{
	struct mapping m[MAPPING_PROTOCOLS];
	char why[REASON_TEXT] = "";

	ck_assert_msg(mapping_parse(m, text, why), "'%s': %s", text, why);
	return m[0];
}

static bool
equal(const struct mapping *a, const struct mapping *b)
{
	return a->family == b->family && a->protocol == b->protocol &&
	    a->public_port == b->public_port &&
	    a->server_port == b->server_port && a->ports == b->ports &&
	    a->scope == b->scope &&
	    memcmp(a->address, b->address, sizeof(a->address)) == 0;
}

START_TEST(accepts)
{
	const struct accepted *row = &accepted[_i];
	struct mapping expected = row->mapping, m = parsed(row->text);
	char text[MAPPING_TEXT];

	if (expected.scope == SCOPE_LO)
		expected.scope = if_nametoindex("lo");
	ck_assert_msg(equal(&m, &expected), "'%s' is %s", row->text,
	    mapping_format(&m, text));
}
END_TEST

START_TEST(refuses)
{
	const struct refused *row = &refused[_i];
	char why[REASON_TEXT] = "";
	struct mapping m[MAPPING_PROTOCOLS];

	parsed(row->twin);
	ck_assert_msg(!mapping_parse(m, row->text, why), "'%s' is a mapping",
	    row->text);
	ck_assert_msg(strstr(why, row->why) != NULL, "'%s': %s", row->text,
	    why);
}
END_TEST

/* A port of this many digits. */
static const char *
digits(size_t length)
{
	static char text[301];

	memset(text, '0', length);
	memcpy(text + length - 3, "443", 4);
	return text;
}

START_TEST(refuses_what_is_too_long)
{
	static const size_t lengths[] = {MAPPING_TEXT, 300};
	struct mapping m = parsed(digits(MAPPING_TEXT - 1));
	char why[REASON_TEXT] = "";

	ck_assert_int_eq(m.public_port, 443);
	ck_assert(!mapping_parse(&m, digits(lengths[_i]), why));
	ck_assert_ptr_nonnull(strstr(why, "longer than 95 bytes"));
}
END_TEST

START_TEST(format_is_what_parse_reads)
{
	struct mapping m = parsed(accepted[_i].text), again;
	char text[MAPPING_TEXT];

	again = parsed(mapping_format(&m, text));
	ck_assert_msg(equal(&m, &again), "'%s' became '%s'", accepted[_i].text,
	    text);
}
END_TEST

START_TEST(formats)
{
	static const struct {
		const char *text;
		const char *formatted;
	} rows[] = {
	    {"443", "443:443"},
	    {"https:8443/tcp", "443:8443"},
	    {"[::ffff:192.0.2.7]:443:8443", "192.0.2.7:443:8443"},
	    {"[2001:DB8:0::7]:443:8443", "[2001:db8::7]:443:8443"},
	    {"[fe80::1%7]:443", "[fe80::1%7]:443:443"},
	    {"[fe8f:ffff:ffff:ffff:ffff:ffff:ffff:ffff%4294967295]:65535:65535",
		"[fe8f:ffff:ffff:ffff:ffff:ffff:ffff:ffff%4294967295]:65535:"
		"65535"},
	};
	char text[MAPPING_TEXT];
	struct mapping m;
	size_t i;

	for (i = 0; i < LENGTH(rows); i++) {
		m = parsed(rows[i].text);
		ck_assert_str_eq(mapping_format(&m, text), rows[i].formatted);
	}
}
END_TEST

/* Ends with "six" for IPV6_V6ONLY, I for implied, C for common. */
static const char *
variant_text(const struct mapping_variant *v, char text[ENDPOINT_TEXT + 8])
{
	char endpoint[ENDPOINT_TEXT];

	sprintf(text, "%s%s%s%s", endpoint_format(&v->endpoint, endpoint),
	    v->endpoint.v6only ? " six" : "", v->implied ? " I" : "",
	    v->common ? " C" : "");
	return text;
}

static const struct variants {
	const char *mapping;
	const char *list[MAPPING_VARIANTS_MAX + 1];
} variants[] = {
    {"443:8443",
	{"0.0.0.0:443 C", "[::ffff:0.0.0.0]:443 I", "127.0.0.1:443 I C",
	    "[::ffff:127.0.0.1]:443 I C", "[::]:443 I C", "[::]:443 six I C",
	    "[::1]:443 I C"}},
    {"0.0.0.0:443",
	{"0.0.0.0:443 C", "[::ffff:0.0.0.0]:443 I", "127.0.0.1:443 I C",
	    "[::ffff:127.0.0.1]:443 I C"}},
    {"[::]:443:8443", {"[::]:443 C", "[::]:443 six C", "[::1]:443 I C"}},
    {"192.0.2.7:443:8443", {"192.0.2.7:443 C", "[::ffff:192.0.2.7]:443 I C"}},
    {"[::ffff:192.0.2.7]:443",
	{"192.0.2.7:443 C", "[::ffff:192.0.2.7]:443 I C"}},
    {"[2001:db8::7]:443", {"[2001:db8::7]:443 C"}},
    {"[fe80::1%7]:443:8443", {"[fe80::1%7]:443 C"}},
    {"443:8443/udp",
	{"0.0.0.0:443 C", "127.0.0.1:443 I C", "[::ffff:127.0.0.1]:443 I C",
	    "[::]:443 I C", "[::]:443 six I C", "[::1]:443 I C"}},
    {"192.0.2.7:443/udp", {"192.0.2.7:443 C", "[::ffff:192.0.2.7]:443 I C"}},
};

START_TEST(lists_variants)
{
	const struct variants *row = &variants[_i];
	struct mapping_variant list[MAPPING_VARIANTS_MAX];
	struct mapping m = parsed(row->mapping);
	size_t count = mapping_variants(&m, list), i;
	char text[ENDPOINT_TEXT + 8];

	ck_assert_uint_le(count, MAPPING_VARIANTS_MAX);
	for (i = 0; i < count; i++)
		ck_assert_str_eq(variant_text(&list[i], text), row->list[i]);
	ck_assert(count == MAPPING_VARIANTS_MAX || row->list[i] == NULL);
}
END_TEST

/* No two variants of a mapping answer one bind. */
START_TEST(variants_differ)
{
	struct mapping_variant list[MAPPING_VARIANTS_MAX];
	struct mapping m = parsed(variants[_i].mapping);
	size_t count = mapping_variants(&m, list), i, j;

	for (i = 0; i < count; i++) {
		ck_assert(endpoint_same_address(&list[i].endpoint,
		    &list[i].endpoint));
		for (j = 0; j < i; j++)
			ck_assert(!endpoint_same_address(&list[i].endpoint,
			    &list[j].endpoint));
	}
}
END_TEST

/* An x where the mapping of the row and that of the column conflict. */
#define MATRIX 14
static const struct {
	const char *text;
	const char conflicts[MATRIX + 1];
} matrix[MATRIX] = {
    {"443:8443", "xx.xxxxxxxx.xx"},
    {"443:9443", "xxx.x.xxxxxxxx"},
    {"444:9443", ".xx..xx....x.."},
    {"445:8443", "x..xxx.xxxx.xx"},
    {"127.0.0.1:443:8443", "xx.xxxx.x....."},
    {"127.0.0.1:444:8443", "x.xxxx..x....."},
    {"127.0.0.1:443:9443", "xxx.x.x.x....."},
    {"127.0.0.2:443:8443", "xx.x...xx....."},
    {"0.0.0.0:443:8443", "xx.xxxxxx....."},
    {"[::]:443:8443", "xx.x.....xx.xx"},
    {"[::1]:443:8443", "xx.x.....xx..."},
    {"[::1]:444:9443", ".xx........x.."},
    {"[fe80::1%1]:443:8443", "xx.x.....x..x."},
    {"[fe80::1%2]:443:8443", "xx.x.....x...x"},
};

START_TEST(conflicts)
{
	struct mapping row = parsed(matrix[_i].text), column;
	size_t j;

	for (j = 0; j < MATRIX; j++) {
		column = parsed(matrix[j].text);
		ck_assert_msg(mapping_conflicts(&row, &column) ==
			(matrix[_i].conflicts[j] == 'x'),
		    "%s and %s", matrix[_i].text, matrix[j].text);
	}
}
END_TEST

/* Not reached by -p, which knows one protocol; the plan is checked with it. */
START_TEST(protocols_do_not_conflict)
{
	struct mapping a = parsed("443:8443"), b = a;

	ck_assert(mapping_conflicts(&a, &b));
	b.protocol = IPPROTO_UDP;
	ck_assert(!mapping_conflicts(&a, &b));
}
END_TEST

START_TEST(both_protocols_are_two_mappings)
{
	struct mapping m[MAPPING_PROTOCOLS];
	char why[REASON_TEXT];

	ck_assert_uint_eq(mapping_parse(m,
			      "127.0.0.1:443-444:8443-8444/tcp+udp", why),
	    2);
	ck_assert_uint_eq(m[0].protocol, IPPROTO_TCP);
	ck_assert_uint_eq(m[1].protocol, IPPROTO_UDP);
	m[1].protocol = IPPROTO_TCP;
	ck_assert_mem_eq(&m[0], &m[1], sizeof(m[0]));
}
END_TEST

START_TEST(ports_are_mapped_one_to_one)
{
	struct mapping m;
	char why[REASON_TEXT];

	ck_assert_uint_eq(mapping_parse(&m, "990-992:9990-9992", why), 1);
	ck_assert_uint_eq(mapping_public_port(&m, 9989), 0);
	ck_assert_uint_eq(mapping_public_port(&m, 9990), 990);
	ck_assert_uint_eq(mapping_public_port(&m, 9992), 992);
	ck_assert_uint_eq(mapping_public_port(&m, 9993), 0);
	ck_assert_uint_eq(mapping_public_port(&m, 990), 0);
	ck_assert_uint_eq(mapping_parse(&m, "1-65535", why), 1);
	ck_assert_uint_eq(mapping_public_port(&m, 65535), 65535);
	ck_assert_uint_eq(mapping_public_port(&m, 0), 0);
}
END_TEST

/* The socket of ::ffff:0.0.0.0 could not be parked. */
START_TEST(udp_has_no_mapped_wildcard)
{
	struct mapping_variant list[MAPPING_VARIANTS_MAX];
	char why[REASON_TEXT];
	struct mapping m;

	ck_assert_uint_eq(mapping_parse(&m, "443/tcp", why), 1);
	ck_assert_uint_eq(mapping_variants(&m, list), MAPPING_VARIANTS_MAX);
	ck_assert_uint_eq(mapping_parse(&m, "443/udp", why), 1);
	ck_assert_uint_eq(mapping_variants(&m, list), MAPPING_VARIANTS_MAX - 1);
}
END_TEST

static const struct {
	const char *text;
	bool reversed;
} directions[] = {
    {"443:8443", false},
    {"8443:443", true},
    {"1024:1023", true},
    {"1023:1024", false},
    {"443:80", false},
    {"8443:8080", false},
    {"8443", false},
    {"127.0.0.1:5353:53/udp", true},
};

START_TEST(tells_the_wrong_way_round)
{
	struct mapping m = parsed(directions[_i].text);

	ck_assert_int_eq(mapping_looks_reversed(&m), directions[_i].reversed);
	/* By descriptor, and inherited. */
	m.server_port = 0;
	ck_assert(!mapping_looks_reversed(&m));
	m.server_port = 80;
	m.public_port = 0;
	ck_assert(!mapping_looks_reversed(&m));
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("mapping");
	TCase *t = tcase_create("mapping");

	tcase_add_loop_test(t, accepts, 0, LENGTH(accepted));
	tcase_add_loop_test(t, refuses, 0, LENGTH(refused));
	tcase_add_loop_test(t, refuses_what_is_too_long, 0, 2);
	tcase_add_loop_test(t, tells_the_wrong_way_round, 0,
	    LENGTH(directions));
	tcase_add_loop_test(t, format_is_what_parse_reads, 0, LENGTH(accepted));
	tcase_add_test(t, formats);
	tcase_add_loop_test(t, lists_variants, 0, LENGTH(variants));
	tcase_add_loop_test(t, variants_differ, 0, LENGTH(variants));
	tcase_add_loop_test(t, conflicts, 0, MATRIX);
	tcase_add_test(t, protocols_do_not_conflict);
	tcase_add_test(t, both_protocols_are_two_mappings);
	tcase_add_test(t, ports_are_mapped_one_to_one);
	tcase_add_test(t, udp_has_no_mapped_wildcard);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(suite());
}
