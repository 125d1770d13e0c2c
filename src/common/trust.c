/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the helper, with the capability, which opens no file; the child, to
 * explain what the helper decided, and with --check-policy.
 * Reads: the inodes on a path that was fixed at build time, and the file there.
 *
 * Each step opens one name in the directory that was checked before, and checks
 * what it has opened.  So only root can exchange anything on the way
 * (tests/test_trust.c, tests/root/policy.bats).
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "refusal.h"
#include "trust.h"

#define LINK "%.64s is a symbolic link; put there what it names"

/* Opening a directory takes no right to read it.  Opening the file does not
 * wait for the other side of a pipe. */
#define AS_DIRECTORY (O_PATH | O_NOFOLLOW | O_CLOEXEC)
#define AS_FILE      (O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

static bool
say_failed(const char *path, char why[REASON_TEXT])
{
	char remark[REASON_TEXT];

	if (errno == ELOOP)
		return reason_say(why, LINK, path);
	return reason_say(why, "%.64s: %s%.600s", path, strerror(errno),
	    errno == EACCES ? refusal_remark(remark, path, S_IROTH) : "");
}

static bool
is_trusted(int fd, mode_t type, const char *path, char why[REASON_TEXT])
{
	struct stat status;

	if (fstat(fd, &status) != 0)
		return say_failed(path, why);
	if (S_ISLNK(status.st_mode))
		return reason_say(why, LINK, path);
	if ((status.st_mode & S_IFMT) != type)
		return reason_say(why, "%.64s is not a %s", path,
		    type == S_IFDIR ? "directory" : "regular file");
	if (status.st_uid != 0)
		return reason_say(why,
		    "%.64s is owned by uid %u, not by root; chown it", path,
		    status.st_uid);
	if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return reason_say(why,
		    "%.64s is writable by others than root (mode %o); "
		    "chmod go-w it",
		    path, status.st_mode & 07777);
	return true;
}

/* Opens the last name of the path, in a directory that was checked. */
static int
step(int directory, const char *name, bool is_last, const char *path,
    char why[REASON_TEXT])
{
	int fd = openat(directory, name, is_last ? AS_FILE : AS_DIRECTORY);
	int error;

	if (fd < 0) {
		error = errno;
		say_failed(path, why);
		errno = error;
	} else if (!is_trusted(fd, is_last ? S_IFREG : S_IFDIR, path, why)) {
		close(fd);
		fd = -1;
		errno = EPERM;
	}
	return fd;
}

static int
open_trusted(const char *path, char why[REASON_TEXT])
{
	int fd = step(AT_FDCWD, "/", false, "/", why), next;
	char way[PATH_MAX];
	size_t start = 1, end;
	bool is_last = false;

	while (fd >= 0 && !is_last) {
		end = start + strcspn(path + start, "/");
		is_last = path[end] == '\0';
		snprintf(way, sizeof(way), "%.*s", (int)end, path);
		next = step(fd, way + start, is_last, way, why);
		close(fd);
		fd = next;
		start = end + 1;
	}
	return fd;
}

ssize_t
trust_read(const char *path, char *buffer, size_t size, char why[REASON_TEXT])
{
	int file = open_trusted(path, why);
	ssize_t length;

	if (file < 0)
		return -1;
	length = file_read(file, buffer, size);
	if (length < 0)
		say_failed(path, why);
	close(file);
	if (length == (ssize_t)size) {
		reason_say(why, "%.64s is longer than %zu bytes", path,
		    size - 1);
		length = -1;
		errno = EFBIG;
	}
	if (length >= 0)
		buffer[length] = '\0';
	return length;
}
