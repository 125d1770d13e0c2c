/* SPDX-License-Identifier: ISC */
/*
 * A reason is cut, and what fails returns it.
 */
#include "reason.h"
#include "unit.h"

START_TEST(says)
{
	char why[REASON_TEXT];

	ck_assert(!reason_say(why, "port %d: %s", 443, "in use"));
	ck_assert_str_eq(why, "port 443: in use");
}
END_TEST

START_TEST(is_cut)
{
	struct {
		char why[REASON_TEXT], behind;
	} s = {.behind = 'x'};

	ck_assert(!reason_say(s.why, "%*d", REASON_TEXT, 1));
	ck_assert_uint_eq(strlen(s.why), REASON_TEXT - 1);
	ck_assert_int_eq(s.behind, 'x');
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("reason");
	TCase *t = tcase_create("reason");

	tcase_add_test(t, says);
	tcase_add_test(t, is_cut);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(suite());
}
