/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the helper, after the drop.  No call here allocates: the helper's
 * memory does not grow, and its filter has no room for it.
 * Reads: memory and descriptors of processes of the same user.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "process.h"

#define PROC_PATH 64

static int
proc_open(pid_t task, const char *file)
{
	char path[PROC_PATH];

	snprintf(path, sizeof(path), "/proc/%d/%s", task, file);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* Reads the head of a small file as text.  Returns its length, or -1. */
static ssize_t
proc_text(pid_t task, const char *file, char *text, size_t size)
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
	int fd = proc_open(task, "mem");
	ssize_t length;

	if (fd < 0)
		return -1;
	length = pread(fd, buffer, size, (off_t)address);
	close(fd);
	return length;
}

pid_t
process_of(pid_t task)
{
	static const char key[] = "\nTgid:";
	char text[1024], *line;

	if (proc_text(task, "status", text, sizeof(text)) < 0)
		return -1;
	line = strstr(text, key);
	return line == NULL ? -1 : atoi(line + strlen(key));
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
	static const char key[] = "\nflags:";
	char file[32], text[256], *line;

	snprintf(file, sizeof(file), "fdinfo/%d", fd);
	if (proc_text(task, file, text, sizeof(text)) < 0)
		return -1;
	line = strstr(text, key);
	if (line == NULL)
		return -1;
	return (int)strtoul(line + strlen(key), NULL, 8) &
	    (O_NONBLOCK | O_CLOEXEC);
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

/*
 * Calls visit with each number that names an entry of a directory, until it
 * returns true.  Returns whether it did.  (getdents64(2) into a buffer of our
 * own: readdir(3) would allocate one.)
 */
static bool
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
				return true;
		}
	return false;
}

static bool
each_process(bool (*visit)(int, void *), void *argument)
{
	int directory = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool stopped;

	if (directory < 0)
		return false;
	stopped = each_number(directory, visit, argument);
	close(directory);
	return stopped;
}

/* "PID (name) S PPID": the name may hold anything, ')' included. */
static pid_t
parent_of(pid_t process)
{
	char text[256], *after;

	if (proc_text(process, "stat", text, sizeof(text)) < 0)
		return 0;
	after = strrchr(text, ')');
	return after == NULL ? 0 : atoi(after + strlen(") S "));
}

static bool
is_descendant(pid_t process)
{
	pid_t self = getpid();

	while (process > 1 && process != self)
		process = parent_of(process);
	return process == self;
}

struct search {
	ino_t inode;
	struct process_descriptor found;
};

static bool
visit_descriptor(int fd, void *argument)
{
	struct search *search = argument;

	search->found.fd = fd;
	return process_socket(search->found.pid, fd) == search->inode;
}

static bool
visit_process(int pid, void *argument)
{
	struct search *search = argument;
	int directory;
	bool holds;

	if (pid == getpid())
		return false;
	search->found = (struct process_descriptor){pid, -1};
	directory = proc_open(pid, "fd");
	if (directory < 0)
		return errno != ENOENT && errno != ESRCH && is_descendant(pid);
	holds = each_number(directory, visit_descriptor, search);
	close(directory);
	return holds;
}

bool
process_find_holder(ino_t inode, struct process_descriptor *holder)
{
	struct search search = {.inode = inode};
	bool held = each_process(visit_process, &search);

	*holder = search.found;
	return held;
}

struct children {
	void (*visit)(pid_t, void *);
	void *argument;
};

static bool
visit_child(int pid, void *argument)
{
	struct children *children = argument;

	if (parent_of(pid) == getpid())
		children->visit(pid, children->argument);
	return false;
}

void
process_each_child(void (*visit)(pid_t, void *), void *argument)
{
	struct children children = {visit, argument};

	each_process(visit_child, &children);
}
