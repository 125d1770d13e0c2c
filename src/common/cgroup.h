/* SPDX-License-Identifier: ISC */
/*
 * Control groups of version 2 (cgroups(7)), wherever they are mounted: beside
 * version 1 too.  Of version 1, those of a controller.
 */
#ifndef CGROUP_H
#define CGROUP_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#include "reason.h"

struct cgroup {
	int fd;              /* its directory, close-on-exec */
	char path[PATH_MAX]; /* below the mount, as /proc/PID/cgroup has it */
};

/* Opens the group a process is in, 0 for this one.  False, and why. */
bool cgroup_open_of(struct cgroup *, pid_t, char why[REASON_TEXT]);

/* Opens the group of version 1 this process is in, for this controller, which may
 * share its hierarchy with others.  Returns its directory, or -1. */
int cgroup_open_old(const char *controller);

/* Opens a group by its path, with or without that of the mount. */
bool cgroup_open(struct cgroup *, const char *path, char why[REASON_TEXT]);

/* True for the root of the machine, which has no cgroup.type (cgroups(7)). */
bool cgroup_is_root(const struct cgroup *);

/* Waits three seconds at the most for another lowport that changes the group.
 * Returns a descriptor that holds the lock until it is closed, or -1. */
int cgroup_lock(int group);

/* The mount point of the groups, or NULL. */
const char *cgroup_mount(void);

#endif
