/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child, as root of the host; there is no server.
 * Reads: the caller's arguments; what the kernel says of control groups.
 */
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "attach.h"
#include "bpf.h"
#include "cgroup.h"
#include "explain.h"
#include "message.h"
#include "number.h"

/* One that is not there, or not yet. */
#define NONE (-1)

/* Nobody would read them. */
#define NO_COUNTS (-1)

struct attachment {
	const struct rights *rights;
	struct cgroup group;
	struct bind_note note;
	int old[BIND_HOOKS]; /* programs that are attached */
	int new[BIND_HOOKS];
};

/* systemd starts ExecStartPre= of a unit with Delegate= in a group of its own
 * below the unit's. */
static void
leave_control_group(struct cgroup *group)
{
	char *last = strrchr(group->path, '/'), why[REASON_TEXT];
	char above[PATH_MAX];

	if (strcmp(last, "/.control") != 0)
		return;
	snprintf(above, sizeof(above), "%.*s", (int)(last - group->path),
	    group->path);
	close(group->fd);
	if (!cgroup_open(group, above, why))
		fatalx("%s", why);
}

static void
open_group(struct cgroup *group, const char *name)
{
	char why[REASON_TEXT];
	unsigned long pid;
	bool opened;

	if (name == NULL)
		opened = cgroup_open_of(group, 0, why);
	else if (number_parse(&pid, name, 1, INT32_MAX))
		opened = cgroup_open_of(group, (pid_t)pid, why);
	else if (number_is(name))
		opened = reason_say(why, "there is no process %.40s", name);
	else
		opened = cgroup_open(group, name, why);
	if (!opened)
		fatalx("%s", why);
	if (name == NULL)
		leave_control_group(group);
}

static bool
ends_with(const char *text, const char *end)
{
	const size_t length = strlen(text), end_length = strlen(end);

	return length >= end_length &&
	    strcmp(text + length - end_length, end) == 0;
}

/* Names other processes that such a group holds; NULL if it is one service's.  A
 * service manager is in init.scope: the group above that has all its services,
 * and is the root of a container's own control groups, or a user's. */
static const char *
strangers_in(const struct cgroup *group)
{
	if (strstr(group->path, "/user.slice/") == group->path ||
	    ends_with(group->path, "/init.scope"))
		return "a login session or the service manager itself";
	if (ends_with(group->path, ".slice"))
		return "all services of a slice";
	if (faccessat(group->fd, "init.scope", F_OK, 0) == 0)
		return "all services of a service manager";
	return NULL;
}

/* The next server in the root group, and the host's own, would have its ports
 * mapped too. */
static void
refuse_shared(const struct cgroup *group, bool forced)
{
	const char *strangers = strangers_in(group);

	if (cgroup_is_root(group))
		fatalx("the root control group holds every process of the "
		       "machine, and nothing is attached to it; name the "
		       "server's: --attach PID or --attach PATH");
	if (strangers != NULL && !forced)
		fatalx("control group %.300s holds %s; name the server's: "
		       "--attach PID or --attach PATH, or insist with --force",
		    group->path, strangers);
}

/* Returns how many programs there are, and the note of the first. */
static unsigned int
find_old(struct attachment *a, struct bind_note *note)
{
	static struct bind_note of_hook;
	unsigned int hook, count = 0;

	for (hook = 0; hook < BIND_HOOKS; hook++) {
		a->old[hook] = bpf_find(a->group.fd, hook, &of_hook);
		if (a->old[hook] >= 0 && count++ == 0)
			*note = of_hook;
		/* Linux before 5.8 has no hook for names (EINVAL). */
		if (a->old[hook] < 0 && errno != ENOENT && errno != EINVAL)
			fatalx("cannot look for what is attached: %s; this "
			       "takes root of the host, with CAP_NET_ADMIN "
			       "and CAP_SYS_ADMIN, and a kernel with bpf(2)",
			    strerror(errno));
	}
	return count;
}

static _Noreturn void
refuse(const struct attachment *a, enum group_step step)
{
	const struct group_result result = {.step = step, .error = errno};
	char why[REASON_TEXT];

	explain_group(why, &result, a->rights);
	fatalx("cannot have the kernel map ports of control group %.200s: %s",
	    a->group.path, why);
}

/* Another lowport may be at it.  The lock ends with this process, and no signal
 * ends it while a part is changed. */
static void
lock(const struct attachment *a)
{
	sigset_t all;

	if (cgroup_lock(a->group.fd) < 0)
		refuse(a, errno == EWOULDBLOCK ? GROUP_LOCKED : GROUP_NOT_MADE);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
}

