/* SPDX-License-Identifier: ISC */
/*
 * One line a message, written at once, whatever the caller's bytes are.
 */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "message.h"
#include "unit.h"

#define LONGEST 1024

static char long_text[4 * LONGEST];

static void
say_nothing(const void *argument)
{
	(void)argument;
}

static void
say_fatal(const void *argument)
{
	errno = ENOENT;
	fatal("cannot open %s", (const char *)argument);
}

static void
say_fatalx(const void *argument)
{
	errno = ENOENT;
	fatalx("no %s", (const char *)argument);
}

static void
say_not_found(const void *argument)
{
	fatal_status(STATUS_NOT_FOUND, "no command %s", (const char *)argument);
}

static void
say_not_executable(const void *argument)
{
	fatal_status(STATUS_NOT_EXECUTABLE, "no exec %s",
	    (const char *)argument);
}

static void
say_warnx(const void *argument)
{
	errno = ENOENT;
	warnx("look at %s", (const char *)argument);
}

static void
say_verbose(const void *argument)
{
	errno = ENOENT;
	verbose("did %s", (const char *)argument);
}

static const struct verb {
	void (*say)(const void *);
	const char *line;
	int status;
	enum verbosity from; /* printed from this verbosity on */
} verbs[] = {
    {say_nothing, "", 0, VERBOSITY_QUIET},
    {say_fatal, "lowport: cannot open door: No such file or directory\n",
	STATUS_FAILURE, VERBOSITY_QUIET},
    {say_fatalx, "lowport: no door\n", STATUS_FAILURE, VERBOSITY_QUIET},
    {say_not_found, "lowport: no command door\n", STATUS_NOT_FOUND,
	VERBOSITY_QUIET},
    {say_not_executable, "lowport: no exec door\n", STATUS_NOT_EXECUTABLE,
	VERBOSITY_QUIET},
    {say_warnx, "lowport: look at door\n", 0, VERBOSITY_NORMAL},
    {say_verbose, "lowport: did door\n", 0, VERBOSITY_VERBOSE},
};

START_TEST(each_verb_at_each_verbosity)
{
	const struct verb *verb = &verbs[_i];
	struct unit_output output;
	enum verbosity v;

	for (v = VERBOSITY_QUIET; v <= VERBOSITY_VERBOSE; v++) {
		message_set(v, false);
		unit_capture(&output, verb->say, "door");
		ck_assert(unit_exited(output.status, verb->status));
		ck_assert_str_eq(output.err, v >= verb->from ? verb->line : "");
		ck_assert_str_eq(output.out, "");
	}
}
END_TEST

START_TEST(verbosity_is_normal_at_first)
{
	struct unit_output output;

	unit_capture(&output, say_warnx, "door");
	ck_assert_str_eq(output.err, "lowport: look at door\n");
	unit_capture(&output, say_verbose, "door");
	ck_assert_str_eq(output.err, "");
}
END_TEST

START_TEST(control_bytes_are_replaced)
{
	struct unit_output output;

	unit_capture(&output, say_warnx, "a door, ~ and \xc3\xa9");
	ck_assert_str_eq(output.err,
	    "lowport: look at a door, ~ and \xc3\xa9\n");
	unit_capture(&output, say_warnx, "a\nb\rc\033[2Jd\te\001f\177g");
	ck_assert_str_eq(output.err, "lowport: look at a?b?c?[2Jd?e?f?g\n");
}
END_TEST

/* Cut where it is too long, and still a line. */
START_TEST(long_lines_are_cut)
{
	static void (*const verb[])(const void *) = {say_warnx, say_fatal};
	struct unit_output output;

	memset(long_text, 'x', 500);
	unit_capture(&output, verb[_i], long_text);
	ck_assert_ptr_nonnull(strstr(output.err, long_text));
	memset(long_text, 'x', sizeof(long_text) - 1);
	unit_capture(&output, verb[_i], long_text);
	ck_assert_uint_le(strlen(output.err), LONGEST);
	ck_assert_uint_gt(strlen(output.err), LONGEST - 8);
	ck_assert_ptr_eq(strchr(output.err, '\n'),
	    output.err + strlen(output.err) - 1);
}
END_TEST

/* Around the length where the reason no longer fits. */
START_TEST(reason_is_cut_too)
{
	struct unit_output output;
	size_t length;

	for (length = LONGEST - 60; length < LONGEST; length++) {
		memset(long_text, 'x', length);
		long_text[length] = '\0';
		unit_capture(&output, say_fatal, long_text);
		ck_assert_uint_le(strlen(output.err), LONGEST);
		ck_assert_ptr_eq(strchr(output.err, '\n'),
		    output.err + strlen(output.err) - 1);
	}
}
END_TEST

