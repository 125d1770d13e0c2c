/* SPDX-License-Identifier: ISC */
/*
 * Leftovers: processes that the server has left when it has ended.  If the
 * server was to end, or failed, they are ended too.  Otherwise it has
 * daemonized, and they are the server now.
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

/* Ends all of them: from now on leftovers_visit does. */
void leftovers_end(struct leftovers *);

/*
 * Sends a daemon a signal: each child of this process, or all descendants.
 * Returns a process that could not be sent it (EPERM), or 0.
 */
pid_t leftovers_signal(int signal, bool all);

/*
 * A daemon was sent this signal to end.  A daemon that handles it is given the
 * time it takes, as a server in the foreground is.  One that ignores it never
 * ends by itself, and is ended.
 */
void leftovers_await_end(struct leftovers *, int signal);

/* A child has been reaped.  If it was the last daemon that was to end, what is
 * left is ended. */
void leftovers_reaped(struct leftovers *, pid_t);

/* Does what is due: sends SIGTERM to all, some seconds later SIGKILL, and that
 * until none is left. */
void leftovers_visit(struct leftovers *);

/*
 * True if those that are left cannot be signalled: to wait for them would be in
 * vain.  That is reported.  If this is process 1, they end with it.
 */
bool leftovers_given_up(const struct leftovers *);

#endif
