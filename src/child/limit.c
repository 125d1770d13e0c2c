/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child, when no process can be made; and in its place, if it is the
 * child itself, when the capability is gone.
 * Reads: files of control groups and of /proc.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cgroup.h"
#include "host.h"
#include "limit.h"
#include "process.h"

/* Control groups are not looked at further up. */
#define DEPTH_MAX 64

/* False if there is no such file, or "max" in it. */
static bool
read_number(int group, const char *file, unsigned int *number)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", group, file);
	return host_setting(path, number);
}

static bool
explain_full(char text[REASON_TEXT], int group)
{
	char file[32], path[256];
	unsigned int most, now;

	if (!read_number(group, "pids.max", &most) ||
	    !read_number(group, "pids.current", &now) || now < most)
		return false;
	snprintf(file, sizeof(file), "fd/%d", group);
	process_link(getpid(), file, path, sizeof(path));
	reason_say(text,
	    "control group %s may have no more than %u processes and threads "
	    "(pids.max); raise that (docker run --pids-limit, Kubernetes "
	    "podPidsLimit, systemd TasksMax=)",
	    path, most);
	return true;
}

/* Those above count, too, as far as they can be seen. */
static bool
explain_groups(char text[REASON_TEXT], int group)
{
	bool full = false;
	int depth, above;

	for (depth = 0; !full && group >= 0 && depth < DEPTH_MAX; depth++) {
		full = explain_full(text, group);
		above = faccessat(group, "cgroup.procs", F_OK, 0) == 0
		    ? openat(group, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
		    : -1;
		close(group);
		group = above;
	}
	if (group >= 0)
		close(group);
	return full;
}

static bool
explain_group_limit(char text[REASON_TEXT])
{
	struct cgroup group;

	return (cgroup_open_of(&group, 0, text) &&
		   explain_groups(text, group.fd)) ||
	    explain_groups(text, cgroup_open_old("pids"));
}

/* The processes and threads of this user that can be seen. */
static uint64_t
count_own(void)
{
	struct process_numbers processes;
	uint64_t uid, threads, count = 0;
	int pid;

	process_numbers_all(&processes);
	while ((pid = process_numbers_next(&processes)) >= 0)
		if (process_number(pid, "status", "\nUid:", 10, &uid) &&
		    uid == getuid() &&
		    process_number(pid, "status", "\nThreads:", 10, &threads))
			count += threads;
	return count;
}

/* The kernel does not count root's. */
static bool
is_exempt(void)
{
	return getuid() == 0 && !host_in_user_namespace();
}

void
limit_explain(char text[REASON_TEXT], int error)
{
	struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
	bool is_certain;

	if (error != EAGAIN) {
		reason_say(text, "%s", strerror(error));
		return;
	}
	if (explain_group_limit(text))
		return;
	getrlimit(RLIMIT_NPROC, &limit);
	is_certain = count_own() >= limit.rlim_cur;
	if (is_exempt() || limit.rlim_cur == RLIM_INFINITY)
		reason_say(text,
		    "a limit of processes is met that cannot be seen here, of "
		    "a control group above (docker run --pids-limit, "
		    "Kubernetes podPidsLimit, systemd TasksMax=) or of the "
		    "kernel (kernel.pid_max, kernel.threads-max)");
	else
		reason_say(text,
		    "%suid %u may have no more than %ju processes and threads, "
		    "those outside of this container too; raise 'ulimit -u' "
		    "(docker run --ulimit nproc=, systemd LimitNPROC=)%s",
		    is_certain ? "" : "perhaps ", getuid(),
		    (uintmax_t)limit.rlim_cur,
		    is_certain ? ""
			       : ", or the limit of a control group above "
				 "(--pids-limit, podPidsLimit, TasksMax=)");
}
