/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the helper, after the drop.
 * Reads: files of /proc/sys, written by the kernel.
 */
#include <fcntl.h>
#include <unistd.h>

#include "sysctl.h"

int
sysctl_digit(const char *path)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	char digit = '0';

	if (fd < 0)
		return 0;
	if (pread(fd, &digit, 1, 0) != 1)
		digit = '0';
	close(fd);
	return digit - '0';
}
