/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the helper, after the drop.
 * Reads: arguments and memory of the server's calls; /proc/PID/stat.
 */
#include <stdint.h>
#include <time.h>
#include <unistd.h>

#include "landlock.h"
#include "memory.h"
#include "task.h"

/* The start of struct landlock_ruleset_attr. */
struct handled {
	uint64_t files, network;
};
#define BIND_TCP 1

/* The most parents that are looked at between a process and the helper. */
#define GENERATIONS 64

/* As in /proc/PID/stat: a hundred a second, on every machine. */
static uint64_t
ticks_now(void)
{
	struct timespec now = {0};

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 100 + (uint64_t)now.tv_nsec / 10000000;
}

/* Returns true also if the call's memory cannot be read. */
static bool
handles_binding(const struct seccomp_notif *call)
{
	const __u64 *arguments = call->data.args;
	struct handled handled;

	if (arguments[2] != 0 || arguments[1] < sizeof(handled))
		return false;
	return memory_read((pid_t)call->pid, arguments[0], &handled,
		   sizeof(handled)) != sizeof(handled) ||
	    (handled.network & BIND_TCP) != 0;
}

void
landlock_note_ruleset(struct landlock *l, const struct seccomp_notif *call)
{
	l->binds |= handles_binding(call);
}

void
landlock_note_restriction(struct landlock *l, pid_t task)
{
	l->sandboxed = true;
	if (l->binds && l->count < LANDLOCK_RESTRICTED)
		l->restricted[l->count++] = (struct landlock_restricted){task,
		    task_process(task), ticks_now()};
}

/*
 * Returns true if the process may descend from a restricted one.  A process whose
 * parent has ended is the helper's child: the restricted one may have been its
 * parent if it started later.
 */
static bool
descends(pid_t process, const struct landlock_restricted *r)
{
	int left = GENERATIONS;
	pid_t parent;

	while (left-- > 0) {
		if (process == r->process)
			return true;
		parent = task_parent(process);
		if (parent == getpid())
			return task_started(process) >= r->since;
		if (parent <= 1)
			return true;
		process = parent;
	}
	return true;
}

bool
landlock_restricts(const struct landlock *l, pid_t task)
{
	const struct landlock_restricted *r = l->restricted;
	const struct landlock_restricted *end = r + l->count;

	if (l->count == 0)
		return false;
	for (; r < end; r++)
		if (task == r->task ||
		    (task_started(task) >= r->since &&
			descends(task_process(task), r)))
			return true;
	return l->count == LANDLOCK_RESTRICTED;
}
