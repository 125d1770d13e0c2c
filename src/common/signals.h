/* SPDX-License-Identifier: ISC */
/*
 * Signals: their names, and what becomes of those that lowport forwards.
 */
#ifndef SIGNALS_H
#define SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "reason.h"

/* The last signal, on every architecture but MIPS. */
#define SIGNAL_MAX 64

/* "RTMIN+30", or a number, and the final NUL. */
#define SIGNAL_TEXT 16

/* The signal that one becomes, by its number less one: another one, or */
#define SIGNAL_KEPT    0
#define SIGNAL_DROPPED (SIGNAL_MAX + 1)

/* Reads a number, or a name of kill(1)'s, with or without "SIG", in either
 * case: "15", "TERM", "SIGRTMIN+3".  Returns 0 if there is no such signal. */
int signal_parse(const char *text);

/* Writes the name, or the number if it has none; returns its argument. */
const char *signal_format(int signal, char[SIGNAL_TEXT]);

/* False for signals that never reach lowport, or are for it: SIGKILL, SIGSTOP,
 * SIGCHLD. */
bool signal_forwarded(int signal);

/* Reads FROM:TO into a table; TO 0 drops the signal.  Returns false with a
 * reason if that cannot be done. */
bool signal_rewrite(uint8_t table[SIGNAL_MAX], const char *text,
    char why[REASON_TEXT]);

/* Returns the signal to send in place of this one, or 0 for none. */
int signal_rewritten(const uint8_t table[SIGNAL_MAX], int signal);

/*
 * Sets the whole signal mask, and stores the old one unless old is NULL; the
 * caller zeroes it.  The C library's sigprocmask(2) spares the signals it uses
 * for threads, as sigfillset(3) does.
 */
void signal_set_mask(const sigset_t *, sigset_t *old);

#endif
