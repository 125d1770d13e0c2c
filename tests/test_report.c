/* SPDX-License-Identifier: ISC */
/*
 * The lines of a report, and the status it ends with.
 */
#include "report.h"
#include "status.h"
#include "unit.h"

#define LONGEST 1024

static void
say_ok(const void *argument)
{
	report_ok("kernel", "%s", (const char *)argument);
	report_end();
}

static void
say_note(const void *argument)
{
	report_note("policy", "not asked: %s", (const char *)argument);
	report_end();
}

static void
say_problem(const void *argument)
{
	report_problem("hand-off", "%s (%d)", (const char *)argument, 7);
	report_end();
}

static void
say_all(const void *argument)
{
	report_ok("first", "%s", (const char *)argument);
	report_problem("second", "%s", (const char *)argument);
	report_note("a-subject-that-is-long", "%s", (const char *)argument);
	report_ok("last", "%s", (const char *)argument);
	report_end();
}

static void
say_nothing(const void *argument)
{
	(void)argument;
	report_end();
}

static const struct row {
	void (*say)(const void *);
	const char *out;
	int status;
} rows[] = {
    {say_nothing, "", EXIT_SUCCESS},
    {say_ok, "ok       kernel       all is well\n", EXIT_SUCCESS},
    {say_note, "note     policy       not asked: all is well\n", EXIT_SUCCESS},
    {say_problem, "problem  hand-off     all is well (7)\n", STATUS_FAILURE},
    /* One problem is enough, wherever it is. */
    {say_all,
	"ok       first        all is well\n"
	"problem  second       all is well\n"
	"note     a-subject-that-is-long all is well\n"
	"ok       last         all is well\n",
	STATUS_FAILURE},
};

START_TEST(says_and_ends)
{
	const struct row *row = &rows[_i];
	struct unit_output output;

	unit_capture(&output, row->say, "all is well");
	ck_assert_str_eq(output.out, row->out);
	ck_assert_str_eq(output.err, "");
	ck_assert(unit_exited(output.status, row->status));
}
END_TEST

/* A byte of the caller's must not become a line of the report. */
START_TEST(control_bytes_are_replaced)
{
	struct unit_output output;

	unit_capture(&output, say_ok, "a name, ~ and \xc3\xa9");
	ck_assert_str_eq(output.out,
	    "ok       kernel       a name, ~ and \xc3\xa9\n");
	unit_capture(&output, say_ok, "x\nok       policy\r\033[2J\t\001\177");
	ck_assert_str_eq(output.out,
	    "ok       kernel       x?ok       policy??[2J???\n");
}
END_TEST

static void
say_all_as_json(const void *argument)
{
	report_as_json();
	say_all(argument);
}

static void
say_nothing_as_json(const void *argument)
{
	report_as_json();
	say_nothing(argument);
}

static void
say_note_as_json(const void *argument)
{
	report_as_json();
	say_note(argument);
}

/* Whatever bytes a text has, only these two are to be escaped. */
START_TEST(as_json)
{
	struct unit_output output;

	unit_capture(&output, say_nothing_as_json, "");
	ck_assert_str_eq(output.out,
	    "{\"status\": \"ok\", \"findings\": [\n]}\n");
	ck_assert(unit_exited(output.status, EXIT_SUCCESS));
	unit_capture(&output, say_note_as_json,
	    "\"C:\\\" \n\001\177\xff \xc3\xa9");
	ck_assert_str_eq(output.out,
	    "{\"status\": \"note\", \"findings\": [\n"
	    "  {\"level\": \"note\", \"subject\": \"policy\", \"text\": "
	    "\"not asked: \\\"C:\\\\\\\" ???? \xc3\xa9\"}\n]}\n");
	ck_assert(unit_exited(output.status, EXIT_SUCCESS));
	unit_capture(&output, say_all_as_json, "x");
	ck_assert_str_eq(output.out,
	    "{\"status\": \"problem\", \"findings\": [\n"
	    "  {\"level\": \"ok\", \"subject\": \"first\", \"text\": \"x\"},\n"
	    "  {\"level\": \"problem\", \"subject\": \"second\", \"text\": "
	    "\"x\"},\n"
	    "  {\"level\": \"note\", \"subject\": \"a-subject-that-is-long\", "
	    "\"text\": \"x\"},\n"
	    "  {\"level\": \"ok\", \"subject\": \"last\", \"text\": \"x\"}\n"
	    "]}\n");
	ck_assert(unit_exited(output.status, STATUS_FAILURE));
}
END_TEST

/* Cut where it is too long, and still a line. */
START_TEST(long_lines_are_cut)
{
	static char text[2 * LONGEST];
	struct unit_output output;

	memset(text, 'x', 900);
	unit_capture(&output, say_ok, text);
	ck_assert_ptr_nonnull(strstr(output.out, text));
	memset(text, 'x', sizeof(text) - 1);
	unit_capture(&output, say_ok, text);
	ck_assert_uint_lt(strlen(output.out), LONGEST + 32);
	ck_assert_ptr_eq(strchr(output.out, '\n'),
	    output.out + strlen(output.out) - 1);
	ck_assert(unit_exited(output.status, EXIT_SUCCESS));
}
END_TEST

static void
say_to_a_full_disk(const void *argument)
{
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	if (full < 0 || dup2(full, STDOUT_FILENO) < 0)
		_exit(99);
	say_ok(argument);
}

static void
say_to_a_full_disk_as_json(const void *argument)
{
	report_as_json();
	say_to_a_full_disk(argument);
}

static void
say_without_standard_output(const void *argument)
{
	close(STDOUT_FILENO);
	say_ok(argument);
}

/* A status of 0 would say that somebody could read that all is well. */
START_TEST(a_report_that_cannot_be_written_is_a_failure)
{
	struct unit_output output;

	unit_capture(&output, say_ok, "x");
	ck_assert(unit_exited(output.status, EXIT_SUCCESS));
	unit_capture(&output, say_to_a_full_disk, "x");
	ck_assert(unit_exited(output.status, STATUS_FAILURE));
	unit_capture(&output, say_without_standard_output, "x");
	ck_assert(unit_exited(output.status, STATUS_FAILURE));
	unit_capture(&output, say_to_a_full_disk_as_json, "x");
	ck_assert(unit_exited(output.status, STATUS_FAILURE));
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("report");
	TCase *t = tcase_create("report");

	tcase_add_loop_test(t, says_and_ends, 0, LENGTH(rows));
	tcase_add_test(t, control_bytes_are_replaced);
	tcase_add_test(t, as_json);
	tcase_add_test(t, long_lines_are_cut);
	tcase_add_test(t, a_report_that_cannot_be_written_is_a_failure);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(suite());
}
