/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child, before it becomes the user.
 * Reads: the argument of -u, and the user database as root configured it.
 */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "message.h"
#include "user.h"

#define SAY(why, ...) (snprintf(why, USER_WHY, __VA_ARGS__), false)

/* (uid_t)-1 means "no change" to setresuid(2), so it is no id. */
static bool
parse_id(uint32_t *id, const char *text)
{
	unsigned long long number;
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	number = strtoull(text, &end, 10);
	if (errno != 0 || *end != '\0' || number >= UINT32_MAX)
		return false;
	*id = (uint32_t)number;
	return true;
}

/* The groups of group(5) that list this user, and the primary one. */
static void
find_groups(struct user *user, const char *name)
{
	int count = 0;

	getgrouplist(name, user->gid, NULL, &count);
	user->groups = calloc((size_t)count, sizeof(*user->groups));
	if (user->groups == NULL ||
	    getgrouplist(name, user->gid, user->groups, &count) < 0)
		fatalx("cannot list the groups of user %s", name);
	user->group_count = (size_t)count;
}

static bool
find_user(struct user *user, const char *text, bool group_given,
    char why[USER_WHY])
{
	struct passwd *entry = getpwnam(text);
	uint32_t id;

	if (entry == NULL && parse_id(&id, text)) {
		user->uid = id;
		entry = getpwuid(id);
		if (entry == NULL)
			return true;
	}
	if (entry == NULL)
		return SAY(why, "there is no user '%s'; name one of passwd(5) "
		    "or a number", text);
	user->uid = entry->pw_uid;
	user->gid = entry->pw_gid;
	user->home = strdup(entry->pw_dir);
	if (!group_given)
		find_groups(user, entry->pw_name);
	return true;
}

static bool
find_group(struct user *user, const char *text, char why[USER_WHY])
{
	struct group *entry = getgrnam(text);
	uint32_t id;

	if (entry != NULL)
		user->gid = entry->gr_gid;
	else if (parse_id(&id, text))
		user->gid = id;
	else
		return SAY(why, "there is no group '%s'; name one of group(5) "
		    "or a number", text);
	return true;
}

bool
user_resolve(struct user *user, const char *text, char why[USER_WHY])
{
	char *name = strdup(text), *group;

	if (name == NULL)
		fatal("cannot look up user %s", text);
	*user = (struct user){.uid = getuid(), .gid = getgid(), .home = "/"};
	group = strchr(name, ':');
	if (group != NULL)
		*group++ = '\0';
	if (*name == '\0' && group == NULL)
		return SAY(why, "-u needs a user");
	if (*name != '\0' && !find_user(user, name, group != NULL, why))
		return false;
	if (group != NULL && !find_group(user, group, why))
		return false;
	return user->home != NULL || SAY(why, "out of memory");
}
