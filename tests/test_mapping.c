/* SPDX-License-Identifier: ISC */
/*
 * What a mapping covers, and which mappings can stand side by side.
 */
#include <netinet/in.h>

#include "mapping_text.h"
#include "unit.h"

static struct mapping
parsed(const char *text)
{
	char name[MAPPING_NAME], why[REASON_TEXT] = "";
	struct mapping m;

	ck_assert_msg(mapping_parse(&m, name, text, why), "'%s': %s", text,
	    why);
	return m;
}

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
    {"443:@https", {"[::]:443 I", "0.0.0.0:443"}},
    {"192.0.2.7:443:@https", {"192.0.2.7:443"}},
    {"@https:8443", {NULL}},
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

START_TEST(ports_are_mapped_one_to_one)
{
	struct mapping m = parsed("990-992:9990-9992");

	ck_assert_uint_eq(mapping_public_port(&m, 9989), 0);
	ck_assert_uint_eq(mapping_public_port(&m, 9990), 990);
	ck_assert_uint_eq(mapping_public_port(&m, 9992), 992);
	ck_assert_uint_eq(mapping_public_port(&m, 9993), 0);
	ck_assert_uint_eq(mapping_public_port(&m, 990), 0);
	m = parsed("1-65535");
	ck_assert_uint_eq(mapping_public_port(&m, 65535), 65535);
	ck_assert_uint_eq(mapping_public_port(&m, 0), 0);
}
END_TEST

/* The socket of ::ffff:0.0.0.0 could not be parked. */
START_TEST(udp_has_no_mapped_wildcard)
{
	struct mapping_variant list[MAPPING_VARIANTS_MAX];
	struct mapping m = parsed("443/tcp");

	ck_assert_uint_eq(mapping_variants(&m, list), MAPPING_VARIANTS_MAX);
	m = parsed("443/udp");
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
    {"8443:@https", false},
    {"@https:443", false},
};

START_TEST(tells_the_wrong_way_round)
{
	struct mapping m = parsed(directions[_i].text);

	ck_assert_int_eq(mapping_looks_reversed(&m), directions[_i].reversed);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("mapping");
	TCase *t = tcase_create("mapping");

	tcase_add_loop_test(t, tells_the_wrong_way_round, 0,
	    LENGTH(directions));
	tcase_add_loop_test(t, lists_variants, 0, LENGTH(variants));
	tcase_add_loop_test(t, variants_differ, 0, LENGTH(variants));
	tcase_add_loop_test(t, conflicts, 0, MATRIX);
	tcase_add_test(t, protocols_do_not_conflict);
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
