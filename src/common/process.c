/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the helper, after the drop; the child.  No call here allocates: the
 * helper's filter refuses the memory.
 * Reads: files of /proc, of processes of the same user.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "constants.h"
#include "process.h"

#define PROC_PATH 64

/* /proc/PID/status is longer than 1024 bytes if a process has many groups. */
#define PROC_TEXT 4096

int
process_open(pid_t task, const char *file)
{
	char path[PROC_PATH];

	snprintf(path, sizeof(path), "/proc/%d/%s", task, file);
	return open(path, O_RDONLY | O_CLOEXEC);
}

ssize_t
process_text(pid_t task, const char *file, char *text, size_t size)
{
	int fd = process_open(task, file);
	ssize_t length;

	if (fd < 0)
		return -1;
	length = pread(fd, text, size - 1, 0);
	close(fd);
	text[length < 0 ? 0 : length] = '\0';
	return length;
}

const char *
process_name(pid_t task, char name[PROCESS_NAME])
{
	if (process_text(task, "comm", name, PROCESS_NAME) <= 0)
		strcpy(name, "?");
	name[strcspn(name, "\n")] = '\0';
	return name;
}

bool
process_number(pid_t task, const char *file, const char *key, int base,
    uint64_t *value)
{
	char text[PROC_TEXT], *line;

	if (process_text(task, file, text, sizeof(text)) < 0)
		return false;
	line = strstr(text, key);
	if (line != NULL)
		*value = strtoull(line + strlen(key), NULL, base);
	return line != NULL;
}

pid_t
process_parent(pid_t process)
{
	uint64_t parent;

	return process_number(process, "status", "\nPPid:", 10, &parent)
	    ? (pid_t)parent
	    : 0;
}

bool
process_link(pid_t task, const char *file, char *text, size_t size)
{
	char path[PROC_PATH];
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/%d/%s", task, file);
	length = readlink(path, text, size - 1);
	text[length < 0 ? 0 : length] = '\0';
	return length >= 0;
}

ino_t
process_socket(pid_t task, int fd)
{
	static const char prefix[] = "socket:[";
	char file[PROC_PATH], link[PROC_PATH];

	snprintf(file, sizeof(file), "fd/%d", fd);
	if (!process_link(task, file, link, sizeof(link)))
		return 0;
	if (strncmp(link, prefix, strlen(prefix)) != 0) {
		errno = ENOTSOCK;
		return 0;
	}
	return strtoul(link + strlen(prefix), NULL, 10);
}

ino_t
process_namespace(pid_t task, const char *kind)
{
	char file[PROC_PATH], link[PROC_PATH], *number;

	snprintf(file, sizeof(file), "ns/%s", kind);
	if (!process_link(task, file, link, sizeof(link)))
		return 0;
	number = strchr(link, '[');
	return number == NULL ? 0 : strtoul(number + 1, NULL, 10);
}

static void
numbers_begin(struct process_numbers *numbers, int directory)
{
	numbers->directory = directory;
	numbers->failed = directory < 0;
	numbers->length = numbers->at = 0;
}

void
process_numbers_all(struct process_numbers *numbers)
{
	numbers_begin(numbers, open("/proc", O_RDONLY | O_CLOEXEC));
}

bool
process_numbers_of(struct process_numbers *numbers, pid_t task,
    const char *directory)
{
	numbers_begin(numbers, process_open(task, directory));
	return !numbers->failed;
}

/* getdents64(2) into a buffer of our own: readdir(3) would allocate one. */
int
process_numbers_next(struct process_numbers *n)
{
	const struct dirent64 *entry;

	while (n->directory >= 0) {
		if (n->at >= n->length) {
			n->at = 0;
			n->length = getdents64(n->directory, n->buffer,
			    sizeof(n->buffer));
			n->failed = n->length < 0;
			if (n->length <= 0)
				process_numbers_end(n);
			continue;
		}
		entry = (const void *)(n->buffer + n->at);
		n->at += entry->d_reclen;
		if (*entry->d_name >= '0' && *entry->d_name <= '9')
			return atoi(entry->d_name);
	}
	return -1;
}

void
process_numbers_end(struct process_numbers *numbers)
{
	if (numbers->directory >= 0)
		close(numbers->directory);
	numbers->directory = -1;
}

/*
 * Not closefrom(3), which some C libraries lack, and which ends the process if
 * it fails.  Old profiles of containers refuse close_range(2), and gVisor a last
 * number above INT_MAX.
 */
bool
process_close_from(int first)
{
	struct process_numbers descriptors;
	int fd;

	if (syscall(SYS_close_range, first, INT_MAX, 0) == 0)
		return true;
	process_numbers_of(&descriptors, getpid(), "fd");
	while ((fd = process_numbers_next(&descriptors)) >= 0)
		if (fd >= first && fd != descriptors.directory)
			close(fd);
	process_numbers_end(&descriptors);
	return !descriptors.failed;
}
