/* SPDX-License-Identifier: ISC */
/*
 * The mapping a trial adds, and what is said of its failure; the trial itself is
 * in the .bats files.
 */
#include <errno.h>
#include <netinet/in.h>

#include "explain.h"
#include "mapping_text.h"
#include "trial.h"
#include "unit.h"

static struct plan plan;

START_TEST(adds_two_free_ports)
{
	char why[REASON_TEXT];
	const struct mapping *added = &plan.mappings[1];

	plan.mapping_count = 1;
	ck_assert(mapping_parse(&plan.mappings[0], (char[MAPPING_NAME]){0},
	    "443:8443", why));
	ck_assert(trial_add(&plan));
	ck_assert_uint_eq(plan.mapping_count, 2);
	ck_assert_uint_ge(added->public_port, 1024);
	ck_assert_uint_ge(added->server_port, 1024);
	ck_assert_uint_ne(added->public_port, added->server_port);
	plan.magic = PLAN_MAGIC;
	plan.spares = 1;
	ck_assert(plan_check(&plan, 0, 0));
}
END_TEST

START_TEST(conflicts_with_none)
{
	uint32_t i, j;

	for (i = 0; i < PLAN_MAPPINGS_MAX; i++)
		ck_assert(trial_add(&plan));
	for (i = 0; i < PLAN_MAPPINGS_MAX; i++)
		for (j = 0; j < i; j++)
			ck_assert(!mapping_conflicts(&plan.mappings[i],
			    &plan.mappings[j]));
	ck_assert(!trial_add(&plan));
	ck_assert_uint_eq(plan.mapping_count, PLAN_MAPPINGS_MAX);
}
END_TEST

START_TEST(adds_no_port_beyond_the_most)
{
	plan.mapping_count = 1;
	plan.mappings[0] = (struct mapping){.protocol = IPPROTO_TCP,
	    .ports = PLAN_PORTS_MAX - 1,
	    .public_port = 1,
	    .server_port = 1};
	ck_assert(trial_add(&plan));
	plan.mapping_count = 1;
	plan.mappings[0].ports = PLAN_PORTS_MAX;
	ck_assert(!trial_add(&plan));
	ck_assert_uint_eq(plan.mapping_count, 1);
}
END_TEST

START_TEST(leaves_no_descriptor)
{
	const int before = unit_descriptors();

	ck_assert(trial_add(&plan));
	ck_assert_int_eq(unit_descriptors(), before);
}
END_TEST

/* ENOSYS is how its end shows, and no lack of the kernel's. */
START_TEST(explains_the_end_of_the_helper)
{
	char why[REASON_TEXT];

	explain_trial(why, ENOMEM, true);
	ck_assert_ptr_nonnull(strstr(why, "Cannot allocate memory"));
	explain_trial(why, ENOSYS, true);
	ck_assert_ptr_nonnull(strstr(why, "the helper has ended"));
	explain_trial(why, ENOSYS, false);
	ck_assert_ptr_nonnull(strstr(why, "the helper has ended"));
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("trial");
	TCase *t = tcase_create("trial");

	tcase_add_test(t, adds_two_free_ports);
	tcase_add_test(t, conflicts_with_none);
	tcase_add_test(t, adds_no_port_beyond_the_most);
	tcase_add_test(t, leaves_no_descriptor);
	tcase_add_test(t, explains_the_end_of_the_helper);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(suite());
}