/* From what is attached to what is to be; either may be none. */
static bool
change(const struct attachment *a, enum bind_hook hook, int from, int to)
{
	if (to != NONE)
		return bpf_attach(a->group.fd, hook, to, from) == 0;
	return from == NONE || bpf_detach(a->group.fd, hook, from) == 0;
}

static void
replace(const struct attachment *a)
{
	unsigned int hook = 0;
	int error;

	while (hook < BIND_HOOKS && change(a, hook, a->old[hook], a->new[hook]))
		hook++;
	if (hook == BIND_HOOKS)
		return;
	error = errno;
	while (hook-- > 0)
		change(a, hook, a->new[hook], a->old[hook]);
	errno = error;
	refuse(a, GROUP_NOT_ATTACHED);
}

static void
refuse_others(const struct options *options)
{
	char text[MAPPING_NAMED];
	size_t i;

	for (i = 0; i < options->mapping_count; i++)
		if (mapping_inherited(&options->mappings[i]) ||
		    mapping_by_descriptor(&options->mappings[i]))
			fatalx("mapping '%s' is of a socket that lowport hands "
			       "over: with --attach it starts nothing; run the "
			       "server under lowport, or name its port",
			    options_format(options, i, text));
}

/* As -p takes them, with blanks between them. */
static void
format_note(char *text, size_t size, const struct bind_note *note)
{
	char mapping[MAPPING_TEXT];
	size_t used = 0;
	uint32_t i;

	*text = '\0';
	for (i = 0; i < note->mapping_count && used < size; i++)
		used += (size_t)snprintf(text + used, size - used, "%s%s",
		    i == 0 ? "" : " ",
		    mapping_format(&note->mappings[i], mapping));
	if (used < size && note->version != BIND_NOTE_VERSION)
		snprintf(text, size, "(of another version of lowport)");
	else if (used < size && note->names)
		snprintf(text + used, size - used, " --show-expected-port");
}

void
attach_group(const struct options *options, const struct rights *rights)
{
	static struct attachment a;
	static struct bind_note old;
	char text[PLAN_MAPPINGS_MAX * MAPPING_TEXT];

	a.rights = rights;
	refuse_others(options);
	open_group(&a.group, options->group_name);
	refuse_shared(&a.group, options->force);
	bind_note_write(&a.note, options->mappings, options->mapping_count,
	    options->show_expected);
	if (!bpf_load(a.new, &a.note, NO_COUNTS))
		refuse(&a, GROUP_NOT_LOADED);
	lock(&a);
	find_old(&a, &old);
	replace(&a);
	format_note(text, sizeof(text), &a.note);
	verbose("control group %s: %s", a.group.path, text);
	_exit(0);
}

void
attach_remove(const struct options *options, const struct rights *rights)
{
	static struct attachment a;
	unsigned int hook;

	a.rights = rights;
	open_group(&a.group, options->group_name);
	lock(&a);
	if (find_old(&a, &a.note) == 0)
		fatalx("nothing of lowport's is attached to control group "
		       "%.300s; lowport --attached lists what is",
		    a.group.path);
	for (hook = 0; hook < BIND_HOOKS; hook++)
		if (!change(&a, hook, a.old[hook], NONE))
			fatal("cannot detach from control group %.300s",
			    a.group.path);
	_exit(0);
}

static void
list_group(const char *path)
{
	char text[PLAN_MAPPINGS_MAX * MAPPING_TEXT], why[REASON_TEXT];
	static struct attachment a;
	unsigned int hook;

	/* It may be gone by now. */
	if (!cgroup_open(&a.group, path, why))
		return;
	if (find_old(&a, &a.note) > 0) {
		format_note(text, sizeof(text), &a.note);
		printf("%s\t%s\n", a.group.path, text);
	}
	for (hook = 0; hook < BIND_HOOKS; hook++)
		if (a.old[hook] != NONE)
			close(a.old[hook]);
	close(a.group.fd);
}

void
attach_list(void)
{
	const char *mount = cgroup_mount();
	char *const roots[] = {(char *)mount, NULL};
	char why[REASON_TEXT];
	const FTSENT *entry;
	struct cgroup root;
	FTS *tree;

	if (!cgroup_open(&root, "/", why))
		fatalx("%s", why);
	close(root.fd);
	tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
	if (tree == NULL)
		fatal("cannot read %s", mount);
	while ((entry = fts_read(tree)) != NULL)
		if (entry->fts_info == FTS_D)
			list_group(entry->fts_path);
	fts_close(tree);
	if (fflush(stdout) != 0)
		fatal("cannot write the list");
	_exit(0);
}
