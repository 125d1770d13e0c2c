/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the helper, after the drop; the child, to name who has a port.  No
 * call here allocates: the helper's memory does not grow, and its filter has no
 * room for it.
 * Reads: files of /proc and memory, of processes of the same user.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "process.h"

#define PROC_PATH 64

/* Bytes of a list of mapped files that are looked at. */
#define MAPS_READ (1 << 20)

/* A file status is longer than 1024 bytes where a process has many groups. */
#define PROCESS_STATUS 4096

/* How often the way from a process to this one is looked for, and how many
 * processes are gone through for that in all. */
#define DESCENTS  16
#define ANCESTORS 4096

/* So many descendants are listed; with more, all of /proc is gone through. */
#define LISTED_MAX 8192

/* So often they are listed until two lists are the same. */
#define LISTINGS 8

struct list {
	pid_t pids[LISTED_MAX];
	size_t count;
	bool complete; /* each of them that is there was asked for its own */
};

/* Static: what is never touched costs nothing. */
static struct list lists[2];

/* Of a walk of /proc: processes that are no descendants, in ascending order. */
static struct list strangers;

static bool adopts; /* process_set_adopting */

static int
proc_open(pid_t task, const char *file)
{
	char path[PROC_PATH];

	snprintf(path, sizeof(path), "/proc/%d/%s", task, file);
	return open(path, O_RDONLY | O_CLOEXEC);
}

ssize_t
process_text(pid_t task, const char *file, char *text, size_t size)
{
	int fd = proc_open(task, file);
	ssize_t length;

	if (fd < 0)
		return -1;
	length = pread(fd, text, size - 1, 0);
	close(fd);
	text[length < 0 ? 0 : length] = '\0';
	return length;
}

ssize_t
process_read(pid_t task, uint64_t address, void *buffer, size_t size)
{
	struct iovec here = {buffer, size},
		     there = {(void *)(uintptr_t)address, size};
	ssize_t length = process_vm_readv(task, &here, 1, &there, 1, 0);
	int fd;

	/* What older container runtimes say.  Any other failure is the kernel's
	 * own, and the file below would read what is protected. */
	if (length >= 0 || (errno != EPERM && errno != ENOSYS))
		return length;
	/* In the file, no offset is negative. */
	if (address > INT64_MAX) {
		errno = EFAULT;
		return -1;
	}
	fd = proc_open(task, "mem");
	if (fd < 0)
		return -1;
	length = pread(fd, buffer, size, (off_t)address);
	close(fd);
	return length;
}

bool
process_write(pid_t task, uint64_t address, const void *bytes, size_t size)
{
	struct iovec here = {(void *)bytes, size},
		     there = {(void *)(uintptr_t)address, size};

	return process_vm_writev(task, &here, 1, &there, 1, 0) == (ssize_t)size;
}

bool
process_may_write(void)
{
	/* Nothing is written; a profile that refuses the call refuses this. */
	return process_vm_writev(getpid(), NULL, 0, NULL, 0, 0) == 0;
}

/* The number behind a key, which begins a line of a small file; or -1. */
static long
number_behind(pid_t task, const char *file, const char *key, int base)
{
	char text[1024], *line;

	if (process_text(task, file, text, sizeof(text)) < 0)
		return -1;
	line = strstr(text, key);
	return line == NULL ? -1 : strtol(line + strlen(key), NULL, base);
}

pid_t
process_of(pid_t task)
{
	return (pid_t)number_behind(task, "status", "\nTgid:", 10);
}

bool
process_has_capability(pid_t process, int capability)
{
	const char key[] = "\nCapPrm:";
	char text[2048], *line;

	if (process_text(process, "status", text, sizeof(text)) < 0)
		return false;
	line = strstr(text, key);
	return line != NULL &&
	    (strtoull(line + strlen(key), NULL, 16) >> capability & 1) != 0;
}

bool
process_is_traced(pid_t process)
{
	return number_behind(process, "status", "\nTracerPid:", 10) > 0;
}

bool
process_ignores(pid_t process, int signal)
{
	char text[PROCESS_STATUS], *line;

	if (process_text(process, "status", text, sizeof(text)) < 0)
		return false;
	line = strstr(text, "\nSigIgn:");
	return line != NULL &&
	    (strtoull(line + strlen("\nSigIgn:"), NULL, 16) >> (signal - 1) &
		1) != 0;
}

