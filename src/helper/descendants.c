/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the helper, after the drop.
 * Reads: lists of children and process states of /proc, written by the kernel.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "descendants.h"
#include "process.h"
#include "task.h"

#define FILE_ROOM 64

/* Limits of one search: of tries to go from a process up to this one, and of
 * processes that all the tries look at. */
#define DESCENTS  16
#define ANCESTORS 4096

/* So many descendants are listed; if there are more, all of /proc is walked. */
#define LISTED_MAX 8192

/* So many lists are made at the most until two are the same. */
#define LISTINGS 8

struct list {
	pid_t pids[LISTED_MAX];
	size_t count;
	bool complete; /* each of them that is there was asked for its own */
};

/* Static: what is never touched costs nothing. */
static struct list lists[2];
static struct list *list = &lists[0], *last = &lists[1];

/* Of a walk of /proc: processes that are no descendants, in ascending order. */
static struct list strangers;

static bool adopts; /* descendants_set_adopting */

/* Goes up from a process to this one, to the top, or to one that cannot be
 * read. */
static pid_t
ancestor_of(pid_t process, int *left)
{
	unsigned long parent;

	while (process > 1 && process != getpid() && (*left)-- > 0 &&
	    task_stat(process, TASK_PARENT, &parent))
		process = (pid_t)parent;
	return process;
}

/* If one between them ends meanwhile, its children get another parent, and the
 * way up is another one. */
enum descent
descendants_place(pid_t process)
{
	pid_t top = process;
	int descents = DESCENTS, left = ANCESTORS;

	while (descents-- > 0 && left > 0) {
		top = ancestor_of(process, &left);
		if (top == getpid())
			return DESCENT_OURS;
		if (top <= 1)
			return DESCENT_STRANGER;
		if (top == process)
			break;
	}
	return DESCENT_UNKNOWN;
}

bool
descendants_have(pid_t process)
{
	return descendants_place(process) == DESCENT_OURS;
}

/* ---- Lists of children */

static bool
list_add(struct list *to, pid_t process)
{
	if (to->count == LISTED_MAX)
		return false;
	to->pids[to->count++] = process;
	return true;
}

/* "12 345 "; a number may be split between two reads. */
static bool
list_add_text(int children)
{
	char text[1024];
	ssize_t length, i;
	pid_t process = 0;

	while ((length = read(children, text, sizeof(text))) > 0)
		for (i = 0; i < length; i++) {
			if (text[i] != ' ') {
				process = process * 10 + (text[i] - '0');
				continue;
			}
			if (!list_add(list, process))
				return false;
			process = 0;
		}
	return length == 0;
}

/* A child is listed with the thread that made it.  When a thread has ended, its
 * children are listed with another. */
static bool
list_add_of_thread(int threads, int thread)
{
	char file[FILE_ROOM];
	int children;
	bool added;

	snprintf(file, sizeof(file), "%d/children", thread);
	children = openat(threads, file, O_RDONLY | O_CLOEXEC);
	if (children < 0)
		return errno == ENOENT || errno == ESRCH;
	added = list_add_text(children);
	close(children);
	return added;
}

static void
list_add_children(pid_t process)
{
	struct process_numbers threads;
	int thread;

	process_numbers_of(&threads, process, "task");
	while ((thread = process_numbers_next(&threads)) >= 0)
		list->complete &= list_add_of_thread(threads.directory, thread);
	list->complete &= !threads.failed;
}

/* The children, and if all are wanted, the children of each in turn. */
static void
list_fill(bool deep)
{
	size_t i;

	list->count = 0;
	list->complete = true;
	list_add_children(getpid());
	for (i = 0; deep && i < list->count; i++)
		list_add_children(list->pids[i]);
}

/* Begins to look at the place of the process in the other list. */
static bool
list_has(const struct list *in, pid_t process, size_t place)
{
	size_t i;

	for (i = 0; i < in->count; i++)
		if (in->pids[(place + i) % in->count] == process)
			return true;
	return false;
}

