/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the helper, after the drop.
 * Reads: the server's memory, bytes for the caller to judge.
 */
#include <errno.h>
#include <sys/uio.h>
#include <unistd.h>

#include "memory.h"
#include "process.h"

ssize_t
memory_read(pid_t task, uint64_t address, void *buffer, size_t size)
{
	struct iovec here = {buffer, size},
		     there = {(void *)(uintptr_t)address, size};
	ssize_t length = process_vm_readv(task, &here, 1, &there, 1, 0);
	int fd;

	/* Older container runtimes refuse the call with these.  Any other error
	 * is the kernel's own, and the file would read what is protected. */
	if (length >= 0 || (errno != EPERM && errno != ENOSYS))
		return length;
	/* In the file, no offset is negative. */
	if (address > INT64_MAX) {
		errno = EFAULT;
		return -1;
	}
	fd = process_open(task, "mem");
	if (fd < 0)
		return -1;
	length = pread(fd, buffer, size, (off_t)address);
	close(fd);
	return length;
}

bool
memory_write(pid_t task, uint64_t address, const void *bytes, size_t size)
{
	struct iovec here = {(void *)bytes, size},
		     there = {(void *)(uintptr_t)address, size};

	return process_vm_writev(task, &here, 1, &there, 1, 0) == (ssize_t)size;
}