static void
fd_path(char path[PROC_PATH], pid_t task, int fd)
{
	snprintf(path, PROC_PATH, "/proc/%d/fd/%d", task, fd);
}

static ino_t
parse_socket_link(const char *link)
{
	static const char prefix[] = "socket:[";

	if (strncmp(link, prefix, strlen(prefix)) != 0) {
		errno = ENOTSOCK;
		return 0;
	}
	return strtoul(link + strlen(prefix), NULL, 10);
}

ino_t
process_socket(pid_t task, int fd)
{
	char path[PROC_PATH], link[PROC_PATH];
	ssize_t length;

	fd_path(path, task, fd);
	length = readlink(path, link, sizeof(link) - 1);
	if (length < 0)
		return 0;
	link[length] = '\0';
	return parse_socket_link(link);
}

int
process_descriptor_flags(pid_t task, int fd)
{
	char file[32];
	long flags;

	snprintf(file, sizeof(file), "fdinfo/%d", fd);
	flags = number_behind(task, file, "\nflags:", 8);
	return flags < 0 ? -1 : (int)flags & (O_NONBLOCK | O_CLOEXEC);
}

bool
process_socket_protocol(pid_t task, int fd, char *name, size_t size)
{
	char path[PROC_PATH];
	ssize_t length;

	fd_path(path, task, fd);
	length = getxattr(path, "system.sockprotoname", name, size - 1);
	if (length < 0)
		return false;
	name[length] = '\0';
	return true;
}

enum walk {
	WALK_ENDED,
	WALK_STOPPED, /* visit said so */
	WALK_FAILED,  /* not every entry was seen */
};

/*
 * Calls visit with each number that names an entry of a directory, until it
 * returns true.  (getdents64(2) into a buffer of our own: readdir(3) would
 * allocate one.)
 */
static enum walk
each_number(int directory, bool (*visit)(int, void *), void *argument)
{
	char buffer[4096] __attribute__((aligned(8)));
	struct dirent64 *entry;
	ssize_t length, at;

	while ((length = getdents64(directory, buffer, sizeof(buffer))) > 0)
		for (at = 0; at < length; at += entry->d_reclen) {
			entry = (struct dirent64 *)(buffer + at);
			if (*entry->d_name >= '0' && *entry->d_name <= '9' &&
			    visit(atoi(entry->d_name), argument))
				return WALK_STOPPED;
		}
	return length == 0 ? WALK_ENDED : WALK_FAILED;
}

struct link {
	pid_t pid;
	const char *text;
};

static bool
visit_link(int fd, void *argument)
{
	const struct link *wanted = argument;
	char path[PROC_PATH], link[PROC_PATH];
	ssize_t length;

	fd_path(path, wanted->pid, fd);
	length = readlink(path, link, sizeof(link) - 1);
	link[length < 0 ? 0 : length] = '\0';
	return strcmp(link, wanted->text) == 0;
}

bool
process_has_link(pid_t pid, const char *text)
{
	struct link wanted = {pid, text};
	int directory = proc_open(pid, "fd");
	enum walk walk;

	if (directory < 0)
		return false;
	walk = each_number(directory, visit_link, &wanted);
	close(directory);
	return walk == WALK_STOPPED;
}

/* In pieces that overlap, so that a name is whole in one of them. */
bool
process_maps(pid_t pid, const char *name)
{
	int fd = proc_open(pid, "maps");
	char piece[4096 + 1];
	size_t kept = 0;
	off_t at = 0;
	bool found = false;
	ssize_t length;

	while (fd >= 0 && !found && at < MAPS_READ &&
	    (length = pread(fd, piece + kept, sizeof(piece) - 1 - kept, at)) >
		0) {
		at += length;
		length += (ssize_t)kept;
		piece[length] = '\0';
		found = strstr(piece, name) != NULL;
		kept = strlen(name) < (size_t)length ? strlen(name)
						     : (size_t)length;
		memmove(piece, piece + length - kept, kept);
	}
	if (fd >= 0)
		close(fd);
	return found;
}

static enum walk
each_process(bool (*visit)(int, void *), void *argument)
{
	int directory = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum walk walk;

	if (directory < 0)
		return WALK_FAILED;
	walk = each_number(directory, visit, argument);
	close(directory);
	return walk;
}

/* Numbers of fields of /proc/PID/stat (proc(5)). */
enum stat_field {
	STAT_NAME = 2,
	STAT_PARENT = 4,
	STAT_THREADS = 20,
	STAT_STARTED = 22,
	STAT_MEMORY = 23,
};

