/* SPDX-License-Identifier: ISC */
/* Whole files. */
#ifndef FILE_H
#define FILE_H

#include <sys/types.h>

/* Reads to the end of the file, or until the buffer is full.  Returns how many
 * bytes that were, or -1 with errno. */
ssize_t file_read(int fd, char *buffer, size_t size);

#endif
