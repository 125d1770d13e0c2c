/* SPDX-License-Identifier: ISC */
/*
 * What a process may raise.  What becomes of it takes root:
 * tests/root/privilege.bats.
 */
#include <sys/capability.h>

#include "privilege.h"
#include "unit.h"

/* Of an ordinary user's process, nothing. */
START_TEST(permitted_is_what_the_kernel_says)
{
	cap_t own = cap_get_proc();
	cap_flag_value_t value;
	cap_value_t c;

	for (c = 0; c < cap_max_bits(); c++) {
		ck_assert_int_eq(cap_get_flag(own, c, CAP_PERMITTED, &value),
		    0);
		ck_assert_int_eq((privilege_permitted() >> c & 1) != 0,
		    value == CAP_SET);
	}
	cap_free(own);
	unit_become_ordinary();
	ck_assert_uint_eq(privilege_permitted(), 0);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("privilege");
	TCase *t = tcase_create("privilege");

	tcase_add_test(t, permitted_is_what_the_kernel_says);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(suite());
}
