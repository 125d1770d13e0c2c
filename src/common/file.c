/* SPDX-License-Identifier: ISC */
/*
 * Runs in: both processes, with the privilege of the caller.
 * Reads: a file that the caller has opened; it judges the bytes.
 */
#include <unistd.h>

#include "file.h"

ssize_t
file_read(int file, char *buffer, size_t size)
{
	ssize_t length = 1;
	size_t used;

	for (used = 0; length > 0; used += (size_t)length)
		length = read(file, buffer + used, size - used);
	return length < 0 ? -1 : (ssize_t)used;
}
