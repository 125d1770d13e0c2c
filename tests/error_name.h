/* SPDX-License-Identifier: ISC */
/*
 * Names of errno(3) values, for programs to print.  (strerrorname_np(3) is in no
 * glibc before 2.32, and not in musl.)
 */
#ifndef ERROR_NAME_H
#define ERROR_NAME_H

#include <errno.h>

static inline const char *
error_name(int error)
{
	/* clang-format off */
	switch (error) {
#define NAME(error) case error: return #error
	NAME(EACCES);
	NAME(EADDRINUSE);
	NAME(EADDRNOTAVAIL);
	NAME(EAFNOSUPPORT);
	NAME(EAGAIN);
	NAME(EBADF);
	NAME(EBUSY);
	NAME(EFAULT);
	NAME(EINTR);
	NAME(EINVAL);
	NAME(EIO);
	NAME(EMFILE);
	NAME(ENAMETOOLONG);
	NAME(ENODEV);
	NAME(ENOENT);
	NAME(ENOMEM);
	NAME(ENOSYS);
	NAME(ENOTSOCK);
	NAME(ENOTTY);
	NAME(ENXIO);
	NAME(EOPNOTSUPP);
	NAME(EPERM);
	NAME(ESRCH);
#undef NAME
	default: return "another error";
	}
	/* clang-format on */
}

#endif
