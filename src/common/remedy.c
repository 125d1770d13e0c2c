/* SPDX-License-Identifier: ISC */
/*
 * Runs in: both processes, after the drop.
 * Reads: files of proc(5).
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "remedy.h"

/* The mounts of control groups are among the first. */
#define TEXT 16384

static bool is_permitted;

void
remedy_set(bool bpf_is_permitted)
{
	is_permitted = bpf_is_permitted;
}

/* The kernel gives a page at a time.  The text is empty if there is none. */
static const char *
read_text(const char *path)
{
	static char text[TEXT];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t used = 0;
	ssize_t length;

	while (fd >= 0 && used < TEXT - 1 &&
	    (length = read(fd, text + used, TEXT - 1 - used)) > 0)
		used += (size_t)length;
	if (fd >= 0)
		close(fd);
	text[used] = '\0';
	return text;
}

static bool
is_first_user_namespace(void)
{
	unsigned int inside, outside, count;

	return sscanf(read_text("/proc/self/uid_map"), "%u %u %u", &inside,
		   &outside, &count) == 3 &&
	    inside == 0 && outside == 0 && count == 0xffffffff;
}

/* Programs permit a low port since Linux 5.12. */
static bool
is_new_kernel(void)
{
	unsigned int major, minor;

	return sscanf(read_text("/proc/sys/kernel/osrelease"), "%u.%u", &major,
		   &minor) == 2 &&
	    (major > 5 || (major == 5 && minor >= 12));
}

const char *
remedy_bpf(void)
{
	return is_permitted && is_new_kernel() && is_first_user_namespace() &&
		strstr(read_text("/proc/self/mounts"), " cgroup2 rw") != NULL
	    ? "; --method bpf has no such limit"
	    : "";
}
