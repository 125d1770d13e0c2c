/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child, with --from-iptables.  As root it can look at every process.
 * Reads: sock_diag(7), proc(5), unit files.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "owner.h"
#include "process.h"
#include "words.h"

static bool
ends_with(const char *text, size_t length, const char *end)
{
	return length > strlen(end) &&
	    strncmp(text + length - strlen(end), end, strlen(end)) == 0;
}

/* The last of the path's names that is a service: "/system.slice/x.service". */
static void
find_unit(struct owner *o, const char *path)
{
	size_t length;

	for (; *path != '\0'; path += length) {
		path += strspn(path, "/");
		length = strcspn(path, "/");
		if (ends_with(path, length, ".service") &&
		    length < sizeof(o->unit))
			snprintf(o->unit, sizeof(o->unit), "%.*s", (int)length,
			    path);
		o->is_contained |= strncmp(path, "docker", 6) == 0 ||
		    strncmp(path, "libpod", 6) == 0 ||
		    strncmp(path, "kubepods", 8) == 0 ||
		    strncmp(path, "cri-", 4) == 0 ||
		    strncmp(path, "lxc", 3) == 0;
	}
}

/* A user's own units are below the manager's: it cannot attach, as it is not
 * root. */
static void
read_group(struct owner *o)
{
	char text[PATH_MAX], *rest = text, *line, *path;
	bool is_users;

	if (process_text(o->holder.pid, "cgroup", text, sizeof(text)) <= 0)
		return;
	is_users = strstr(text, "/user@") != NULL;
	while ((line = strsep(&rest, "\n")) != NULL) {
		path = strchr(line, '/');
		if (path != NULL && *o->unit == '\0' &&
		    (strncmp(line, "0::", 3) == 0 ||
			strstr(line, ":name=systemd:") != NULL))
			find_unit(o, path);
	}
	if (is_users || o->is_contained)
		*o->unit = '\0';
}

static void
read_command(struct owner *o)
{
	char text[OWNER_COMMAND];
	ssize_t length = process_text(o->holder.pid, "cmdline", text,
	    sizeof(text));
	const char *word = text;

	for (; length > 0 && word < text + length; word += strlen(word) + 1)
		if (!words_add(o->command, sizeof(o->command), word)) {
			*o->command = '\0';
			return;
		}
}

bool
owner_find(struct owner *o, uint16_t port, int protocol)
{
	const struct endpoint anywhere = {.family = AF_INET6, .port = port};

	memset(o, 0, sizeof(*o));
	if (!holder_find(&o->holder, &anywhere, protocol) ||
	    o->holder.state > HOLDER_PARKED)
		return false;
	if (o->holder.pid == 0)
		return true;
	read_group(o);
	read_command(o);
	return true;
}

/* ---- Unit files. */

static FILE *
open_unit(const char *unit)
{
	static const char *const folders[] = {"/etc/systemd/system",
	    "/run/systemd/system", "/usr/local/lib/systemd/system",
	    "/usr/lib/systemd/system", "/lib/systemd/system"};
	char path[PATH_MAX];
	FILE *file = NULL;
	size_t i;

	for (i = 0; file == NULL && i < sizeof(folders) / sizeof(folders[0]);
	     i++) {
		snprintf(path, sizeof(path), "%s/%s", folders[i], unit);
		file = fopen(path, "re");
	}
	return file;
}

/* The next line, with those that a backslash joins to it. */
static bool
next_line(FILE *file, char line[OWNER_COMMAND])
{
	size_t used = 0;

	while (fgets(line + used, (int)(OWNER_COMMAND - used), file) != NULL) {
		used += strcspn(line + used, "\n");
		line[used] = '\0';
		if (used == 0 || line[used - 1] != '\\' ||
		    used + 2 >= OWNER_COMMAND)
			return true;
		line[used - 1] = ' ';
	}
	return used > 0;
}

bool
owner_unit_command(const char *unit, char command[OWNER_COMMAND])
{
	FILE *file = open_unit(unit);
	char line[OWNER_COMMAND];

	*command = '\0';
	if (file == NULL)
		return false;
	while (next_line(file, line))
		if (strncmp(line, "ExecStart=", 10) == 0)
			snprintf(command, OWNER_COMMAND, "%s", line + 10);
	fclose(file);
	return *command != '\0';
}

bool
owner_unit_has(const char *unit, const char *wanted)
{
	FILE *file = open_unit(unit);
	char line[OWNER_COMMAND];
	bool found = false;

	if (file == NULL)
		return false;
	while (!found && next_line(file, line))
		found = strcmp(line, wanted) == 0;
	fclose(file);
	return found;
}
