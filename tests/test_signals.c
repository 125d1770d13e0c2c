/* SPDX-License-Identifier: ISC */
/*
 * Names of signals, what they are rewritten to, and the whole of the mask.
 */
#include "signals.h"
#include "unit.h"

START_TEST(reads_names_and_numbers)
{
	const struct {
		const char *text;
		int signal;
	} rows[] = {
	    {"15", 15},
	    {"TERM", SIGTERM},
	    {"SIGTERM", SIGTERM},
	    {"term", SIGTERM},
	    {"sigTerm", SIGTERM},
	    {"HUP", SIGHUP},
	    {"SYS", SIGSYS},
	    {"IOT", SIGABRT},
	    {"CLD", SIGCHLD},
	    {"POLL", SIGIO},
	    {"RTMIN", SIGRTMIN},
	    {"SIGRTMIN+3", SIGRTMIN + 3},
	    {"RTMIN+0", SIGRTMIN},
	    {"RTMIN+30", SIGRTMAX},
	    {"RTMAX", SIGRTMAX},
	    {"rtmax-1", SIGRTMAX - 1},
	    {"RTMAX-30", SIGRTMIN},
	    {"1", 1},
	    {"32", 32},
	    {"64", 64},
	    /* None: */
	    {"0", 0},
	    {"65", 0},
	    {"-15", 0},
	    {"+15", 0},
	    {" 15", 0},
	    {"15 ", 0},
	    {"1x", 0},
	    {"4294967311", 0},
	    {"18446744073709551631", 0},
	    {"", 0},
	    {"SIG", 0},
	    {"SIG15", 0},
	    {"SIGSIGTERM", 0},
	    {"TERMS", 0},
	    {"TER", 0},
	    {"RTMIN+31", 0},
	    {"RTMIN-1", 0},
	    {"RTMAX+1", 0},
	    {"RTMAX-31", 0},
	    {"RTMIN+", 0},
	    {"RTMIN+-1", 0},
	    {"RTMIN3", 0},
	};
	size_t i;

	for (i = 0; i < LENGTH(rows); i++)
		ck_assert_msg(signal_parse(rows[i].text) == rows[i].signal,
		    "'%s' is %d", rows[i].text, signal_parse(rows[i].text));
}
END_TEST

/* Two signals have no name. */
START_TEST(writes_what_it_reads)
{
	char text[SIGNAL_TEXT];
	int signal;

	for (signal = 1; signal <= SIGNAL_MAX; signal++) {
		signal_format(signal, text);
		if (signal == 32 || signal == 33)
			ck_assert_int_eq(strncmp(text, "signal 3", 8), 0);
		else
			ck_assert_int_eq(signal_parse(text), signal);
	}
	ck_assert_str_eq(signal_format(SIGABRT, text), "SIGABRT");
	ck_assert_str_eq(signal_format(SIGCHLD, text), "SIGCHLD");
	ck_assert_str_eq(signal_format(SIGRTMAX, text), "SIGRTMIN+30");
}
END_TEST

START_TEST(knows_what_is_forwarded)
{
	int signal, count = 0;

	for (signal = -1; signal <= SIGNAL_MAX + 1; signal++)
		count += signal_forwarded(signal);
	ck_assert_int_eq(count, SIGNAL_MAX - 3);
	ck_assert(!signal_forwarded(SIGKILL));
	ck_assert(!signal_forwarded(SIGSTOP));
	ck_assert(!signal_forwarded(SIGCHLD));
	ck_assert(!signal_forwarded(0));
	ck_assert(!signal_forwarded(SIGNAL_MAX + 1));
}
END_TEST

