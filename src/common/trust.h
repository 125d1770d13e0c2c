/* SPDX-License-Identifier: ISC */
/* Files that only root can have written. */
#ifndef TRUST_H
#define TRUST_H

#include <stdbool.h>
#include <sys/types.h>

#include "reason.h"

/*
 * Reads the file at an absolute path as text, with a NUL behind it, into a
 * buffer of that size.  The file and each directory on the way, "/" too, must
 * be owned by root and writable to nobody else, be it by mode or by acl(5),
 * which shows in the mode's group bits.  None may be a symbolic link (open(2),
 * O_NOFOLLOW), and the file must be a regular one.  Returns its length; or -1
 * with errno, ENOENT if there is no such file, and says why.
 */
ssize_t trust_read(const char *path, char *buffer, size_t size,
    char why[REASON_TEXT]);

#endif
