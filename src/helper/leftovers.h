/* SPDX-License-Identifier: ISC */
/*
 * Leftovers: processes that the server left when it ended.  If the server was
 * asked to end, or failed, they are ended.  Otherwise it has daemonized: they
 * are the server now.
 */
#ifndef LEFTOVERS_H
#define LEFTOVERS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* So many processes that are to end are remembered. */
#define LEFTOVERS_ENDING_MAX 64

struct leftovers {
	long long due;      /* for leftovers_visit; 0: never */
	int signalled;      /* the signal all were sent last, or 0 */
	bool unsignallable; /* one could not be sent it */
	pid_t ending[LEFTOVERS_ENDING_MAX]; /* daemons that were to end, and
					       have not yet */
	size_t ending_count;
};

/* From now on, leftovers_visit ends all of them. */
void leftovers_end(struct leftovers *);

/* Signals a daemon: each child of this process, or all its descendants.
 * Returns a process that could not be signalled (EPERM), or 0. */
pid_t leftovers_signal(int signal, bool all);

/*
 * A daemon was sent this signal to end it.  If the daemon handles the signal,
 * it may take its time, as a server in the foreground may.  If it ignores the
 * signal, it is ended.
 */
void leftovers_await_end(struct leftovers *, int signal);

/* A child was reaped.  When the last daemon has ended that was to, all others
 * are ended. */
void leftovers_reaped(struct leftovers *, pid_t);

/* If it is due: sends SIGTERM to all, some seconds later SIGKILL, and again,
 * until none is left. */
void leftovers_visit(struct leftovers *);

/* True, and reported, if those that are left cannot be signalled: to wait for
 * them would be in vain.  If this is process 1, they end with it. */
bool leftovers_given_up(const struct leftovers *);

#endif