START_TEST(rewrites)
{
	const struct {
		const char *text;
		int from, to;
	} rows[] = {
	    {"15:3", 15, 3},
	    {"TERM:QUIT", 15, 3},
	    {"SIGTERM:SIGQUIT", 15, 3},
	    {"term:9", 15, 9},
	    {"TSTP:STOP", SIGTSTP, SIGSTOP},
	    {"64:RTMIN+1", 64, SIGRTMIN + 1},
	    {"1:0", 1, 0},
	    {"HUP:HUP", 1, 1},
	    {"USR1:CONT", 10, SIGCONT},
	};
	uint8_t table[SIGNAL_MAX];
	char why[REASON_TEXT];
	int signal;
	size_t i;

	for (i = 0; i < LENGTH(rows); i++) {
		memset(table, SIGNAL_KEPT, sizeof(table));
		ck_assert_int_eq(signal_rewritten(table, rows[i].from),
		    rows[i].from);
		ck_assert(signal_rewrite(table, rows[i].text, why));
		for (signal = 1; signal <= SIGNAL_MAX; signal++)
			ck_assert_int_eq(signal_rewritten(table, signal),
			    signal == rows[i].from ? rows[i].to : signal);
	}
}
END_TEST

START_TEST(refuses_what_cannot_be_rewritten)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
	    {"TERM", "not FROM:TO"},
	    {"", "not FROM:TO"},
	    {"TERM=QUIT", "not FROM:TO"},
	    {"TERMTERMTERMTERM:QUIT", "not FROM:TO"},
	    {":QUIT", "there is no signal ''"},
	    {"TERM:", "there is no signal ''"},
	    {"0:3", "there is no signal '0'"},
	    {"65:3", "there is no signal '65'"},
	    {"15:65", "there is no signal '65'"},
	    {"15:-1", "there is no signal '-1'"},
	    {"15:00", "there is no signal '00'"},
	    {"15:3:4", "there is no signal '3:4'"},
	    {"TERM:NONE", "there is no signal 'NONE'"},
	    {"KILL:TERM", "SIGKILL never reaches lowport"},
	    {"19:15", "SIGSTOP never reaches lowport"},
	    {"CHLD:TERM", "SIGCHLD is for lowport"},
	    {"CONT:0", "SIGCONT continues what was stopped"},
	};
	static const uint8_t empty[SIGNAL_MAX];
	uint8_t table[SIGNAL_MAX] = {0};
	char why[REASON_TEXT];
	size_t i;

	for (i = 0; i < LENGTH(rows); i++) {
		ck_assert_msg(!signal_rewrite(table, rows[i].text, why),
		    "'%s' is accepted", rows[i].text);
		ck_assert_msg(strstr(why, rows[i].why) != NULL,
		    "'%s' is not in '%s'", rows[i].why, why);
		ck_assert_mem_eq(table, empty, sizeof(table));
	}
}
END_TEST

static uint64_t
blocked(void)
{
	FILE *file = fopen("/proc/thread-self/status", "re");
	unsigned long long mask = 0;
	char line[128];

	ck_assert_ptr_nonnull(file);
	while (fgets(line, sizeof(line), file) != NULL)
		if (sscanf(line, "SigBlk: %llx", &mask) == 1)
			break;
	fclose(file);
	return mask;
}

/* The mask has 32 and 33, which the C library spares; SIGKILL and SIGSTOP cannot
 * be blocked. */
START_TEST(sets_the_whole_mask)
{
	const uint64_t reserved = 3ull << 31, every = ~(1ull << 8 | 1ull << 18);
	sigset_t all, old, none;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	ck_assert_uint_eq(blocked(), every & ~reserved);
	memset(&all, 0xff, sizeof(all));
	sigemptyset(&none);
	signal_set_mask(&all, NULL);
	ck_assert_uint_eq(blocked(), every);
	sigemptyset(&old);
	signal_set_mask(&none, &old);
	ck_assert_uint_eq(blocked(), 0);
	signal_set_mask(&old, NULL);
	ck_assert_uint_eq(blocked(), every);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("signals");
	TCase *t = tcase_create("signals");

	tcase_add_test(t, reads_names_and_numbers);
	tcase_add_test(t, writes_what_it_reads);
	tcase_add_test(t, knows_what_is_forwarded);
	tcase_add_test(t, rewrites);
	tcase_add_test(t, refuses_what_cannot_be_rewritten);
	tcase_add_test(t, sets_the_whole_mask);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(suite());
}