/* Each write(2) is a message of its own there: a line is one. */
START_TEST(a_line_is_one_write)
{
	char line[2 * LONGEST];
	int ends[2];
	ssize_t length;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
	ck_assert_int_ge(dup2(ends[1], STDERR_FILENO), 0);
	memset(long_text, 'x', 900);
	warnx("%s%c", long_text, '\n');
	warnx("second");
	length = recv(ends[0], line, sizeof(line), 0);
	ck_assert_int_eq(length, (ssize_t)strlen("lowport: ?\n") + 900);
	length = recv(ends[0], line, sizeof(line), 0);
	ck_assert_int_eq(length, (ssize_t)strlen("lowport: second\n"));
}
END_TEST

static void
say_without_standard_error(const void *argument)
{
	close(STDERR_FILENO);
	warnx("%s", (const char *)argument);
	fatalx("%s", (const char *)argument);
}

START_TEST(standard_error_may_be_closed)
{
	struct unit_output output;

	unit_capture(&output, say_without_standard_error, "door");
	ck_assert(unit_exited(output.status, STATUS_FAILURE));
	ck_assert_str_eq(output.err, "");
}
END_TEST

/* A pipe nobody reads; or a file that may not grow.  Writing to either fails, and
 * sends a signal. */
static void
break_standard_error(int kind)
{
	const struct rlimit none = {0, 0};
	int ends[2], fd;

	if (kind == SIGPIPE) {
		ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
		close(ends[0]);
		dup2(ends[1], STDERR_FILENO);
		return;
	}
	fd = memfd_create("full", MFD_CLOEXEC);
	dup2(fd, STDERR_FILENO);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &none), 0);
}

static void
block(int number)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, number);
	ck_assert_int_eq(sigprocmask(SIG_BLOCK, &set, NULL), 0);
}

static bool
is_pending(int number)
{
	sigset_t set;

	return sigpending(&set) == 0 && sigismember(&set, number) == 1;
}

static const int broken[] = {SIGPIPE, SIGXFSZ};

static int
say_and_look(int number, void (*say)(const void *))
{
	pid_t child = fork();

	if (child > 0)
		return unit_wait(child);
	block(number);
	break_standard_error(number);
	/* The control: it is the signal of this failure. */
	if (write(STDERR_FILENO, "x", 1) != -1 || !is_pending(number))
		_exit(2);
	say(NULL);
	_exit(is_pending(number));
}

static void
say_in_vain(const void *argument)
{
	(void)argument;
	message_set(VERBOSITY_VERBOSE, false);
	alertx("%s", "a");
	warnx("%s", "w");
	verbose("%s", "v");
}

/* Or the server would be started with it, or the helper forward it. */
START_TEST(failed_writes_leave_no_signal)
{
	ck_assert(unit_exited(say_and_look(broken[_i], say_nothing), 1));
	ck_assert(unit_exited(say_and_look(broken[_i], say_in_vain), 0));
}
END_TEST

/* One that somebody has sent for another reason stays. */
START_TEST(other_signals_stay_pending)
{
	const int other = broken[1 - _i];
	pid_t child = fork();

	if (child == 0) {
		block(broken[_i]);
		block(other);
		block(SIGTERM);
		raise(other);
		raise(SIGTERM);
		break_standard_error(broken[_i]);
		say_in_vain(NULL);
		_exit(is_pending(broken[_i]) ||
		    !(is_pending(other) && is_pending(SIGTERM)));
	}
	ck_assert(unit_exited(unit_wait(child), 0));
}
END_TEST

/* Whoever is told nothing of a failure still gets its status. */
START_TEST(last_words_in_vain_end_all_the_same)
{
	pid_t child = fork();

	if (child == 0) {
		block(broken[_i]);
		break_standard_error(broken[_i]);
		fatalx("%s", "f");
	}
	ck_assert(unit_exited(unit_wait(child), STATUS_FAILURE));
}
END_TEST

static void
say_each(const void *argument)
{
	(void)argument;
	message_set(VERBOSITY_VERBOSE, true);
	alertx("%s", "a");
	warnx("%s", "w");
	verbose("%s", "v");
	fatalx("%s", "f");
}

START_TEST(the_journal_is_told_the_priority)
{
	struct unit_output output;

	unit_capture(&output, say_each, NULL);
	ck_assert_str_eq(output.err,
	    "<3>lowport: a\n<4>lowport: w\n"
	    "<6>lowport: v\n<3>lowport: f\n");
}
END_TEST

