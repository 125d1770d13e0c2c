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

/* The last one, of real-time; the kernel's on every architecture but MIPS. */
#define SIGNAL_MAX 64

/* "RTMIN+30", or a number, and the final NUL. */
#define SIGNAL_TEXT 16

/* What a signal becomes, by its number less one: another one, or */
#define SIGNAL_KEPT    0
#define SIGNAL_DROPPED (SIGNAL_MAX + 1)

/*
 * Reads a number, or a name as kill(1) knows it, with or without "SIG", in
 * either case: "15", "TERM", "SIGRTMIN+3".  Returns 0 where it is none.
 */
int signal_parse(const char *text);

/* Writes the name, or where there is none the number; returns its argument. */
const char *signal_format(int signal, char[SIGNAL_TEXT]);

/* False for those that never reach lowport, or end there: SIGKILL, SIGSTOP,
 * SIGCHLD. */
bool signal_forwarded(int signal);

/*
 * Reads FROM:TO into a table; TO 0 drops the signal.  Returns false with a
 * reason where it cannot be done.
 */
bool signal_rewrite(uint8_t table[SIGNAL_MAX], const char *text,
    char why[REASON_TEXT]);

/* What is to be sent in place of a signal; 0 for nothing. */
int signal_rewritten(const uint8_t table[SIGNAL_MAX], int signal);

/*
 * Sets the signal mask, and stores the one that was unless old is NULL: all of
 * it.  sigprocmask(2) of the C library spares the signals it would use for
 * threads, as sigfillset(3) does.  *old is to be zeroed by the caller.
 */
void signal_set_mask(const sigset_t *, sigset_t *old);

#endif
