/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child, without CAP_NET_BIND_SERVICE.  If root started it, it
 * still has other capabilities, none of them effective.
 * Reads: the caller's environment, only to hand it on.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "environment.h"
#include "message.h"

static bool
within(const char *pointer, const char *start, const char *end)
{
	return (uintptr_t)pointer >= (uintptr_t)start &&
	    (uintptr_t)pointer < (uintptr_t)end;
}

/*
 * If an emulator (valgrind, qemu-user) has laid the strings elsewhere, none is
 * within.  A single one may be elsewhere: glibc copies GLIBC_TUNABLES.
 */
static bool
any_within(char **strings, const char *start, const char *end)
{
	if (*strings == NULL)
		return true;
	for (; *strings != NULL; strings++)
		if (within(*strings, start, end))
			return true;
	return false;
}

static size_t
count_strings(const char *start, const char *end)
{
	size_t count = 0;

	for (; start < end; start += strlen(start) + 1)
		count++;
	return count;
}

static char **
allocate(size_t count)
{
	char **strings = calloc(count + 1, sizeof(*strings));

	if (strings == NULL)
		fatal("cannot keep %zu environment variables", count);
	return strings;
}

char **
environment_recover(int argc, char **argv)
{
	char *last = argv[argc - 1], *start = last + strlen(last) + 1, *string;
	char *end = (char *)getauxval(AT_EXECFN), **recovered;
	size_t count = 0;

	if (!within(start, last, end) || !any_within(environ, start, end))
		return environ;
	recovered = allocate(count_strings(start, end));
	for (string = start; string < end; string += strlen(string) + 1)
		recovered[count++] = string;
	return recovered;
}

const char *
environment_get(char **environment, const char *name)
{
	size_t length = strlen(name);

	for (; *environment != NULL; environment++)
		if (strncmp(*environment, name, length) == 0 &&
		    (*environment)[length] == '=')
			return *environment + length + 1;
	return NULL;
}

/* Returns a copy without name that has room for one more. */
static char **
copy_without(char **environment, const char *name, size_t *kept)
{
	size_t count = 0, length = strlen(name);
	char **copy;

	while (environment[count] != NULL)
		count++;
	copy = allocate(count + 1);
	for (*kept = 0; *environment != NULL; environment++)
		if (strncmp(*environment, name, length) != 0 ||
		    (*environment)[length] != '=')
			copy[(*kept)++] = *environment;
	return copy;
}

char **
environment_unset(char **environment, const char *name)
{
	size_t kept;

	return copy_without(environment, name, &kept);
}

char **
environment_set(char **environment, const char *name, const char *format, ...)
{
	size_t kept;
	char **changed = copy_without(environment, name, &kept), *value;
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(&value, format, arguments) < 0 ||
	    asprintf(&changed[kept], "%s=%s", name, value) < 0)
		fatalx("cannot set %s: there is no memory left", name);
	va_end(arguments);
	return changed;
}
