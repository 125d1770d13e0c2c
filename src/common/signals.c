/* SPDX-License-Identifier: ISC */
/*
 * Runs in: both processes.  Computes only, but for signal_set_mask.
 * Reads: names of signals, in the child; the table of the plan, hostile, in the
 * helper, after plan_check.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "number.h"
#include "signals.h"

/* If two name one signal, signal_format writes the first. */
static const struct name {
	const char *text;
	int signal;
} names[] = {
    {"HUP", SIGHUP},
    {"INT", SIGINT},
    {"QUIT", SIGQUIT},
    {"ILL", SIGILL},
    {"TRAP", SIGTRAP},
    {"ABRT", SIGABRT},
    {"IOT", SIGIOT},
    {"BUS", SIGBUS},
    {"FPE", SIGFPE},
    {"KILL", SIGKILL},
    {"USR1", SIGUSR1},
    {"SEGV", SIGSEGV},
    {"USR2", SIGUSR2},
    {"PIPE", SIGPIPE},
    {"ALRM", SIGALRM},
    {"TERM", SIGTERM},
#ifdef SIGSTKFLT
    {"STKFLT", SIGSTKFLT},
#endif
    {"CHLD", SIGCHLD},
    {"CLD", SIGCHLD},
    {"CONT", SIGCONT},
    {"STOP", SIGSTOP},
    {"TSTP", SIGTSTP},
    {"TTIN", SIGTTIN},
    {"TTOU", SIGTTOU},
    {"URG", SIGURG},
    {"XCPU", SIGXCPU},
    {"XFSZ", SIGXFSZ},
    {"VTALRM", SIGVTALRM},
    {"PROF", SIGPROF},
    {"WINCH", SIGWINCH},
    {"IO", SIGIO},
    {"POLL", SIGIO},
    {"PWR", SIGPWR},
    {"SYS", SIGSYS},
};

#define NAMES (names + sizeof(names) / sizeof(names[0]))

/* RTMIN, RTMIN+n, RTMAX, RTMAX-n. */
static int
parse_real_time(const char *text)
{
	const unsigned int span = (unsigned int)(SIGRTMAX - SIGRTMIN);
	bool least = strncasecmp(text, "RTMIN", 5) == 0;
	unsigned long number;

	if (!least && strncasecmp(text, "RTMAX", 5) != 0)
		return 0;
	text += 5;
	if (*text == '\0')
		return least ? SIGRTMIN : SIGRTMAX;
	if (*text != (least ? '+' : '-') ||
	    !number_parse(&number, text + 1, 0, span))
		return 0;
	return least ? SIGRTMIN + (int)number : SIGRTMAX - (int)number;
}

int
signal_parse(const char *text)
{
	const struct name *name;
	unsigned long number;

	if (number_parse(&number, text, 0, SIGNAL_MAX))
		return (int)number;
	if (strncasecmp(text, "SIG", 3) == 0)
		text += 3;
	for (name = names; name < NAMES; name++)
		if (strcasecmp(text, name->text) == 0)
			return name->signal;
	return parse_real_time(text);
}

const char *
signal_format(int signal, char text[SIGNAL_TEXT])
{
	const struct name *name;

	for (name = names; name < NAMES; name++)
		if (name->signal == signal) {
			snprintf(text, SIGNAL_TEXT, "SIG%s", name->text);
			return text;
		}
	if (signal == SIGRTMIN)
		strcpy(text, "SIGRTMIN");
	else if (signal > SIGRTMIN && signal <= SIGRTMAX)
		snprintf(text, SIGNAL_TEXT, "SIGRTMIN+%d", signal - SIGRTMIN);
	else
		snprintf(text, SIGNAL_TEXT, "signal %d", signal);
	return text;
}

bool
signal_forwarded(int signal)
{
	return signal >= 1 && signal <= SIGNAL_MAX && signal != SIGKILL &&
	    signal != SIGSTOP && signal != SIGCHLD;
}

static bool
check_from(int from, const char *name, char why[REASON_TEXT])
{
	char text[SIGNAL_TEXT];

	switch (from) {
	case 0:
		return reason_say(why, "there is no signal '%.20s'", name);
	case SIGCHLD:
		return reason_say(why,
		    "SIGCHLD is for lowport, and not forwarded");
	case SIGCONT:
		return reason_say(why,
		    "SIGCONT continues what was stopped; rewrite what stops "
		    "it");
	case SIGKILL:
	case SIGSTOP:
		return reason_say(why,
		    "%s never reaches lowport; a container is stopped by "
		    "SIGTERM first",
		    signal_format(from, text));
	default:
		return true;
	}
}

bool
signal_rewrite(uint8_t table[SIGNAL_MAX], const char *text,
    char why[REASON_TEXT])
{
	const char *colon = strchr(text, ':');
	char name[SIGNAL_TEXT];
	int from, to;

	if (colon == NULL || colon - text >= SIGNAL_TEXT)
		return reason_say(why, "not FROM:TO, as in TERM:QUIT or 15:3");
	snprintf(name, sizeof(name), "%.*s", (int)(colon - text), text);
	from = signal_parse(name);
	to = signal_parse(colon + 1);
	if (!check_from(from, name, why))
		return false;
	if (to == 0 && strcmp(colon + 1, "0") != 0)
		return reason_say(why, "there is no signal '%.20s'", colon + 1);
	table[from - 1] = (uint8_t)(to != 0 ? to : SIGNAL_DROPPED);
	return true;
}

int
signal_rewritten(const uint8_t table[SIGNAL_MAX], int signal)
{
	int to = signal <= SIGNAL_MAX ? table[signal - 1] : SIGNAL_KEPT;

	if (to == SIGNAL_DROPPED)
		return 0;
	return to == SIGNAL_KEPT ? signal : to;
}

void
signal_set_mask(const sigset_t *mask, sigset_t *old)
{
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, mask, old, SIGNAL_MAX / 8);
}