START_TEST(the_journal_is_known_by_device_and_inode)
{
	struct stat status;
	char value[64];

	ck_assert_int_eq(fstat(STDERR_FILENO, &status), 0);
	snprintf(value, sizeof(value), "%ju:%ju", (uintmax_t)status.st_dev,
	    (uintmax_t)status.st_ino);
	ck_assert(message_is_journal(value));
	snprintf(value, sizeof(value), "%ju:%ju", (uintmax_t)status.st_dev,
	    (uintmax_t)status.st_ino + 1);
	ck_assert(!message_is_journal(value));
	snprintf(value, sizeof(value), "%ju", (uintmax_t)status.st_dev);
	ck_assert(!message_is_journal(value));
	ck_assert(!message_is_journal(""));
	ck_assert(!message_is_journal("x:y"));
	ck_assert(!message_is_journal(NULL));
}
END_TEST

static const struct text {
	const char *text, *printable;
} texts[] = {
    {"a name, ~ and \xc3\xa9", "a name, ~ and \xc3\xa9"},
    {"\xe6\x97\xa5 \xf0\x9f\x90\xa7", "\xe6\x97\xa5 \xf0\x9f\x90\xa7"},
    {"a\tb\x1b[2J\x7f", "a?b?[2J?"},
    /* C1, as characters and as bytes. */
    {"\xc2\x9b"
     "31m",
	"?31m"},
    {"\x9b"
     "31m\x85",
	"?31m?"},
    {"\xc2\x80 \xc2\x9f \xc2\xa0", "? ? \xc2\xa0"},
    /* Invalid, overlong, surrogates, beyond Unicode, cut. */
    {"\xff\xfe\x80", "???"},
    {"\xc0\x8a \xc1\x9b", "?? ??"},
    {"\xe0\x82\x9b", "???"},
    {"\xf0\x80\x82\x9b", "????"},
    {"\xed\xa0\x80", "?"},
    {"\xf4\x90\x80\x80", "?"},
    {"\xf8\x88\x80\x80\x80", "?????"},
    {"\xe6\x97", "??"},
    {"\xf0\x9f\x90", "???"},
    {"\xe6\x97x", "??x"},
    /* Line separators, bidi, invisible ones. */
    {"\xe2\x80\xa8|\xe2\x80\xa9", "?|?"},
    {"\xe2\x80\xae|\xe2\x81\xa6|\xe2\x80\x8f|\xd8\x9c", "?|?|?|?"},
    {"\xe2\x80\x8b|\xe2\x81\xa0|\xef\xbb\xbf|\xc2\xad", "?|?|?|?"},
    {"\xef\xbf\xb9|\xf3\xa0\x81\x81|\xef\xbf\xbf", "?|?|?"},
    {"\xee\x80\x80|\xf0\x9f\xbf\xbe|\xf4\x8f\xbf\xbd", "?|?|?"},
};

START_TEST(only_clean_utf8_is_printed)
{
	char line[64];

	snprintf(line, sizeof(line), "%s", texts[_i].text);
	message_make_printable(line);
	ck_assert_str_eq(line, texts[_i].printable);
}
END_TEST

static void
say_wide(const void *argument)
{
	fatalx("%s%s", (const char *)argument, "END");
}

/* Wherever the limit of a line falls, no character is left in half. */
START_TEST(no_half_of_a_character_is_left)
{
	static char text[2048];
	struct unit_output output;
	size_t i;

	memset(text, 'x', (size_t)_i);
	for (i = (size_t)_i; i + 3 < sizeof(text); i += 3)
		memcpy(text + i, "\xe6\x97\xa5", 4);
	unit_capture(&output, say_wide, text);
	i = strlen(output.err);
	ck_assert_int_eq(output.err[i - 1], '\n');
	while (output.err[i - 2] == '?')
		i--;
	ck_assert_mem_eq(output.err + i - 4, "\xe6\x97\xa5", 3);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("message");
	TCase *t = tcase_create("message");

	tcase_add_loop_test(t, each_verb_at_each_verbosity, 0, LENGTH(verbs));
	tcase_add_test(t, verbosity_is_normal_at_first);
	tcase_add_test(t, control_bytes_are_replaced);
	tcase_add_loop_test(t, long_lines_are_cut, 0, 2);
	tcase_add_test(t, reason_is_cut_too);
	tcase_add_test(t, a_line_is_one_write);
	tcase_add_test(t, standard_error_may_be_closed);
	tcase_add_loop_test(t, failed_writes_leave_no_signal, 0, 2);
	tcase_add_loop_test(t, other_signals_stay_pending, 0, 2);
	tcase_add_loop_test(t, last_words_in_vain_end_all_the_same, 0, 2);
	tcase_add_test(t, the_journal_is_told_the_priority);
	tcase_add_test(t, the_journal_is_known_by_device_and_inode);
	tcase_add_loop_test(t, only_clean_utf8_is_printed, 0, LENGTH(texts));
	tcase_add_loop_test(t, no_half_of_a_character_is_left, 0, 3);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(suite());
}
