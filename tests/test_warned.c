/* SPDX-License-Identifier: ISC */
/* Each cause is reported once, and a flood of causes is counted. */
#include <netinet/in.h>

#include "message.h"
#include "unit.h"
#include "warned.h"

static struct warned warned;

START_TEST(each_cause_once)
{
	int cause;

	for (cause = 0; cause < 5; cause++) {
		ck_assert(
		    warned_first(&warned, WARNED_STRAY, &cause, sizeof(cause)));
		ck_assert(!warned_first(&warned, WARNED_STRAY, &cause,
		    sizeof(cause)));
		/* Of another kind it is another one. */
		ck_assert(
		    warned_first(&warned, WARNED_RIVAL, &cause, sizeof(cause)));
	}
}
END_TEST

START_TEST(addresses_differ_in_every_part)
{
	struct endpoint e = {.family = AF_INET, .port = 443};

	ck_assert(
	    warned_first_endpoint(&warned, WARNED_IN_USE, &e, IPPROTO_TCP, 0));
	ck_assert(
	    !warned_first_endpoint(&warned, WARNED_IN_USE, &e, IPPROTO_TCP, 0));
	ck_assert(
	    warned_first_endpoint(&warned, WARNED_IN_USE, &e, IPPROTO_UDP, 0));
	ck_assert(
	    warned_first_endpoint(&warned, WARNED_IN_USE, &e, IPPROTO_TCP, -1));
	e.address[3] = 1;
	ck_assert(
	    warned_first_endpoint(&warned, WARNED_IN_USE, &e, IPPROTO_TCP, 0));
	e.port = 444;
	ck_assert(
	    warned_first_endpoint(&warned, WARNED_IN_USE, &e, IPPROTO_TCP, 0));
}
END_TEST

static pid_t
start_child(void)
{
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	return child;
}

START_TEST(a_process_is_one_cause)
{
	pid_t child = start_child();

	ck_assert(warned_first_process(&warned, WARNED_REFUSED, getpid()));
	ck_assert(!warned_first_process(&warned, WARNED_REFUSED, getpid()));
	ck_assert(warned_first_process(&warned, WARNED_REFUSED, child));
	unit_wait(child);
	/* One that starts at another time is another process. */
	ck_assert(warned_first_process(&warned, WARNED_REFUSED, child));
}
END_TEST

static void
flood(const void *nothing)
{
	int cause, first = 0;

	(void)nothing;
	for (cause = 0; cause < 100; cause++)
		first += warned_first(&warned, WARNED_STRAY, &cause,
		    sizeof(cause));
	ck_assert_int_eq(first, WARNED_BURST);
	warned_report_rest(&warned);
	warned_report_rest(&warned);
}

START_TEST(a_flood_is_counted)
{
	struct unit_output output;

	unit_capture(&output, flood, NULL);
	ck_assert_int_eq(output.status, 0);
	ck_assert_str_eq(output.err,
	    "lowport: 84 more messages of this kind were left out; at most 16 "
	    "are printed a minute\n");
}
END_TEST

/* A message that was left out is printed when it comes again, a minute later. */
START_TEST(what_is_left_out_is_not_forgotten)
{
	int cause;

	for (cause = 0; cause < 17; cause++)
		warned_first(&warned, WARNED_STRAY, &cause, sizeof(cause));
	cause = 16;
	warned.rates[WARNED_STRAY].left_out = 0;
	ck_assert(!warned_first(&warned, WARNED_STRAY, &cause, sizeof(cause)));
	warned.rates[WARNED_STRAY] = (struct warned_rate){0};
	ck_assert(warned_first(&warned, WARNED_STRAY, &cause, sizeof(cause)));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("warned");
	TCase *tests = tcase_create("warned");

	tcase_add_test(tests, each_cause_once);
	tcase_add_test(tests, addresses_differ_in_every_part);
	tcase_add_test(tests, a_process_is_one_cause);
	tcase_add_test(tests, a_flood_is_counted);
	tcase_add_test(tests, what_is_left_out_is_not_forgotten);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
