/* SPDX-License-Identifier: ISC */
/*
 * The environment as execve(2) was given it: this program executes itself, and
 * prints what it recovers, a string a line.  argv[0] tells what happened to
 * environ(7) before.
 */
#include <fcntl.h>

#include "environment.h"
#include "unit.h"

#define STRINGS 16

static void
environ_as_it_is(void)
{
}

/* What glibc does before main of a program with a file capability. */
static void
environ_scrubbed(void)
{
	unsetenv("LD_LIBRARY_PATH");
	unsetenv("TMPDIR");
}

/* glibc before 2.39 puts a copy of GLIBC_TUNABLES in its place. */
static void
environ_first_copied(void)
{
	environ[0] = strdup(environ[0]);
	environ_scrubbed();
}

/* An emulator, that lays out the strings itself. */
static void
environ_elsewhere(void)
{
	static char string[] = "A=elsewhere", *elsewhere[] = {string, NULL};

	environ = elsewhere;
}

static const struct situation {
	const char *name;
	void (*arrange)(void);
} situations[] = {
    {"as-it-is", environ_as_it_is},
    {"scrubbed", environ_scrubbed},
    {"first-copied", environ_first_copied},
    {"elsewhere", environ_elsewhere},
};

/* What runs after the exec. */
static int
print_recovered(int argc, char **argv)
{
	char **environment;
	size_t i;

	for (i = 0; i < LENGTH(situations); i++)
		if (strcmp(argv[0], situations[i].name) == 0)
			situations[i].arrange();
	for (environment = environment_recover(argc, argv);
	     *environment != NULL; environment++)
		printf("%s\n", *environment);
	return EXIT_SUCCESS;
}

struct run {
	const char *argv[STRINGS];
	const char *environment[STRINGS];
};

static void
run_self(const void *argument)
{
	const struct run *run = argument;

	execve("/proc/self/exe", (char **)run->argv, (char **)run->environment);
	_exit(99);
}

static const struct {
	const char *what;
	struct run run;
	const char *recovered;
} runs[] = {
    {"in order", {{"as-it-is"}, {"B=2", "A=1", "C=3"}}, "B=2\nA=1\nC=3\n"},
    {"after arguments", {{"as-it-is", "a", "", "b=c"}, {"A=1"}}, "A=1\n"},
    {"an empty argument last", {{"as-it-is", ""}, {"A=1"}}, "A=1\n"},
    {"duplicates", {{"as-it-is"}, {"A=1", "A=2", "A=1"}}, "A=1\nA=2\nA=1\n"},
    {"without =", {{"as-it-is"}, {"A=1", "B", "=C", "="}}, "A=1\nB\n=C\n=\n"},
    {"empty strings", {{"as-it-is"}, {"", "A=1", "", ""}}, "\nA=1\n\n\n"},
    {"nothing", {{"as-it-is"}, {NULL}}, ""},
    {"nothing, arguments", {{"as-it-is", "A=1"}, {NULL}}, ""},
    {"what secure mode deletes",
	{{"scrubbed"}, {"LD_LIBRARY_PATH=/l", "A=1", "TMPDIR=/t"}},
	"LD_LIBRARY_PATH=/l\nA=1\nTMPDIR=/t\n"},
    {"the only one that secure mode deletes", {{"scrubbed"}, {"TMPDIR=/t"}},
	"TMPDIR=/t\n"},
    {"all deleted", {{"scrubbed"}, {"LD_LIBRARY_PATH=/l", "TMPDIR=/t"}},
	"LD_LIBRARY_PATH=/l\nTMPDIR=/t\n"},
    {"what secure mode deletes, beside a copied one",
	{{"first-copied"}, {"GLIBC_TUNABLES=", "LD_LIBRARY_PATH=/l", "A=1"}},
	"GLIBC_TUNABLES=\nLD_LIBRARY_PATH=/l\nA=1\n"},
    {"fallback", {{"elsewhere"}, {"A=1"}}, "A=elsewhere\n"},
};

