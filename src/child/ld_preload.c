/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child, as the server's user.
 * Reads: the library's file, the server's, and LD_PRELOAD.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "environment.h"
#include "explain.h"
#include "ld_preload.h"
#include "message.h"
#include "program.h"
#include "refusal.h"
#include "request.h"
#include "rights.h"

#define NAME "liblowport.so"

static bool
is_there(const char *path)
{
	return access(path, R_OK) == 0;
}

static bool
is_beside(char path[LD_PRELOAD_PATH])
{
	const char *program = program_own_path(),
		   *slash = strrchr(program, '/');

	snprintf(path, LD_PRELOAD_PATH, "%.*s/" NAME,
	    slash == NULL ? 0 : (int)(slash - program), program);
	return slash != NULL && is_there(path);
}

static bool
say_absent(char path[LD_PRELOAD_PATH], char why[REASON_TEXT])
{
	char remark[REASON_TEXT];

	if (*program_own_path() != '/')
		return reason_say(why, EXPLAIN_NO_PROC);
	if (is_beside(path) || errno != EACCES) {
		snprintf(path, LD_PRELOAD_PATH, "%s", LIBRARY_FILE);
		if (is_there(path) || errno != EACCES)
			return reason_say(why,
			    "the preload library " NAME " is neither beside "
			    "%.200s nor at " LIBRARY_FILE "; install it there",
			    program_own_path());
	}
	return reason_say(why, "the preload library %.200s: %s%.400s", path,
	    strerror(EACCES), refusal_remark(remark, path, S_IROTH));
}

bool
ld_preload_find(char path[LD_PRELOAD_PATH], char why[REASON_TEXT])
{
	struct statvfs status;

	if (!is_beside(path)) {
		snprintf(path, LD_PRELOAD_PATH, "%s", LIBRARY_FILE);
		if (!is_there(path))
			return say_absent(path, why);
	}
	if (path[strcspn(path, ": \t\n$")] != '\0')
		return reason_say(why,
		    "LD_PRELOAD takes no path with a blank, a colon or a '$', "
		    "as in %.200s; install " NAME " elsewhere",
		    path);
	if (statvfs(path, &status) == 0 && (status.f_flag & ST_NOEXEC) != 0)
		return reason_say(why,
		    "%.200s is on a file system mounted noexec; install it "
		    "elsewhere",
		    path);
	return true;
}

static bool
is_same_machine(const struct binary *a, const struct binary *b)
{
	return a->class == b->class && a->machine == b->machine;
}

static bool
judge(const struct binary *program, const char *library, bool gains,
    char why[REASON_TEXT])
{
	const struct binary own = binary_read(library);

	if (program->kind == BINARY_STATIC)
		return reason_say(why,
		    "'%s' is statically linked, and loads no library",
		    program->path);
	if (program->kind == BINARY_GO)
		return reason_say(why,
		    "'%s' is a Go program, which makes its system calls "
		    "itself",
		    program->path);
	if (own.class == 0)
		return reason_say(why, "%.200s is no library; install it anew",
		    library);
	if (program->kind == BINARY_DYNAMIC && !is_same_machine(program, &own))
		return reason_say(why,
		    "'%s' is of another architecture than %.200s",
		    program->path, library);
	if (program->capable)
		return reason_say(why,
		    "'%s' has a capability of its own (getcap(8)), so that its "
		    "loader ignores LD_PRELOAD; it needs none: setcap -r '%s'",
		    program->path, program->path);
	if (program->gains && gains)
		return reason_say(why,
		    "'%s' is set-user-ID or set-group-ID, and its loader "
		    "ignores LD_PRELOAD",
		    program->path);
	return true;
}

bool
ld_preload_can_load(const char *path, const char *command, char **environment,
    bool gains, char why[REASON_TEXT])
{
	char file[PROGRAM_PATH];
	struct binary program;

	/* exec will say that it is not there. */
	if (program_find(command, environment, file) != 0)
		return true;
	program = program_binary(file, environment);
	return judge(&program, path, gains, why);
}

static char **
join(char **environment, const char *name, const char *first,
    const char *second)
{
	const bool both = *first != '\0' && *second != '\0';

	return environment_set(environment, name, "%s%s%s", first,
	    both ? ":" : "", second);
}

static const char *
value_of(char **environment, const char *name)
{
	const char *value = environment_get(environment, name);

	return value == NULL ? "" : value;
}

/* True if it is the last in a list with colons or blanks. */
static bool
is_last(const char *path, const char *list)
{
	const size_t size = strlen(list), length = strlen(path);
	const char *at;

	if (size < length)
		return false;
	at = list + size - length;
	return strcmp(at, path) == 0 &&
	    (at == list || strchr(": ", at[-1]) != NULL);
}

/* Writes what the library reads of this lowport (request.h). */
static char *
format_place(const struct rendezvous *place, const struct plan *plan)
{
	const struct mapping *m = plan->mappings;
	const struct mapping *end = m + plan->mapping_count;
	char *text = NULL, before = REQUEST_PORTS;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (out == NULL)
		fatal("cannot set " REQUEST_VARIABLE);
	fwrite(place, sizeof(*place), 1, out);
	if (plan->show_expected)
		fputc(REQUEST_HAS_TABLE, out);
	for (; m < end; m++) {
		if (mapping_by_descriptor(m))
			continue;
		fprintf(out, "%c%u", before, m->server_port);
		if (m->ports > 1)
			fprintf(out, "-%u", m->server_port + m->ports - 1);
		before = ',';
	}
	fclose(out);
	return text;
}

char **
ld_preload_set(char **environment, const char *path,
    const struct rendezvous *place, const struct plan *plan)
{
	const char *preload = value_of(environment, "LD_PRELOAD");

	environment = join(environment, REQUEST_VARIABLE,
	    format_place(place, plan), value_of(environment, REQUEST_VARIABLE));
	/* Of lowport in lowport, the outer one has put it there. */
	return is_last(path, preload)
	    ? environment
	    : join(environment, "LD_PRELOAD", preload, path);
}

static bool
is_public(const struct mapping *m, const struct mapping *end,
    unsigned long first, unsigned long last, uint16_t *port)
{
	for (; m < end; m++)
		if (!mapping_inherited(m) &&
		    first < m->public_port + m->ports &&
		    last >= m->public_port) {
			*port = (uint16_t)(first > m->public_port
				? first
				: m->public_port);
			return true;
		}
	return false;
}

bool
ld_preload_awaited(char **environment, const struct mapping *mappings,
    size_t count, uint16_t *port)
{
	const char *text = value_of(environment, REQUEST_VARIABLE);
	unsigned long first, last;
	char *rest;

	while ((text = strchr(text, REQUEST_PORTS)) != NULL) {
		do {
			first = last = strtoul(text + 1, &rest, 10);
			if (*rest == '-')
				last = strtoul(rest + 1, &rest, 10);
			if (is_public(mappings, mappings + count, first, last,
				port))
				return true;
			text = rest;
		} while (*text == ',');
	}
	return false;
}
