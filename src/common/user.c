/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child, before it becomes the user; the helper, for the names in
 * the policy.
 * Reads: the argument of -u, and the user database as root configured it.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "message.h"
#include "number.h"
#include "user.h"

const char *user_database = "/etc";

/* passwd or group, in memory: from a file fgetpwent(3) takes two system calls for
 * each line. */
struct database {
	char *text;
	size_t size;
	FILE *entries;
};

static bool
read_text(struct database *d, int fd)
{
	size_t room = 0;
	ssize_t length;
	char *text;

	do {
		room += room + 16384;
		text = realloc(d->text, room);
		if (text == NULL)
			return false;
		d->text = text;
		length = file_read(fd, d->text + d->size, room - d->size);
		d->size += length > 0 ? (size_t)length : 0;
	} while (d->size == room);
	return length >= 0;
}

/* Keeps the lines with this word, wherever it stands: fgetgrent(3) takes ten times
 * as long to read the others. */
static void
keep_lines(struct database *d, const char *word)
{
	char *kept = d->text, *at = d->text, *end = at + d->size, *found, *next;

	while (at < end &&
	    (found = memmem(at, (size_t)(end - at), word, strlen(word))) !=
		NULL) {
		while (found > at && found[-1] != '\n')
			found--;
		next = memchr(found, '\n', (size_t)(end - found));
		next = next == NULL ? end : next + 1;
		memmove(kept, found, (size_t)(next - found));
		kept += next - found;
		at = next;
	}
	d->size = (size_t)(kept - d->text);
}

