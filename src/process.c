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

/* How often the way from a process to this one is looked for. */
#define DESCENTS 16

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
ancestor_of(pid_t process)
{
	unsigned long parent;

	while (process > 1 && process != getpid() &&
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
	int left = DESCENTS;

	while (left-- > 0) {
		top = ancestor_of(process);
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

struct search {
	bool (*visit)(ino_t, struct process_descriptor, void *);
	void *argument;
	struct process_descriptor at;
	bool seen;       /* the process there shows some descriptor */
	bool unreadable; /* a process that may hold some could not be read */
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

	if (process_is_descendant(process) &&
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

enum process_holding
process_each_socket(bool (*visit)(ino_t, struct process_descriptor, void *),
    void *argument)
{
	struct search search = {.visit = visit, .argument = argument};
	enum walk walk = each_process(visit_process, &search);

	if (walk == WALK_STOPPED)
		return PROCESS_HOLDS;
	return walk == WALK_FAILED || search.unreadable ? PROCESS_MAY_HOLD
							: PROCESS_NONE_HOLDS;
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

struct visitor {
	bool (*wanted)(pid_t);
	void (*visit)(pid_t, void *);
	void *argument;
};

static bool
visit_wanted(int pid, void *argument)
{
	struct visitor *visitor = argument;

	if (visitor->wanted(pid))
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
	return process != getpid() && process_is_descendant(process);
}

void
process_each_child(void (*visit)(pid_t, void *), void *argument)
{
	struct visitor visitor = {is_child, visit, argument};

	each_process(visit_wanted, &visitor);
}

void
process_each_descendant(void (*visit)(pid_t, void *), void *argument)
{
	struct visitor visitor = {is_other_descendant, visit, argument};

	each_process(visit_wanted, &visitor);
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
