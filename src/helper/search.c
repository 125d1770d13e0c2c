/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the helper, after the drop.
 * Reads: /proc/PID/fd of the server's processes and of others.
 */
#include <errno.h>
#include <unistd.h>

#include "descendants.h"
#include "process.h"
#include "search.h"
#include "task.h"

void
search_begin(struct search *w, bool anywhere)
{
	w->pass = SEARCH_BELOW;
	w->anywhere = anywhere;
	descendants_begin(&w->below, DESCENDANTS_LISTED);
	w->lists = 0;
	w->descriptors.directory = -1;
	w->process = 0;
	w->unknown = false;
}

static unsigned long
stat_of(pid_t process, enum task_field field)
{
	unsigned long value;

	task_stat(process, field, &value);
	return value;
}

/*
 * A descendant that cannot be read made itself non-dumpable, or its main thread
 * has ended and others have not: it may hold any socket.  Or it has ended, or
 * is about to: then neither memory nor a thread beside the first is left.
 */
static void
note_unreadable(struct search *w, pid_t process)
{
	if (w->pass == SEARCH_ANYWHERE || w->unknown)
		return;
	w->unknown = (w->pass == SEARCH_BELOW ||
			 descendants_in_walk(process)) &&
	    (stat_of(process, TASK_MEMORY) != 0 ||
		stat_of(process, TASK_THREADS) > 1);
}

static void
enter_process(struct search *w, pid_t process)
{
	if (process == getpid())
		return;
	w->shown = false;
	if (process_numbers_of(&w->descriptors, process, "fd"))
		w->process = process;
	else if (errno == EACCES)
		note_unreadable(w, process);
	else if (errno != ENOENT && errno != ESRCH)
		w->unknown |= w->pass !=
		    SEARCH_ANYWHERE; /* no descriptor left */
}

/* To root, a process that cannot be read looks as if it had none open. */
static void
leave_process(struct search *w)
{
	if (w->process != 0 && !w->shown)
		note_unreadable(w, w->process);
	w->process = 0;
}

/*
 * A process that could not be read at one list is looked at again at the next.
 */
static pid_t
next_process(struct search *w)
{
	pid_t process;

	if (w->pass != SEARCH_BELOW)
		return process_numbers_next(&w->below.processes);
	process = descendants_next(&w->below);
	if (process > 0 && w->lists != w->below.lists) {
		w->lists = w->below.lists;
		w->unknown = false;
	}
	return process;
}

static void
next_pass(struct search *w)
{
	const bool whole = w->pass == SEARCH_BELOW ? w->below.settled
						   : !w->below.processes.failed;

	/* Some are hidden (hidepid of proc(5)), or they are too many. */
	if (w->pass == SEARCH_BELOW && !whole) {
		w->unknown |= w->lists > 0 && !w->below.complete;
		w->pass = SEARCH_PROC;
	} else if (w->pass != SEARCH_ANYWHERE) {
		w->unknown |= !whole;
		w->pass = w->anywhere ? SEARCH_ANYWHERE : SEARCH_OVER;
	} else {
		w->pass = SEARCH_OVER;
	}
	if (w->pass != SEARCH_OVER)
		descendants_walk_proc(&w->below.processes);
}

bool
search_next(struct search *w, ino_t *inode, struct process_descriptor *holder)
{
	pid_t process;
	int fd;

	while (w->pass != SEARCH_OVER) {
		fd = process_numbers_next(&w->descriptors);
		if (fd >= 0) {
			w->shown = true;
			*inode = process_socket(w->process, fd);
			*holder = (struct process_descriptor){w->process, fd};
			if (*inode != 0)
				return true;
			if (errno == EACCES)
				note_unreadable(w, w->process);
			continue;
		}
		leave_process(w);
		process = next_process(w);
		if (process > 0)
			enter_process(w, process);
		else
			next_pass(w);
	}
	return false;
}

enum process_holding
search_end(struct search *w)
{
	process_numbers_end(&w->descriptors);
	descendants_end(&w->below);
	if (w->pass != SEARCH_OVER)
		return PROCESS_HOLDS;
	return w->unknown ? PROCESS_MAY_HOLD : PROCESS_NONE_HOLDS;
}