/* A number from "PID (name) S PPID ..."; false where the process is gone, or not
 * to be seen.  The name may hold anything, ')' and blanks included. */
static bool
stat_read(pid_t process, enum stat_field wanted, unsigned long *value)
{
	char text[512], *at;
	int field = STAT_NAME;

	if (process_text(process, "stat", text, sizeof(text)) <= 0)
		return false;
	at = strrchr(text, ')');
	for (; at != NULL && field < (int)wanted; field++)
		at = strchr(at + 1, ' ');
	*value = at == NULL ? 0 : strtoul(at, NULL, 10);
	return at != NULL;
}

static unsigned long
stat_field(pid_t process, enum stat_field wanted)
{
	unsigned long value = 0;

	stat_read(process, wanted, &value);
	return value;
}

uint64_t
process_started(pid_t process)
{
	return stat_field(process, STAT_STARTED);
}

static pid_t
parent_of(pid_t process)
{
	return (pid_t)stat_field(process, STAT_PARENT);
}

/* Goes up from a process to this one, to the top, or to one that cannot be
 * read. */
static pid_t
ancestor_of(pid_t process, int *left)
{
	unsigned long parent;

	while (process > 1 && process != getpid() && (*left)-- > 0 &&
	    stat_read(process, STAT_PARENT, &parent))
		process = (pid_t)parent;
	return process;
}

/*
 * One between them may end meanwhile: those it leaves are another's then, and the
 * way up is another one.
 */
enum process_descent
process_descent(pid_t process)
{
	pid_t top = process;
	int descents = DESCENTS, left = ANCESTORS;

	while (descents-- > 0 && left > 0) {
		top = ancestor_of(process, &left);
		if (top == getpid())
			return PROCESS_DESCENDS;
		if (top <= 1)
			return PROCESS_STRANGE;
		if (top == process)
			break;
	}
	return PROCESS_UNPLACED;
}

bool
process_is_descendant(pid_t process)
{
	return process_descent(process) == PROCESS_DESCENDS;
}

/* ---- The processes below this one, by the lists of children in proc(5): what
 * that costs is the server's affair alone, whoever else is on the machine. */

static bool
list_add(struct list *list, pid_t process)
{
	if (list->count == LISTED_MAX)
		return false;
	list->pids[list->count++] = process;
	return true;
}

/* "12 345 "; a number may be split between two reads. */
static bool
list_add_text(struct list *list, int children)
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

struct parent {
	struct list *list;
	int threads; /* its directory task */
};

static int
open_children(int threads, pid_t thread)
{
	char path[PROC_PATH];

	snprintf(path, sizeof(path), "%d/children", thread);
	return openat(threads, path, O_RDONLY | O_CLOEXEC);
}

/* A child is listed with the thread that made it; one that has ended has left
 * them to another. */
static bool
visit_thread(int thread, void *argument)
{
	const struct parent *parent = argument;
	const int children = open_children(parent->threads, thread);

	if (children < 0 && (errno == ENOENT || errno == ESRCH))
		return false;
	if (children < 0 || !list_add_text(parent->list, children))
		parent->list->complete = false;
	if (children >= 0)
		close(children);
	return false;
}

static void
list_add_children(struct list *list, pid_t process)
{
	struct parent parent = {list, proc_open(process, "task")};

	if (parent.threads < 0) {
		list->complete = false;
		return;
	}
	if (process == getpid()) /* which has one thread */
		visit_thread(process, &parent);
	else if (each_number(parent.threads, visit_thread, &parent) !=
	    WALK_ENDED)
		list->complete = false;
	close(parent.threads);
}

/* The children, and where it is to be deep, the children of each in turn. */
static void
list_fill(struct list *list, bool deep)
{
	size_t i;

	list->count = 0;
	list->complete = true;
	list_add_children(list, getpid());
	for (i = 0; deep && i < list->count; i++)
		list_add_children(list, list->pids[i]);
}

/* From a place on where it is expected. */
static bool
list_has(const struct list *list, pid_t process, size_t place)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		if (list->pids[(place + i) % list->count] == process)
			return true;
	return false;
}

static bool
list_equals(const struct list *list, const struct list *other)
{
	return list->count == other->count &&
	    memcmp(list->pids, other->pids,
		list->count * sizeof(*list->pids)) == 0;
}

