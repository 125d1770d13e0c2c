/* SPDX-License-Identifier: ISC */
/*
 * System calls for the preload library, by syscall(2) of the program's C library.
 * They return what the kernel returns: for a failure, minus an errno(3) value.
 * errno itself stays as it was.
 */
#ifndef SYSCALL_H
#define SYSCALL_H

#include "machine.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

static inline long
syscall5(long number, long a, long b, long c, long d, long e)
{
	const int before = errno;
	long result = syscall(number, a, b, c, d, e);

	if (result != -1)
		return result;
	result = -errno;
	errno = before;
	return result;
}

static inline long
syscall4(long number, long a, long b, long c, long d)
{
	return syscall5(number, a, b, c, d, 0);
}

static inline long
syscall3(long number, long a, long b, long c)
{
	return syscall5(number, a, b, c, 0, 0);
}

static inline long
syscall2(long number, long a, long b)
{
	return syscall5(number, a, b, 0, 0, 0);
}

static inline long
syscall1(long number, long a)
{
	return syscall5(number, a, 0, 0, 0, 0);
}

#endif
