/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the helper, after the drop.
 * Reads: arguments and memory of the server's calls; /proc/PID/stat.
 */
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "landlock.h"
#include "process.h"

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#endif

/* Of struct landlock_ruleset_attr. */
struct handled {
	uint64_t files, network;
};
#define BIND_TCP 1

/* From a process to the helper; a longer way is not gone. */
#define GENERATIONS 64

/* A hundred a second, on every machine. */
static uint64_t
ticks_now(void)
{
	struct timespec now = {0};

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 100 + (uint64_t)now.tv_nsec / 10000000;
}

/* What cannot be read may be about ports. */
static bool
handles_binding(const struct seccomp_notif *call)
{
	const __u64 *arguments = call->data.args;
	struct handled handled;

	if (arguments[2] != 0 || arguments[1] < sizeof(handled))
		return false;
	return process_read((pid_t)call->pid, arguments[0], &handled,
		   sizeof(handled)) != sizeof(handled) ||
	    (handled.network & BIND_TCP) != 0;
}

void
landlock_note(struct landlock *l, const struct seccomp_notif *call)
{
	const pid_t task = (pid_t)call->pid;

	if (call->data.nr == SYS_landlock_create_ruleset)
		l->binds |= handles_binding(call);
	else if (l->binds && l->count < LANDLOCK_RESTRICTED)
		l->restricted[l->count++] = (struct landlock_restricted){task,
		    process_of(task), ticks_now()};
}

/*
 * Goes up from the process.  One whose parent has ended is the helper's child:
 * it may have been the restricted one's, if it started after that.
 */
static bool
descends(pid_t process, const struct landlock_restricted *r)
{
	int left = GENERATIONS;
	pid_t parent;

	while (left-- > 0) {
		if (process == r->process)
			return true;
		parent = process_parent(process);
		if (parent == getpid())
			return process_started(process) >= r->since;
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
		    (process_started(task) >= r->since &&
			descends(process_of(task), r)))
			return true;
	return l->count == LANDLOCK_RESTRICTED;
}
