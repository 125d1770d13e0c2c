/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child of --attach, as root; the helper, before the drop.
 * Reads: /proc/mounts, /proc/PID/cgroup.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <mntent.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "cgroup.h"

/* Milliseconds: another lowport needs one or two. */
#define LOCKED_FOR 3000

/* The first of this type and, if it is not NULL, with this option. */
static const char *
mount_of(const char *type, const char *option)
{
	static char mount[PATH_MAX];
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	const struct mntent *entry;

	if (mounts == NULL)
		return NULL;
	*mount = '\0';
	while (*mount == '\0' && (entry = getmntent(mounts)) != NULL)
		if (strcmp(entry->mnt_type, type) == 0 &&
		    (option == NULL || hasmntopt(entry, option) != NULL))
			snprintf(mount, sizeof(mount), "%s", entry->mnt_dir);
	endmntent(mounts);
	return *mount == '\0' ? NULL : mount;
}

const char *
cgroup_mount(void)
{
	return mount_of("cgroup2", NULL);
}

/* Another file system may be mounted over it. */
static bool
is_group(int fd)
{
	struct statfs status;

	return fstatfs(fd, &status) == 0 &&
	    (unsigned long)status.f_type == CGROUP2_SUPER_MAGIC;
}

/* Returns what follows the mount, empty or with a '/' first; NULL if the path is
 * not below it. */
static const char *
path_below(const char *path, const char *mount)
{
	const size_t length = strlen(mount);

	return strncmp(path, mount, length) == 0 &&
		(path[length] == '/' || path[length] == '\0')
	    ? path + length
	    : NULL;
}

/* Takes what PATH is when links and ".." are followed. */
static void
resolve_path(struct cgroup *group, const char *mount)
{
	char name[32], full[PATH_MAX];
	const char *below;
	ssize_t size;

	snprintf(name, sizeof(name), "/proc/self/fd/%d", group->fd);
	size = readlink(name, full, sizeof(full) - 1);
	if (size < 0)
		return;
	full[size] = '\0';
	below = path_below(full, mount);
	if (below != NULL)
		snprintf(group->path, sizeof(group->path), "%s",
		    *below == '\0' ? "/" : below);
}

static bool
open_below(struct cgroup *group, const char *mount, char why[REASON_TEXT])
{
	char *full = NULL;

	if (asprintf(&full, "%s%s", mount, group->path) < 0)
		return reason_say(why, "%s", strerror(errno));
	group->fd = open(full, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(full);
	if (group->fd < 0)
		return reason_say(why,
		    "no control group %.400s below %.200s: %s", group->path,
		    mount, strerror(errno));
	resolve_path(group, mount);
	if (is_group(group->fd))
		return true;
	close(group->fd);
	return reason_say(why, "%.400s below %.200s is no control group",
	    group->path, mount);
}

/* Those of version 1 are at /sys/fs/cgroup, and would be hidden there. */
static const char *
find_mount(char why[REASON_TEXT])
{
	const char *mount = cgroup_mount();

	if (access("/proc/self/mounts", F_OK) != 0)
		reason_say(why, "there is no /proc; mount it");
	else if (mount == NULL && mount_of("cgroup", NULL) != NULL)
		reason_say(why,
		    "only control groups of version 1 are mounted here; mount "
		    "those of version 2 beside them: mkdir /run/cgroup2 && "
		    "mount -t cgroup2 none /run/cgroup2");
	else if (mount == NULL)
		reason_say(why,
		    "no control groups of version 2 are mounted here; mount "
		    "them: mount -t cgroup2 none /sys/fs/cgroup");
	return mount;
}

/* Returns what follows the controller in "NUMBER:CONTROLLER,...:PATH", a line of
 * cgroups(7), or NULL if it is not there.  Version 2 has none, "". */
static const char *
path_for(const char *line, const char *controller)
{
	const char *name = strchr(line, ':'), *path = NULL;
	size_t length;

	while (name != NULL) {
		length = strcspn(++name, ",:");
		if (strlen(controller) == length &&
		    strncmp(name, controller, length) == 0) {
			path = strchr(name, ':');
			break;
		}
		name = name[length] == ',' ? name + length : NULL;
	}
	return path == NULL ? NULL : path + 1;
}

static bool
read_path(FILE *lines, const char *controller, char path[PATH_MAX])
{
	char line[PATH_MAX + 256];
	const char *found = NULL;

	while (found == NULL && fgets(line, sizeof(line), lines) != NULL)
		found = path_for(line, controller);
	if (found == NULL)
		return false;
	line[strcspn(line, "\n")] = '\0';
	snprintf(path, PATH_MAX, "%.*s", PATH_MAX - 1, found);
	return true;
}

bool
cgroup_open_of(struct cgroup *group, pid_t process, char why[REASON_TEXT])
{
	const char *mount = find_mount(why);
	char name[32] = "/proc/self/cgroup";
	FILE *lines;
	bool found;

	if (mount == NULL)
		return false;
	if (process != 0)
		snprintf(name, sizeof(name), "/proc/%d/cgroup", process);
	lines = fopen(name, "re");
	if (lines == NULL && errno == ENOENT)
		return reason_say(why, "there is no process %d", process);
	if (lines == NULL)
		return reason_say(why, "cannot read %s: %s", name,
		    strerror(errno));
	found = read_path(lines, "", group->path);
	fclose(lines);
	if (!found)
		return reason_say(why, "%s names no control group of version 2",
		    name);
	return open_below(group, mount, why);
}

int
cgroup_open_old(const char *controller)
{
	const char *mount = mount_of("cgroup", controller);
	FILE *lines = fopen("/proc/self/cgroup", "re");
	char path[PATH_MAX], *full = NULL;
	int fd = -1;

	if (mount != NULL && lines != NULL &&
	    read_path(lines, controller, path) &&
	    asprintf(&full, "%s%s", mount, path) >= 0) {
		fd = open(full, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		/* In a container, the path may be that on the host. */
		if (fd < 0)
			fd = open(mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		free(full);
	}
	if (lines != NULL)
		fclose(lines);
	return fd;
}

bool
cgroup_open(struct cgroup *group, const char *path, char why[REASON_TEXT])
{
	const char *mount = find_mount(why), *below;

	if (mount == NULL)
		return false;
	below = path_below(path, mount);
	if (below != NULL)
		path = below;
	snprintf(group->path, sizeof(group->path), "%s%s",
	    *path == '/' ? "" : "/", path);
	return open_below(group, mount, why);
}

bool
cgroup_is_root(const struct cgroup *group)
{
	return faccessat(group->fd, "cgroup.type", F_OK, 0) != 0;
}

/*
 * Anybody may open a directory, and lock it for ever.  cgroup.kill (Linux 5.14)
 * is open to its owner alone: the nearest that is root's, of this group or one
 * above.  The root group has none.
 */
static int
open_lock(int group)
{
	int at = openat(group, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat status;
	int above, fd;

	while (at >= 0) {
		fd = openat(at, "cgroup.kill", O_WRONLY | O_CLOEXEC);
		if (fd < 0 && errno == ENOENT)
			return at;
		if (fd >= 0 && fstat(fd, &status) == 0 && status.st_uid == 0) {
			close(at);
			return fd;
		}
		close(fd);
		above = openat(at, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		close(at);
		at = above;
	}
	return -1;
}

int
cgroup_lock(int group)
{
	int fd = open_lock(group);
	int left = LOCKED_FOR;

	if (fd < 0)
		return -1;
	while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK || left-- == 0) {
			close(fd);
			return -1;
		}
		poll(NULL, 0, 1);
	}
	return fd;
}
