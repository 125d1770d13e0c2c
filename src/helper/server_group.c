/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the helper.  server_group_make runs while it holds root's
 * capabilities, the rest after the drop.
 * Reads: a checked plan; what the programs have counted.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bpf.h"
#include "cgroup.h"
#include "handoff.h"
#include "mapped.h"
#include "privilege.h"
#include "server_group.h"

/* Milliseconds.  A process that was reaped may still be seen in its group. */
#define EMPTY_WITHIN 50

/* Binds of the child for each mapping (mapped_try): a server that is quick
 * has bound, or ended, before this process learns that it runs. */
#define TRIALS 1

/* So many names are tried. */
#define NAMES 16

/* Groups of one user at a time. */
#define GROUPS_MAX 1024

#define DIRECTORY_NAME 32

/* Of the helper's process. */
#define TRIAL_DIRECTORY "lowport-trial-%d"

static bool
fail(struct answer *answer, enum group_step step)
{
	answer->group.step = step;
	answer->group.error = errno;
	return false;
}

/* One for a user's servers, or this helper's own for a trial. */
static void
name_directory(char name[DIRECTORY_NAME], const struct plan *plan)
{
	if (plan->dry)
		snprintf(name, DIRECTORY_NAME, TRIAL_DIRECTORY, getpid());
	else
		snprintf(name, DIRECTORY_NAME, "lowport-%u", plan->uid);
}