/* A kernel without CONFIG_PROC_CHILDREN has no such lists. */
void
process_set_adopting(bool whether)
{
	const int threads = whether ? proc_open(getpid(), "task") : -1;
	const int children = threads < 0 ? -1
					 : open_children(threads, getpid());

	adopts = children >= 0;
	if (children >= 0)
		close(children);
	if (threads >= 0)
		close(threads);
}

/* ---- Without these lists: a walk of all of /proc */

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

/*
 * What is below a stranger is one: so one look at the parent is enough, however
 * long a chain another user has made.  (/proc is in ascending order, and so are
 * parent and child, until numbers begin anew.)
 */
static bool
is_descendant_in_walk(pid_t process)
{
	const enum process_descent descent = is_known_stranger(
						 parent_of(process))
	    ? PROCESS_STRANGE
	    : process_descent(process);

	if (descent != PROCESS_STRANGE)
		return descent == PROCESS_DESCENDS;
	if (strangers.count == 0 ||
	    strangers.pids[strangers.count - 1] < process)
		list_add(&strangers, process);
	return false;
}

/* ---- Who holds a socket */

struct search {
	bool (*visit)(ino_t, struct process_descriptor, void *);
	void *argument;
	struct process_descriptor at;
	bool descends;   /* the process there is known to */
	bool anybody;    /* what it may hold is not asked */
	bool seen;       /* it shows some descriptor */
	bool unreadable; /* a process that may hold some could not be read */
	bool hidden;     /* nor could one that is not to be seen at all */
};

/*
 * A descendant that cannot be read made itself non-dumpable, or its main thread
 * has ended and others have not: it may hold the socket.  Or it has ended, or
 * is about to: then neither memory nor a thread beside the first is left.
 */
static void
note_unreadable(struct search *search)
{
	pid_t process = search->at.pid;

	if (search->anybody || search->unreadable)
		return;
	if ((search->descends || is_descendant_in_walk(process)) &&
	    (stat_field(process, STAT_MEMORY) != 0 ||
		stat_field(process, STAT_THREADS) > 1))
		search->unreadable = true;
}

static bool
visit_descriptor(int fd, void *argument)
{
	struct search *search = argument;
	ino_t inode = process_socket(search->at.pid, fd);

	search->at.fd = fd;
	search->seen = true;
	if (inode == 0 && errno == EACCES)
		note_unreadable(search);
	return inode != 0 && search->visit(inode, search->at, search->argument);
}

static bool
visit_process(int pid, void *argument)
{
	struct search *search = argument;
	int directory;
	enum walk walk;

	if (pid == getpid())
		return false;
	search->at.pid = pid;
	search->seen = false;
	directory = proc_open(pid, "fd");
	if (directory < 0) {
		if (errno == EACCES)
			note_unreadable(search);
		else if (errno != ENOENT && errno != ESRCH)
			search->unreadable = true; /* out of descriptors */
		return false;
	}
	walk = each_number(directory, visit_descriptor, search);
	close(directory);
	/* To root, one that cannot be read looks as if it had none open. */
	if (!search->seen)
		note_unreadable(search);
	return walk == WALK_STOPPED;
}

/*
 * Whoever is below this process all the time is in two lists of which one is as
 * the other: while one was made, some may have ended, and what they leave is
 * another's then.  Fails where all of /proc must be gone through.
 */
static enum walk
search_descendants(struct search *search)
{
	struct list *list = &lists[0], *before = &lists[1], *other;
	int left = LISTINGS;
	size_t i;

	search->descends = true;
	list_fill(list, true);
	do {
		search->unreadable = false;
		for (i = 0; i < list->count; i++)
			if (visit_process(list->pids[i], search))
				return WALK_STOPPED;
		other = before;
		before = list;
		list = other;
		list_fill(list, true);
	} while ((!list_equals(list, before) || !list->complete) && --left > 0);
	/* Some are hidden (hidepid of proc(5)), or they are too many. */
	search->hidden = !list->complete;
	return left > 0 ? WALK_ENDED : WALK_FAILED;
}

static enum walk
search_everybody(struct search *search)
{
	strangers.count = 0;
	search->descends = false;
	return each_process(visit_process, search);
}

enum process_holding
process_each_socket(bool (*visit)(ino_t, struct process_descriptor, void *),
    void *argument)
{
	struct search search = {.visit = visit, .argument = argument};
	enum walk walk = adopts ? search_descendants(&search) : WALK_FAILED;

	if (walk == WALK_FAILED)
		walk = search_everybody(&search);
	if (walk == WALK_STOPPED)
		return PROCESS_HOLDS;
	return walk == WALK_FAILED || search.unreadable || search.hidden
	    ? PROCESS_MAY_HOLD
	    : PROCESS_NONE_HOLDS;
}