START_TEST(recovers)
{
	struct unit_output output;

	unit_capture(&output, run_self, &runs[_i].run);
	ck_assert(unit_exited(output.status, EXIT_SUCCESS));
	ck_assert_msg(strcmp(output.out, runs[_i].recovered) == 0, "%s: '%s'",
	    runs[_i].what, output.out);
}
END_TEST

/* execve(2) takes strings of up to 128 kB. */
START_TEST(recovers_long_strings)
{
	static char value[100000] = "A=";
	struct run run = {{"scrubbed"}, {"TMPDIR=/t", value}};
	struct unit_output output;

	memset(value + 2, 'x', sizeof(value) - 3);
	unit_capture(&output, run_self, &run);
	ck_assert(unit_exited(output.status, EXIT_SUCCESS));
	ck_assert_uint_eq(strlen(output.out), sizeof(output.out) - 1);
	ck_assert_int_eq(strncmp(output.out, "TMPDIR=/t\nA=x",
			     strlen("TMPDIR=/t\nA=x")),
	    0);
}
END_TEST

START_TEST(get_finds_names_that_are_equal)
{
	char *environment[] = {"AB=no", "A", "A=first", "A=second", "B=", NULL};
	char *none[] = {NULL};

	ck_assert_str_eq(environment_get(environment, "A"), "first");
	ck_assert_str_eq(environment_get(environment, "AB"), "no");
	ck_assert_str_eq(environment_get(environment, "B"), "");
	ck_assert_ptr_null(environment_get(environment, "C"));
	ck_assert_ptr_null(environment_get(environment, "a"));
	ck_assert_ptr_null(environment_get(none, "A"));
}
END_TEST

static void
assert_equal(char **environment, const char *const *expected)
{
	for (; *expected != NULL; environment++, expected++) {
		ck_assert_ptr_nonnull(*environment);
		ck_assert_str_eq(*environment, *expected);
	}
	ck_assert_ptr_null(*environment);
}

START_TEST(set_replaces_every_value)
{
	char *environment[] = {"HOME=/a", "HOMES=/b", "HOME=/c", "HOME", NULL};
	static const char *const before[] = {"HOME=/a", "HOMES=/b", "HOME=/c",
	    "HOME", NULL};
	static const char *const after[] = {"HOMES=/b", "HOME", "HOME=/new",
	    NULL};

	assert_equal(environment_set(environment, "HOME", "/new"), after);
	assert_equal(environment, before);
}
END_TEST

START_TEST(unset_takes_every_value_away)
{
	char *environment[] = {"A=1", "AB=2", "A=3", "A", NULL};
	static const char *const after[] = {"AB=2", "A", NULL};

	assert_equal(environment_unset(environment, "A"), after);
	assert_equal(environment_unset(environment, "C"),
	    (const char *const *)environment);
}
END_TEST

START_TEST(set_adds_what_is_not_there)
{
	char *environment[] = {"A=1", NULL}, *none[] = {NULL};
	static const char *const after[] = {"A=1", "HOME=", NULL};
	static const char *const alone[] = {"HOME=/", NULL};

	assert_equal(environment_set(environment, "HOME", "%s", ""), after);
	assert_equal(environment_set(none, "HOME", "/"), alone);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("environment");
	TCase *t = tcase_create("environment");

	tcase_add_loop_test(t, recovers, 0, LENGTH(runs));
	tcase_add_test(t, recovers_long_strings);
	tcase_add_test(t, get_finds_names_that_are_equal);
	tcase_add_test(t, set_replaces_every_value);
	tcase_add_test(t, set_adds_what_is_not_there);
	tcase_add_test(t, unset_takes_every_value_away);
	suite_add_tcase(s, t);
	return s;
}

int
main(int argc, char **argv)
{
	size_t i;

	for (i = 0; i < LENGTH(situations); i++)
		if (strcmp(argv[0], situations[i].name) == 0)
			return print_recovered(argc, argv);
	return unit_run(suite());
}