/* Opens the directory, which it makes if need be. */
static int
open_directory(int above, const char *name)
{
	if (mkdirat(above, name, 0755) != 0 && errno != EEXIST)
		return -1;
	return openat(above, name,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static bool
write_number(int group, const char *file, long number)
{
	int fd = openat(group, file, O_WRONLY | O_CLOEXEC);
	bool written;

	if (fd < 0)
		return false;
	written = dprintf(fd, "%ld", number) > 0;
	close(fd);
	return written;
}

/* A group that the user makes in his directory gets none below it, so that the
 * next helper can remove it.  Root's server may start lowport. */
static bool
limit(int directory, uid_t uid)
{
	return uid == 0 ||
	    (write_number(directory, "cgroup.max.depth", 1) &&
		write_number(directory, "cgroup.max.descendants", GROUPS_MAX));
}

/*
 * The directory is root's for now: a process of the user cannot put another group
 * in the place of ours.  One helper at a time.  Returns the lock, or -1.
 */
static int
take_directory(int fd)
{
	int lock = cgroup_lock(fd);

	if (lock < 0 || fchown(fd, 0, (gid_t)-1) == 0)
		return lock;
	close(lock);
	return -1;
}

static bool
give_directory(struct server_group *group, int fd, uid_t uid)
{
	group->directory = fd;
	return fchown(fd, uid, (gid_t)-1) == 0;
}

/* False also if the group is gone. */
static bool
is_deserted(int group)
{
	int fd = openat(group, "cgroup.events", O_RDONLY | O_CLOEXEC);
	char events[64] = "";
	bool deserted;

	if (fd < 0)
		return false;
	deserted = read(fd, events, sizeof(events) - 1) > 0 &&
	    strstr(events, "populated 0") != NULL;
	close(fd);
	return deserted;
}

static bool
is_any(const char *name)
{
	return *name != '.';
}

/* The helper of this trial was killed, or is in another PID namespace: a group
 * with a process in it stays. */
static bool
is_left_trial(const char *name)
{
	pid_t helper;

	return sscanf(name, TRIAL_DIRECTORY, &helper) == 1 &&
	    kill(helper, 0) != 0 && errno == ESRCH;
}

static void remove_group(int above, const char *name);

static void
remove_left(int above, bool (*is_left)(const char *name))
{
	DIR *entries = fdopendir(
	    openat(above, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	const struct dirent *entry;

	if (entries == NULL)
		return;
	while ((entry = readdir(entries)) != NULL)
		if (entry->d_type == DT_DIR && is_left(entry->d_name))
			remove_group(above, entry->d_name);
	closedir(entries);
}

/* One with a process in it, or below, stays as it is.  Root's servers make
 * groups below theirs, and so does a lowport among them. */
static void
remove_group(int above, const char *name)
{
	int fd;

	if (unlinkat(above, name, AT_REMOVEDIR) == 0)
		return;
	fd = openat(above, name,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return;
	if (is_deserted(fd)) {
		remove_left(fd, is_any);
		unlinkat(above, name, AT_REMOVEDIR);
	}
	close(fd);
}

/* A helper of another PID namespace may have this one's number. */
static int
make_own(struct server_group *group, int directory)
{
	char name[sizeof(group->name)];
	unsigned int i;

	for (i = 0; i < NAMES; i++) {
		snprintf(name, sizeof(name), "%d.%u", getpid(), i);
		if (mkdirat(directory, name, 0755) == 0)
			break;
		if (errno != EEXIST)
			return -1;
	}
	if (i == NAMES)
		return -1;
	memcpy(group->name, name, sizeof(name));
	return openat(directory, name,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static bool
attach_all(int fd, const int programs[BIND_HOOKS])
{
	unsigned int hook;

	for (hook = 0; hook < BIND_HOOKS; hook++)
		if (programs[hook] >= 0 &&
		    bpf_attach(fd, hook, programs[hook], -1) != 0)
			return false;
	return true;
}

/* The helper keeps the memory of the counts, and no descriptor. */
static bool
attach(int fd, struct server_group *group, const struct plan *plan,
    struct answer *answer)
{
	const int counts = bpf_make_counts(&group->counts);
	int programs[BIND_HOOKS] = {-1, -1, -1, -1};
	struct bind_note note;
	unsigned int hook;
	bool attached = false;

	if (counts < 0)
		return fail(answer, GROUP_NOT_LOADED);
	bind_note_write(&note, plan->mappings, plan->mapping_count,
	    plan->show_expected != 0);
	if (!bpf_load(programs, &note, counts))
		fail(answer, GROUP_NOT_LOADED);
	else if (!attach_all(fd, programs))
		fail(answer, GROUP_NOT_ATTACHED);
	else
		attached = true;
	for (hook = 0; hook < BIND_HOOKS; hook++)
		if (programs[hook] >= 0)
			close(programs[hook]);
	close(counts);
	return attached;
}

/* The child goes there; in a dry run this process does, binds, and comes back. */
static bool
enter(int own, int above, const struct plan *plan, pid_t child,
    struct answer *answer)
{
	if (!write_number(own, "cgroup.procs", plan->dry ? getpid() : child))
		return fail(answer, GROUP_NOT_ENTERED);
	if (plan->dry && plan->bpf != PLAN_BPF_NO)
		mapped_try(plan, answer->results);
	return !plan->dry || write_number(above, "cgroup.procs", getpid()) ||
	    fail(answer, GROUP_NOT_ENTERED);
}

static bool
make_below(struct server_group *group, int directory, int above,
    const struct plan *plan, pid_t child, struct answer *answer)
{
	struct stat status;
	bool made;
	int own;

	remove_left(directory, is_any);
	own = make_own(group, directory);
	if (own < 0)
		return fail(answer, GROUP_NOT_MADE);
	if (fstat(own, &status) == 0)
		group->inode = status.st_ino;
	made = attach(own, group, plan, answer) &&
	    enter(own, above, plan, child, answer);
	close(own);
	return made;
}

static bool
make_in(struct server_group *group, int fd, int above, const struct plan *plan,
    pid_t child, struct answer *answer)
{
	const int lock = take_directory(fd);
	bool made;

	if (lock < 0) {
		fail(answer,
		    errno == EWOULDBLOCK ? GROUP_LOCKED : GROUP_NOT_MADE);
		close(fd);
		return false;
	}
	made = make_below(group, fd, above, plan, child, answer);
	if (made && !limit(fd, plan->uid))
		made = fail(answer, GROUP_NOT_MADE);
	if (!give_directory(group, fd, plan->uid) && made)
		made = fail(answer, GROUP_NOT_MADE);
	close(lock);
	return made;
}

static bool
make_at(struct server_group *group, int above, const struct plan *plan,
    pid_t child, struct answer *answer)
{
	char name[DIRECTORY_NAME];
	struct stat status;
	bool made;
	int fd;

	if (fstat(above, &status) == 0)
		answer->group.owner = status.st_uid;
	remove_left(above, is_left_trial);
	name_directory(name, plan);
	fd = open_directory(above, name);
	made = fd < 0 ? fail(answer, GROUP_NOT_MADE)
		      : make_in(group, fd, above, plan, child, answer);
	if (!made || plan->dry)
		server_group_remove(group);
	if (plan->dry)
		unlinkat(above, name, AT_REMOVEDIR);
	return made;
}

static bool
make(struct server_group *group, const struct plan *plan, pid_t child,
    struct answer *answer)
{
	char why[REASON_TEXT];
	struct cgroup above;
	bool made;

	errno = 0;
	if (!cgroup_open_of(&above, 0, why))
		return fail(answer, GROUP_NO_MOUNT);
	made = make_at(group, above.fd, plan, child, answer);
	close(above.fd);
	if (made)
		answer->group.step = GROUP_MADE;
	return made;
}

bool
server_group_is_permitted(const struct plan *plan)
{
	bool permitted;

	if ((privilege_permitted() & PRIVILEGE_BPF) != PRIVILEGE_BPF ||
	    mapping_any_inherited(plan->mappings, plan->mapping_count))
		return false;
	if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 0)
		return true;
	privilege_use(PRIVILEGE_BPF);
	permitted = bpf_is_permitted();
	privilege_lower();
	return permitted;
}

bool
server_group_make(struct server_group *group, const struct plan *plan,
    pid_t child, struct answer *answer)
{
	bool made;

	privilege_use(PRIVILEGE_GROUP);
	made = make(group, plan, child, answer);
	privilege_lower();
	return made;
}

static bool
is_expected(const struct plan *plan, uint16_t port)
{
	uint32_t i;

	for (i = 0; i < plan->mapping_count; i++)
		if (mapping_public_port(&plan->mappings[i], port) != 0)
			return true;
	return false;
}

/* The kernel may be writing it: a record that is torn is that of two binds. */
static void
report_uncovered(struct handoff *h, const struct bind_uncovered *u)
{
	struct handoff_bind bind = {.own = {.fd = -1,
					.protocol = (int)u->protocol},
	    .asked = {.family = (uint16_t)u->family, .port = (uint16_t)u->port},
	    .uncovered = is_expected(h->plan, (uint16_t)u->port)};

	memcpy(bind.asked.address, (const void *)u->address,
	    u->family == AF_INET ? 4 : sizeof(u->address));
	if (!bind.uncovered && u->group != h->group.inode)
		unused_note_below(&h->unused, bind.asked.port,
		    (int)u->protocol);
	else
		handoff_note_let_through(h, &bind, UNUSED_UNKNOWN);
}

void
server_group_look(struct handoff *h)
{
	struct server_group *group = &h->group;
	const volatile struct bind_counts *counts = group->counts;
	struct bind_uncovered uncovered;
	size_t i;

	if (counts == NULL)
		return;
	for (i = 0; i < h->plan->mapping_count; i++)
		h->unused.used[i] |= counts->used[i] > TRIALS;
	if (counts->uncovered.count == group->uncovered)
		return;
	uncovered = group->counts->uncovered;
	group->uncovered = uncovered.count;
	report_uncovered(h, &uncovered);
}

void
server_group_remove(struct server_group *group)
{
	int left = EMPTY_WITHIN;

	if (group->directory == 0)
		return;
	while (*group->name != '\0' &&
	    unlinkat(group->directory, group->name, AT_REMOVEDIR) != 0 &&
	    errno != ENOENT && left-- > 0)
		poll(NULL, 0, 1);
	close(group->directory);
	*group = (struct server_group){0};
}