enum process_holding
process_each_socket_anywhere(bool (*visit)(ino_t, struct process_descriptor,
				 void *),
    void *argument)
{
	const enum process_holding below = process_each_socket(visit, argument);
	struct search search = {.visit = visit,
	    .argument = argument,
	    .anybody = true};

	if (below == PROCESS_HOLDS || search_everybody(&search) == WALK_STOPPED)
		return PROCESS_HOLDS;
	return below;
}

struct sought {
	ino_t inode;
	struct process_descriptor *holder;
};

static bool
visit_socket(ino_t inode, struct process_descriptor holder, void *argument)
{
	struct sought *sought = argument;

	if (inode != sought->inode)
		return false;
	*sought->holder = holder;
	return true;
}

enum process_holding
process_find_holder(ino_t inode, struct process_descriptor *holder)
{
	struct sought sought = {inode, holder};

	return process_each_socket(visit_socket, &sought);
}

bool
process_find_anybody(ino_t inode, struct process_descriptor *holder)
{
	struct sought sought = {inode, holder};
	struct search search = {.visit = visit_socket,
	    .argument = &sought,
	    .anybody = true};

	return search_everybody(&search) == WALK_STOPPED;
}

struct visitor {
	bool (*wanted)(pid_t);
	void (*visit)(pid_t, void *);
	void *argument;
	const struct list *visited;
};

static bool
visit_wanted(int pid, void *argument)
{
	struct visitor *visitor = argument;

	if (visitor->wanted(pid) && !list_has(visitor->visited, pid, 0))
		visitor->visit(pid, visitor->argument);
	return false;
}

static bool
is_child(pid_t process)
{
	return parent_of(process) == getpid();
}

static bool
is_other_descendant(pid_t process)
{
	return process != getpid() && is_descendant_in_walk(process);
}

static size_t
visit_new(const struct visitor *visitor, const struct list *list)
{
	size_t i, count = 0;

	for (i = 0; i < list->count; i++)
		if (!list_has(visitor->visited, list->pids[i], i)) {
			visitor->visit(list->pids[i], visitor->argument);
			count++;
		}
	return count;
}

/*
 * Until no new one appears: those that fork are not to be faster than the signal
 * that ends them.  A bounded number of times: the caller has others to serve.
 */
static bool
visit_listed(struct visitor *visitor, bool deep)
{
	struct list *list = &lists[0], *before = &lists[1], *other;
	int left = LISTINGS;
	size_t count;

	before->count = 0;
	do {
		list_fill(list, deep);
		visitor->visited = before;
		count = visit_new(visitor, list);
		other = before;
		before = list;
		list = other;
	} while ((count > 0 || !before->complete) && --left > 0);
	visitor->visited = before;
	return before->complete;
}

static void
visit_each(struct visitor visitor, bool deep)
{
	lists[0].count = 0;
	visitor.visited = &lists[0];
	if (adopts && visit_listed(&visitor, deep))
		return;
	strangers.count = 0;
	each_process(visit_wanted, &visitor);
}

void
process_each_child(void (*visit)(pid_t, void *), void *argument)
{
	visit_each((struct visitor){is_child, visit, argument, NULL}, false);
}

void
process_each_descendant(void (*visit)(pid_t, void *), void *argument)
{
	visit_each((struct visitor){is_other_descendant, visit, argument, NULL},
	    true);
}

pid_t
process_parent(pid_t process)
{
	return (pid_t)stat_field(process, STAT_PARENT);
}

ino_t
process_namespace(pid_t task, const char *kind)
{
	char path[PROC_PATH], link[PROC_PATH], *number;
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", task, kind);
	length = readlink(path, link, sizeof(link) - 1);
	if (length < 0)
		return 0;
	link[length] = '\0';
	number = strchr(link, '[');
	return number == NULL ? 0 : strtoul(number + 1, NULL, 10);
}

bool
process_same_label(pid_t task)
{
	static const char file[] = "attr/current";
	char own[512], other[512];

	if (process_text(getpid(), file, own, sizeof(own)) < 0)
		return true; /* no such module here */
	return process_text(task, file, other, sizeof(other)) >= 0 &&
	    strcmp(own, other) == 0;
}
