/* SPDX-License-Identifier: ISC */
/*
 * A program's file: the input is one, of a caller who may have made it up.  It is
 * judged by what a file of that kind has to contain.
 */
#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "program.h"

static bool
begins(const uint8_t *bytes, size_t size, const char *with)
{
	return size >= strlen(with) && memcmp(bytes, with, strlen(with)) == 0;
}

static bool
contains(const uint8_t *bytes, size_t size, const void *what, size_t length)
{
	return memmem(bytes, size, what, length) != NULL;
}

static void
judge(const struct binary *b, const uint8_t *bytes, size_t size)
{
	const uint32_t interpreter = PT_INTERP, note = PT_NOTE;

	ASSERTION(!b->gains);
	if (b->kind == BINARY_UNKNOWN)
		return;
	ASSERTION(begins(bytes, size, ELFMAG));
	ASSERTION(b->class == ELFCLASS32 || b->class == ELFCLASS64);
	ASSERTION(b->class == bytes[EI_CLASS]);
	if (b->kind == BINARY_GO)
		ASSERTION(contains(bytes, size, &note, sizeof(note)) &&
		    contains(bytes, size, "Go\0", 4));
	if (b->kind == BINARY_DYNAMIC)
		ASSERTION(
		    contains(bytes, size, &interpreter, sizeof(interpreter)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static char *environment[] = {"PATH=/nonexistent", NULL};
	int fd = memfd_create("program", MFD_CLOEXEC), next;
	char path[64];
	struct binary b;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ASSERTION(write(fd, bytes, size) == (ssize_t)size);
	b = program_binary(path, environment);
	/* A script may be by any program there is. */
	if (!begins(bytes, size, "#!"))
		judge(&b, bytes, size);
	close(fd);
	/* It leaves no descriptor open. */
	next = open("/dev/null", O_RDONLY | O_CLOEXEC);
	ASSERTION(next == fd);
	close(next);
	return 0;
}
