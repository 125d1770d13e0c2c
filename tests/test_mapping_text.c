/* SPDX-License-Identifier: ISC */
/*
 * The grammar of -p.
 */
#include <net/if.h>
#include <netinet/in.h>

#include "mapping_text.h"
#include "unit.h"

/* The scope of "lo" is looked up: SCOPE_LO stands for it. */
#define SCOPE_LO UINT32_MAX

/* The longest name. */
#define NAME_63                                                                \
	"abcdefghijklmnopqrstuvwxyz-0123456789-abcdefghijklmnopqrstuvwxy"

static const struct accepted {
	const char *text;
	struct mapping mapping;
	const char *name; /* NULL: none */
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
    {"443:@https", {AF_UNSPEC, IPPROTO_TCP, 443, 0, 1, 0, {0}}, "https"},
    {"https:@443", {AF_UNSPEC, IPPROTO_TCP, 443, 0, 1, 0, {0}}, "443"},
    {"990-1000:@a._-Z9", {AF_UNSPEC, IPPROTO_TCP, 990, 0, 11, 0, {0}},
	"a._-Z9"},
    {"127.0.0.1:53:@dns/udp",
	{AF_INET, IPPROTO_UDP, 53, 0, 1, 0, {127, 0, 0, 1}}, "dns"},
    {"[::1]:443:@" NAME_63 "/tcp",
	{AF_INET6, IPPROTO_TCP, 443, 0, 1, 0, {[15] = 1}}, NAME_63},
    {"@https:8443", {AF_UNSPEC, IPPROTO_TCP, 0, 8443, 1, 0, {0}}, "https"},
    {"@dns:domain/udp", {AF_UNSPEC, IPPROTO_UDP, 0, 53, 1, 0, {0}}, "dns"},
    {"@" NAME_63 ":8443-8443", {AF_UNSPEC, IPPROTO_TCP, 0, 8443, 1, 0, {0}},
	NAME_63},
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
    {"443:@https", "443:@", "the name behind '@' has"},
    {"443:@https", "443:@ht tps", "one mapping goes with each -p"},
    {"443:@https", "443:@ht@tps", "the name behind '@' has"},
    {"443:@https", "443:@{https}", "the name behind '@' has"},
    {"443:@https", "443:@h\xc3\xa9", "the name behind '@' has"},
    {"443:@" NAME_63, "443:@" NAME_63 "x", "the name behind '@' has"},
    {"443:@https/udp", "443:@https/sctp", "unknown protocol 'sctp'"},
    {"443:@https/udp", "443/udp:@https", "it goes last"},
    {"443:@https", ":@https", "a port is missing"},
    {"443:@https", "0:@https", "between 1 and 65535"},
    {"443:@https", "445-443:@https", "ends before it begins"},
    {"443:@https", "443:8443:@https", "'443' is not an IPv4 address"},
    {"443:@https", "443:@https:8443", "'443' is not an IPv4 address"},
    {"127.0.0.1:443:@https", "443:127.0.0.1:@https", "the address goes first"},
    {"127.0.0.1:443:@https", "127.0.0.1:443:8443:@https", "too many colons"},
    {"127.0.0.1:443:@https", "127.0.0.1:@https", "which port does the server"},
    {"@https:8443", "@:8443", "the name behind '@' has"},
    {"@https:8443", "@ht/tps:8443", "it goes last"},
    {"@https:8443", "@@https:8443", "the name behind '@' has"},
    {"@" NAME_63 ":1", "@x" NAME_63 ":1", "the name behind '@' has"},
    {"@https:8443", "@https", "which port does the server bind?"},
    {"@https:8443", "@https:", "which port does the server bind?"},
    {"@https:8443/udp", "@https:/udp", "which port does the server bind?"},
    {"@https:8443", "@https:0", "between 1 and 65535"},
    {"@https:8443", "@https:@http", "no port or tcp service"},
    {"@https:8443", "@https:8443-8444", "@NAME takes one port"},
    {"@https:8443", "@https:443:8443", "@NAME takes one port"},
    {"@https:8443", "@https:127.0.0.1:8443", "@NAME takes one port"},
    {"@https:8443", "@https:[::1]:8443", "@NAME takes one port"},
    {"@https:8443", "127.0.0.1:@https:8443", "@NAME takes one port"},
    {"@https:8443", "[::1]:@https:8443", "@NAME takes one port"},
};

/* What the last text had behind its '@'. */
static char name[MAPPING_NAME];

static struct mapping
parsed(const char *text)
{
	struct mapping m[MAPPING_PROTOCOLS];
	char why[REASON_TEXT] = "";

	ck_assert_msg(mapping_parse(m, name, text, why), "'%s': %s", text, why);
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
	ck_assert_str_eq(name, row->name == NULL ? "" : row->name);
}
END_TEST

START_TEST(refuses)
{
	const struct refused *row = &refused[_i];
	char why[REASON_TEXT] = "";
	struct mapping m[MAPPING_PROTOCOLS];

	parsed(row->twin);
	ck_assert_msg(!mapping_parse(m, name, row->text, why),
	    "'%s' is a mapping", row->text);
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
	static const size_t lengths[] = {MAPPING_NAMED, 300};
	struct mapping m = parsed(digits(MAPPING_NAMED - 1));
	char why[REASON_TEXT] = "";

	ck_assert_int_eq(m.public_port, 443);
	ck_assert(!mapping_parse(&m, name, digits(lengths[_i]), why));
	ck_assert_ptr_nonnull(strstr(why, "longer than 159 bytes"));
}
END_TEST

START_TEST(format_is_what_parse_reads)
{
	const char *wanted = accepted[_i].text;
	struct mapping m = parsed(wanted), again;
	char text[MAPPING_NAMED], first[MAPPING_NAME];

	strcpy(first, name);
	again = parsed(mapping_format_named(&m, name, text));
	ck_assert_msg(equal(&m, &again) && strcmp(first, name) == 0,
	    "'%s' became '%s'", wanted, text);
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
	    {"https:@https", "443:@https"},
	    {"[::1]:990-991:@ftps/udp", "[::1]:990-991:@ftps/udp"},
	    {"@dns:domain/udp", "@dns:53/udp"},
	};
	char text[MAPPING_NAMED];
	struct mapping m;
	size_t i;

	for (i = 0; i < LENGTH(rows); i++) {
		m = parsed(rows[i].text);
		ck_assert_str_eq(mapping_format_named(&m, name, text),
		    rows[i].formatted);
	}
}
END_TEST

START_TEST(both_protocols_are_two_mappings)
{
	struct mapping m[MAPPING_PROTOCOLS];
	char why[REASON_TEXT];

	ck_assert_uint_eq(mapping_parse(m, name,
			      "127.0.0.1:443-444:8443-8444/tcp+udp", why),
	    2);
	ck_assert_uint_eq(m[0].protocol, IPPROTO_TCP);
	ck_assert_uint_eq(m[1].protocol, IPPROTO_UDP);
	m[1].protocol = IPPROTO_TCP;
	ck_assert_mem_eq(&m[0], &m[1], sizeof(m[0]));
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("mapping_text");
	TCase *t = tcase_create("mapping_text");

	tcase_add_loop_test(t, accepts, 0, LENGTH(accepted));
	tcase_add_loop_test(t, refuses, 0, LENGTH(refused));
	tcase_add_loop_test(t, refuses_what_is_too_long, 0, 2);
	tcase_add_loop_test(t, format_is_what_parse_reads, 0, LENGTH(accepted));
	tcase_add_test(t, formats);
	tcase_add_test(t, both_protocols_are_two_mappings);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(suite());
}