static bool
list_equals_last(void)
{
	return list->count == last->count &&
	    memcmp(list->pids, last->pids, list->count * sizeof(*list->pids)) ==
	    0;
}

void
descendants_set_adopting(bool whether)
{
	adopts = whether;
}

/* A kernel without CONFIG_PROC_CHILDREN has no such lists.  This is asked at the
 * first walk: the start need not wait for it. */
static bool
has_lists(void)
{
	static bool known;
	char file[FILE_ROOM];
	int children;

	if (known)
		return true;
	snprintf(file, sizeof(file), "task/%d/children", getpid());
	children = process_open(getpid(), file);
	known = children >= 0;
	if (known)
		close(children);
	return known;
}

/* ---- Without them: a walk of all of /proc */

static bool
is_known_stranger(pid_t process)
{
	size_t low = 0, high = strangers.count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (strangers.pids[middle] < process)
			low = middle + 1;
		else
			high = middle;
	}
	return low < strangers.count && strangers.pids[low] == process;
}

void
descendants_walk_proc(struct process_numbers *processes)
{
	strangers.count = 0;
	process_numbers_all(processes);
}

/*
 * A child of a stranger is one too: so one look at the parent is enough,
 * however long a chain another user has made.  (/proc is in ascending order,
 * and so are parent and child, until numbers begin anew.)
 */
bool
descendants_in_walk(pid_t process)
{
	const enum descent descent = is_known_stranger(task_parent(process))
	    ? DESCENT_STRANGER
	    : descendants_place(process);

	if (descent != DESCENT_STRANGER)
		return descent == DESCENT_OURS;
	if (strangers.count == 0 ||
	    strangers.pids[strangers.count - 1] < process)
		list_add(&strangers, process);
	return false;
}

/* ---- The walk */

static void
make_list(struct descendants *d)
{
	struct list *other = last;

	last = list;
	list = other;
	list_fill(d->wanted != DESCENDANTS_CHILDREN);
	d->lists++;
	d->at = 0;
	d->complete = list->complete;
}

void
descendants_begin(struct descendants *d, enum descendants_wanted wanted)
{
	d->wanted = wanted;
	d->lists = 0;
	d->settled = d->complete = false;
	d->processes.directory = -1;
	list->count = last->count = 0;
	if (adopts && has_lists())
		make_list(d);
	else if (wanted != DESCENDANTS_LISTED)
		descendants_walk_proc(&d->processes);
}

/*
 * Until two lists are equal: those that fork are not to be faster than the
 * signal that ends them.  And while a list was made, a process may have ended
 * and left its children to another.  But a bounded number of times: the caller
 * has others to serve.
 */
static pid_t
next_listed(struct descendants *d)
{
	pid_t process;

	while (!d->settled && d->lists > 0 && d->lists <= LISTINGS) {
		while (d->at < list->count) {
			process = list->pids[d->at++];
			if (d->wanted == DESCENDANTS_LISTED ||
			    !list_has(last, process, d->at - 1))
				return process;
		}
		make_list(d);
		d->settled = d->complete && list_equals_last();
		if (d->lists > LISTINGS && !d->complete &&
		    d->wanted != DESCENDANTS_LISTED)
			descendants_walk_proc(&d->processes);
	}
	return 0;
}

static bool
is_wanted(const struct descendants *d, pid_t process)
{
	if (process == getpid() || list_has(last, process, 0))
		return false;
	return d->wanted == DESCENDANTS_CHILDREN
	    ? task_parent(process) == getpid()
	    : descendants_in_walk(process);
}

pid_t
descendants_next(struct descendants *d)
{
	pid_t process = next_listed(d);

	if (process != 0)
		return process;
	while ((process = process_numbers_next(&d->processes)) > 0)
		if (is_wanted(d, process))
			return process;
	return 0;
}

void
descendants_end(struct descendants *d)
{
	process_numbers_end(&d->processes);
}
