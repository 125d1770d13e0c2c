/* SPDX-License-Identifier: ISC */
/*
 * Files that nobody but root can have written.
 */
#ifndef TRUST_H
#define TRUST_H

#include <stdbool.h>
#include <sys/types.h>

#include "reason.h"

/*
 * Reads the file at an absolute path as text, a NUL behind it; size is that of
 * the buffer, in bytes.  Each directory on the way, "/" included, and the file
 * must be owned by root and writable to nobody else, be it by mode or by
 * acl(5), which shows in the mode's group bits; none may be a symbolic link
 * (open(2), O_NOFOLLOW), and the file must be a regular one.  Returns its
 * length, or -1 with errno, ENOENT where there is no such file, and says why.
 */
ssize_t trust_read(const char *path, char *buffer, size_t size,
    char why[REASON_TEXT]);

/* Reads from a descriptor to its end, or until the buffer is full.  Returns how
 * many bytes that were, or -1 with errno. */
ssize_t trust_read_all(int fd, char *buffer, size_t size);

#endif
