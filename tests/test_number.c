/* SPDX-License-Identifier: ISC */
/*
 * Which texts are numbers, and which are within their bounds.
 */
#include <limits.h>

#include "number.h"
#include "unit.h"

static const struct {
	const char *text;
	bool is;
	unsigned long value;
} texts[] = {
    {"0", true, 0},
    {"1", true, 1},
    {"0443", true, 443},
    {"4294967296", true, 4294967296},
    {"18446744073709551615", true, ULONG_MAX},
    {"", false, 0},
    {" 1", false, 0},
    {"1 ", false, 0},
    {"+1", false, 0},
    {"-1", false, 0},
    {"0x10", false, 0},
    {"1.0", false, 0},
    {"1\n", false, 0},
    {"\xd9\xa1", false, 0},
};

START_TEST(digits_alone)
{
	unsigned long number = 77;

	ck_assert_int_eq(number_is(texts[_i].text), texts[_i].is);
	ck_assert_int_eq(number_parse(&number, texts[_i].text, 0, ULONG_MAX),
	    texts[_i].is);
	ck_assert_uint_eq(number, texts[_i].is ? texts[_i].value : 77);
}
END_TEST

START_TEST(bounds)
{
	unsigned long number = 77;

	ck_assert(!number_parse(&number, "9", 10, 20));
	ck_assert(!number_parse(&number, "21", 10, 20));
	ck_assert_uint_eq(number, 77);
	ck_assert(number_parse(&number, "10", 10, 20));
	ck_assert_uint_eq(number, 10);
	ck_assert(number_parse(&number, "20", 10, 20));
	ck_assert_uint_eq(number, 20);
}
END_TEST

/* More than any unsigned long is not the greatest of them. */
START_TEST(beyond_the_type)
{
	unsigned long number = 77;

	ck_assert(number_is("18446744073709551616"));
	ck_assert(!number_parse(&number, "18446744073709551616", 0, ULONG_MAX));
	ck_assert(!number_parse(&number, "99999999999999999999999999", 0, 9));
	ck_assert_uint_eq(number, 77);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("number");
	TCase *t = tcase_create("number");

	tcase_add_loop_test(t, digits_alone, 0,
	    sizeof(texts) / sizeof(texts[0]));
	tcase_add_test(t, bounds);
	tcase_add_test(t, beyond_the_type);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(suite());
}
