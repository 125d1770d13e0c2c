/* SPDX-License-Identifier: ISC */
/*
 * Makes of lowport one that ends, with status 99 and a message, where memory is
 * allocated or freed behind the helper's filter, build/lowport_confined: its
 * objects, and those of a static C library, call these in place of the C
 * library's (ld(1), --wrap).  The allocator may make any system call of its own
 * to do so, or none for years.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "seccomp.h"

/* The names are the linker's. */
void __real_seccomp_confine(bool expected, bool dry);
void __wrap_seccomp_confine(bool expected, bool dry);
void *__real_malloc(size_t);
void *__wrap_malloc(size_t);
void *__real_calloc(size_t, size_t);
void *__wrap_calloc(size_t, size_t);
void *__real_realloc(void *, size_t);
void *__wrap_realloc(void *, size_t);
void *__real_reallocarray(void *, size_t, size_t);
void *__wrap_reallocarray(void *, size_t, size_t);
void *__real_memalign(size_t, size_t);
void *__wrap_memalign(size_t, size_t);
void *__real_aligned_alloc(size_t, size_t);
void *__wrap_aligned_alloc(size_t, size_t);
int __real_posix_memalign(void **, size_t, size_t);
int __wrap_posix_memalign(void **, size_t, size_t);
void __real_free(void *);
void __wrap_free(void *);

static bool confined;

static void
refuse(const char *name)
{
	static const char text[] = " is called behind the filter\n";

	if (!confined)
		return;
	if (write(STDERR_FILENO, name, strlen(name)) < 0 ||
	    write(STDERR_FILENO, text, strlen(text)) < 0)
		_exit(98);
	_exit(99);
}

void
__wrap_seccomp_confine(bool expected, bool dry)
{
	const char *probe = getenv("CONFINED_PROBE");

	__real_seccomp_confine(expected, dry);
	confined = true;
	/* The control: something does allocate. */
	if (probe != NULL && strcmp(probe, "allocate") == 0)
		free(malloc(1));
	if (probe != NULL && strcmp(probe, "library") == 0)
		free(strdup(probe));
}

void *
__wrap_malloc(size_t size)
{
	refuse("malloc");
	return __real_malloc(size);
}

void *
__wrap_calloc(size_t count, size_t size)
{
	refuse("calloc");
	return __real_calloc(count, size);
}

void *
__wrap_realloc(void *there, size_t size)
{
	refuse("realloc");
	return __real_realloc(there, size);
}

void *
__wrap_reallocarray(void *there, size_t count, size_t size)
{
	refuse("reallocarray");
	return __real_reallocarray(there, count, size);
}

void *
__wrap_memalign(size_t alignment, size_t size)
{
	refuse("memalign");
	return __real_memalign(alignment, size);
}

void *
__wrap_aligned_alloc(size_t alignment, size_t size)
{
	refuse("aligned_alloc");
	return __real_aligned_alloc(alignment, size);
}

int
__wrap_posix_memalign(void **there, size_t alignment, size_t size)
{
	refuse("posix_memalign");
	return __real_posix_memalign(there, alignment, size);
}

void
__wrap_free(void *there)
{
	refuse("free");
	__real_free(there);
}
