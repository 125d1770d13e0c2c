/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the helper, after the drop.
 * Reads: files of /proc.  A process chooses its own name, and those of its
 * files.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "process.h"
#include "task.h"

#define NAME_ROOM 64

/* So many bytes of a list of mapped files are looked at. */
#define MAPS_READ (1 << 20)

pid_t
task_process(pid_t task)
{
	uint64_t process;

	return process_number(task, "status", "\nTgid:", 10, &process)
	    ? (pid_t)process
	    : -1;
}

/* "PID (name) S PPID ...": the name may hold anything, ')' and blanks too. */
bool
task_stat(pid_t process, enum task_field wanted, unsigned long *value)
{
	char text[512], *at;
	int field = TASK_NAME;

	*value = 0;
	if (process_text(process, "stat", text, sizeof(text)) <= 0)
		return false;
	at = strrchr(text, ')');
	for (; at != NULL && field < (int)wanted; field++)
		at = strchr(at + 1, ' ');
	if (at != NULL)
		*value = strtoul(at, NULL, 10);
	return at != NULL;
}

pid_t
task_parent(pid_t process)
{
	unsigned long parent;

	task_stat(process, TASK_PARENT, &parent);
	return (pid_t)parent;
}

uint64_t
task_started(pid_t process)
{
	unsigned long started;

	task_stat(process, TASK_STARTED, &started);
	return started;
}

/* A bit of a set that /proc/PID/status has in hexadecimal. */
static bool
status_bit(pid_t process, const char *key, int bit)
{
	uint64_t set;

	return process_number(process, "status", key, 16, &set) &&
	    (set >> bit & 1) != 0;
}

bool
task_has_capability(pid_t process, int capability)
{
	return status_bit(process, "\nCapPrm:", capability);
}

bool
task_ignores(pid_t process, int signal)
{
	return status_bit(process, "\nSigIgn:", signal - 1);
}

bool
task_same_label(pid_t task)
{
	static const char file[] = "attr/current";
	char own[512], other[512];

	if (process_text(getpid(), file, own, sizeof(own)) < 0)
		return true; /* no such module here */
	return process_text(task, file, other, sizeof(other)) >= 0 &&
	    strcmp(own, other) == 0;
}

bool
task_has_link(pid_t process, const char *wanted)
{
	struct process_numbers descriptors;
	char file[NAME_ROOM], link[NAME_ROOM];
	bool found = false;
	int fd;

	process_numbers_of(&descriptors, process, "fd");
	while (!found && (fd = process_numbers_next(&descriptors)) >= 0) {
		snprintf(file, sizeof(file), "fd/%d", fd);
		found = process_link(process, file, link, sizeof(link)) &&
		    strcmp(link, wanted) == 0;
	}
	process_numbers_end(&descriptors);
	return found;
}

/* In pieces that overlap, so that a name is whole in one of them. */
bool
task_maps(pid_t process, const char *name)
{
	int fd = process_open(process, "maps");
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

int
task_descriptor_flags(pid_t task, int fd)
{
	char file[NAME_ROOM];
	uint64_t flags;

	snprintf(file, sizeof(file), "fdinfo/%d", fd);
	return process_number(task, file, "\nflags:", 8, &flags)
	    ? (int)flags & (O_NONBLOCK | O_CLOEXEC)
	    : -1;
}

bool
task_socket_protocol(pid_t task, int fd, char *name, size_t size)
{
	char path[NAME_ROOM];
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", task, fd);
	length = getxattr(path, "system.sockprotoname", name, size - 1);
	if (length < 0)
		return false;
	name[length] = '\0';
	return true;
}
