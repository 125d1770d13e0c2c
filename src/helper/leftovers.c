/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the helper, after the drop.
 * Reads: which processes are below it, and what they ignore, by proc(5).
 */
#include <errno.h>
#include <signal.h>

#include "clock.h"
#include "descendants.h"
#include "leftovers.h"
#include "message.h"
#include "task.h"

/* Milliseconds. */
#define KILL_AFTER 5000 /* SIGTERM, then SIGKILL */
#define KILL_EVERY 50

/* The outcome of a signal to some processes. */
struct delivery {
	bool arrived;        /* at one of them */
	pid_t unsignallable; /* one that has changed its user, or 0 */
};

static struct delivery
deliver(int signal, enum descendants_wanted wanted)
{
	struct delivery delivery = {0};
	struct descendants walk;
	pid_t process;

	descendants_begin(&walk, wanted);
	while ((process = descendants_next(&walk)) != 0)
		if (kill(process, signal) == 0)
			delivery.arrived = true;
		else if (errno == EPERM)
			delivery.unsignallable = process;
	return delivery;
}

void
leftovers_end(struct leftovers *l)
{
	if (l->due == 0)
		l->due = clock_milliseconds();
}

pid_t
leftovers_signal(int signal, bool all)
{
	return deliver(signal, all ? DESCENDANTS_ALL : DESCENDANTS_CHILDREN)
	    .unsignallable;
}

void
leftovers_await_end(struct leftovers *l, int signal)
{
	struct descendants walk;
	pid_t process;

	l->ending_count = 0;
	descendants_begin(&walk, DESCENDANTS_CHILDREN);
	while ((process = descendants_next(&walk)) != 0)
		if (l->ending_count < LEFTOVERS_ENDING_MAX &&
		    !task_ignores(process, signal))
			l->ending[l->ending_count++] = process;
	if (l->ending_count == 0)
		leftovers_end(l);
}

void
leftovers_reaped(struct leftovers *l, pid_t process)
{
	size_t i = 0;

	while (i < l->ending_count && l->ending[i] != process)
		i++;
	if (i == l->ending_count)
		return;
	l->ending[i] = l->ending[--l->ending_count];
	if (l->ending_count == 0)
		leftovers_end(l);
}

void
leftovers_visit(struct leftovers *l)
{
	const bool first = l->signalled == 0;
	struct delivery delivery;

	if (l->due == 0 || clock_milliseconds() < l->due)
		return;
	l->signalled = first ? SIGTERM : SIGKILL;
	delivery = deliver(l->signalled, DESCENDANTS_ALL);
	/* If it arrived nowhere, all may be hidden (proc(5), hidepid). */
	l->unsignallable = delivery.unsignallable != 0 || !delivery.arrived;
	l->due = clock_milliseconds() + (first ? KILL_AFTER : KILL_EVERY);
}

bool
leftovers_given_up(const struct leftovers *l)
{
	struct delivery look;

	if (!l->unsignallable)
		return false;
	/* A process that has ended can be signalled until its parent reaps it.
	 * After SIGKILL, no other can be. */
	look = deliver(0, DESCENDANTS_ALL);
	if (look.arrived && l->signalled != SIGKILL)
		return false;
	if (look.unsignallable != 0)
		warnx("process %d, which the server left, has changed its "
		      "user: it cannot be signalled, and is not waited for; "
		      "add kill to --keep-caps",
		    look.unsignallable);
	else
		warnx("processes that the server left are hidden (hidepid of "
		      "proc(5)), and are not waited for");
	return true;
}