/* With word NULL, the whole of it.  Returns false with errno. */
static bool
open_database(struct database *d, const char *name, const char *word)
{
	char path[PATH_MAX];
	int fd;

	*d = (struct database){NULL};
	snprintf(path, sizeof(path), "%s/%s", user_database, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (read_text(d, fd)) {
		if (word != NULL)
			keep_lines(d, word);
		d->entries = fmemopen(d->text, d->size, "r");
	}
	close(fd);
	if (d->entries == NULL)
		free(d->text);
	return d->entries != NULL;
}

static void
close_database(struct database *d)
{
	fclose(d->entries);
	free(d->text);
}

/*
 * Reads an id that the database does not name.  (uid_t)-1 is none: to
 * setresuid(2) it means "no change".  root is 0 also in an image without a
 * database.
 */
static bool
parse_id(uint32_t *id, const char *text)
{
	unsigned long number;
	int error;

	if (strcmp(text, "root") == 0) {
		*id = 0;
		return true;
	}
	error = errno;
	if (!number_parse(&number, text, 0, UINT32_MAX - 1)) {
		errno = error;
		return false;
	}
	*id = (uint32_t)number;
	return true;
}

/* A line that begins so is for "compat" of nsswitch.conf(5), and no entry. */
static bool
is_entry(const char *name)
{
	return *name != '+' && *name != '-';
}

/* Sets errno to ENOENT if the database was read to its end and has no such
 * entry.  If it could not be read, it may have one: errno says why. */
static void
end_search(struct database *d)
{
	int error = errno == 0 ? ENOENT : errno;

	close_database(d);
	errno = error;
}

/* The entry with this name, or if that is NULL with this id. */
static struct passwd *
find_passwd(const char *name, uid_t uid)
{
	struct passwd *entry = NULL;
	struct database d;

	if (!open_database(&d, "passwd", name)) {
		/* Another error than for a database without the entry. */
		errno = errno == ENOENT ? ENOTDIR : errno;
		return NULL;
	}
	errno = 0;
	while ((entry = fgetpwent(d.entries)) != NULL)
		if (is_entry(entry->pw_name) &&
		    (name != NULL ? strcmp(entry->pw_name, name) == 0
				  : entry->pw_uid == uid))
			break;
	end_search(&d);
	return entry;
}

const char *
user_name(uid_t uid, char text[USER_NAME])
{
	const struct passwd *entry = find_passwd(NULL, uid);

	if (entry != NULL && strlen(entry->pw_name) < USER_NAME)
		strcpy(text, entry->pw_name);
	else
		snprintf(text, USER_NAME, "%u", uid);
	return text;
}

bool
user_id(const char *name, uid_t *id)
{
	const struct passwd *entry = find_passwd(name, 0);

	if (entry == NULL)
		return parse_id(id, name);
	*id = entry->pw_uid;
	return true;
}

static struct group *
find_group(const char *name)
{
	struct group *entry = NULL;
	struct database d;

	if (!open_database(&d, "group", name)) {
		errno = errno == ENOENT ? ENOTDIR : errno;
		return NULL;
	}
	errno = 0;
	while ((entry = fgetgrent(d.entries)) != NULL)
		if (is_entry(entry->gr_name) &&
		    strcmp(entry->gr_name, name) == 0)
			break;
	end_search(&d);
	return entry;
}

bool
user_group_id(const char *name, gid_t *id)
{
	const struct group *entry = find_group(name);

	if (entry == NULL)
		return parse_id(id, name);
	*id = entry->gr_gid;
	return true;
}

static bool
lists(const struct group *entry, const char *user)
{
	char **member;

	for (member = entry->gr_mem; *member != NULL; member++)
		if (strcmp(*member, user) == 0)
			return true;
	return false;
}

static void
add_group(struct user *user, gid_t gid)
{
	user->groups = reallocarray(user->groups, user->group_count + 1,
	    sizeof(*user->groups));
	if (user->groups == NULL)
		fatal("cannot list the groups of user %u", user->uid);
	user->groups[user->group_count++] = gid;
}

static int
compare_groups(const void *one, const void *other)
{
	const gid_t a = *(const gid_t *)one, b = *(const gid_t *)other;

	return (a > b) - (a < b);
}

/* The primary one first, and each once: a group may have several entries. */
static void
sort_groups(struct user *user)
{
	size_t i, kept = 1;

	qsort(user->groups + 1, user->group_count - 1, sizeof(*user->groups),
	    compare_groups);
	for (i = 1; i < user->group_count; i++)
		if (user->groups[i] != user->gid &&
		    user->groups[i] != user->groups[kept - 1])
			user->groups[kept++] = user->groups[i];
	user->group_count = kept;
}

/* The primary group, and those of group(5) that list the user.  Returns false
 * with errno if the file is there and cannot be read: it may have some. */
static bool
find_groups(struct user *user, const char *name)
{
	const struct group *entry;
	struct database d;

	add_group(user, user->gid);
	if (!open_database(&d, "group", name))
		return errno == ENOENT;
	while ((entry = fgetgrent(d.entries)) != NULL)
		if (is_entry(entry->gr_name) && lists(entry, name))
			add_group(user, entry->gr_gid);
	close_database(&d);
	sort_groups(user);
	return true;
}

/* After find_passwd or find_group has found nothing. */
static bool
is_unreadable(void)
{
	return errno != ENOENT && errno != ENOTDIR;
}

static bool
say_unreadable(char why[REASON_TEXT], const char *file, const char *instead)
{
	return reason_say(why, "cannot read %s/%s: %s; mend that, or name %s",
	    user_database, file, strerror(errno), instead);
}

/* Also after them; kind is "user" or "group". */
static bool
say_absent(char why[REASON_TEXT], const char *kind, const char *text)
{
	if (is_unreadable())
		return say_unreadable(why,
		    strcmp(kind, "user") == 0 ? "passwd" : kind,
		    "USER:GROUP by numbers");
	if (*text != '\0' && text[strspn(text, "0123456789")] == '\0')
		return reason_say(why,
		    "there is no %s '%.64s': the largest id is %u", kind, text,
		    UINT32_MAX - 1);
	return reason_say(why,
	    "there is no %s '%.64s'; name one of /etc/%s or a number", kind,
	    text, strcmp(kind, "user") == 0 ? "passwd" : "group");
}

static bool
find_user(struct user *user, const char *text, bool group_given,
    char why[REASON_TEXT])
{
	const struct passwd *entry = find_passwd(text, 0);
	uint32_t id;

	if (entry == NULL && parse_id(&id, text)) {
		user->uid = id;
		entry = find_passwd(NULL, id);
		if (entry == NULL && (group_given || !is_unreadable()))
			return true;
	}
	if (entry == NULL)
		return say_absent(why, "user", text);
	user->uid = entry->pw_uid;
	user->gid = entry->pw_gid;
	user->home = strdup(entry->pw_dir);
	return group_given || find_groups(user, entry->pw_name) ||
	    say_unreadable(why, "group", "its group too, as in -u USER:GROUP");
}

bool
user_resolve(struct user *user, const char *text, char why[REASON_TEXT])
{
	char *name = strdup(text), *group;

	if (name == NULL)
		fatal("cannot look up user %s", text);
	*user = (struct user){.uid = getuid(), .gid = getgid(), .home = "/"};
	group = strchr(name, ':');
	if (group != NULL)
		*group++ = '\0';
	/* "app:" is "app", as with gosu(1). */
	if (group != NULL && *group == '\0')
		group = NULL;
	if (*name == '\0' && group == NULL)
		return reason_say(why, "-u needs a user");
	if (*name != '\0' && !find_user(user, name, group != NULL, why))
		return false;
	if (group != NULL && !user_group_id(group, &user->gid))
		return say_absent(why, "group", group);
	return user->home != NULL || reason_say(why, "out of memory");
}
