/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child, before it becomes the user; the helper, for the names in
 * the policy.
 * Reads: the argument of -u, and the user database as root configured it.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "message.h"
#include "number.h"
#include "refusal.h"
#include "user.h"

/* What isspace(3) passes over, but the end of a line. */
#define BLANKS " \t\v\f\r"

const char *user_database = "/etc";

/* passwd or group, in memory.  By fgetpwent(3) a look-up took twice as long: it
 * touches more pages. */
struct database {
	const char *name;
	char *text; /* stays until the file is read again */
	char *next; /* line */
	char *end;
};

static struct database users = {"passwd"}, groups = {"group"};

/* A line of either. */
struct entry {
	const char *name;
	uint32_t id;
	char *rest; /* what follows the id, or NULL */
};

struct account {
	struct entry entry;
	gid_t gid;
	const char *home;
};

static bool
read_text(struct database *d, int fd)
{
	size_t room = 0, size = 0;
	ssize_t length;
	char *text;

	do {
		room += room + 4096;
		text = realloc(d->text, room);
		if (text == NULL)
			return false;
		d->text = text;
		length = file_read(fd, text + size, room - size);
		size += length > 0 ? (size_t)length : 0;
	} while (size == room);
	/* The last line may lack its end. */
	text[size] = '\n';
	d->next = text;
	d->end = text + size + 1;
	return length >= 0;
}

/* Returns false with errno. */
static bool
database_read(struct database *d)
{
	char path[PATH_MAX];
	bool done;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", user_database, d->name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	done = read_text(d, fd);
	close(fd);
	return done;
}

static char *
next_line(struct database *d)
{
	char *line = d->next;

	if (line == d->end)
		return NULL;
	d->next = memchr(line, '\n', (size_t)(d->end - line));
	*d->next++ = '\0';
	return line + strspn(line, BLANKS);
}

/* A comment is none, nor is what is for "compat" of nsswitch.conf(5). */
static bool
may_be_entry(const char *line)
{
	return strchr("#+-", *line) == NULL;
}

/* As fgetpwent(3) does: blanks may come before a number. */
static bool
take_id(uint32_t *id, char **line)
{
	char *field = strsep(line, ":"), *end;
	unsigned long number;

	if (field == NULL)
		return false;
	number = strtoul(field, &end, 10);
	*id = (uint32_t)number;
	return end != field && *end == '\0' && number <= UINT32_MAX;
}

/* What is no entry is passed over, as fgetpwent(3) does. */
static bool
next_entry(struct database *d, struct entry *entry)
{
	char *line;

	while ((line = next_line(d)) != NULL) {
		if (!may_be_entry(line))
			continue;
		entry->name = strsep(&line, ":");
		strsep(&line, ":"); /* the password's field */
		if (take_id(&entry->id, &line)) {
			entry->rest = line;
			return true;
		}
	}
	return false;
}

static bool
next_account(struct account *account)
{
	char *rest;

	while (next_entry(&users, &account->entry)) {
		rest = account->entry.rest;
		if (!take_id(&account->gid, &rest))
			continue;
		strsep(&rest, ":"); /* the full name */
		account->home = rest == NULL ? "" : strsep(&rest, ":");
		return true;
	}
	return false;
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

/* There is no database: another error than for one without the entry. */
static bool
read_or_absent(struct database *d)
{
	if (database_read(d))
		return true;
	errno = errno == ENOENT ? ENOTDIR : errno;
	return false;
}

/* Finds the account with this name, or if that is NULL with this id.  Returns
 * false with errno: ENOENT if the database was read and has none. */
static bool
find_account(struct account *account, const char *name, uid_t uid)
{
	if (!read_or_absent(&users))
		return false;
	while (next_account(account))
		if (name != NULL ? strcmp(account->entry.name, name) == 0
				 : account->entry.id == uid)
			return true;
	errno = ENOENT;
	return false;
}

/* Likewise, the group with this name. */
static bool
find_group(struct entry *entry, const char *name)
{
	if (!read_or_absent(&groups))
		return false;
	while (next_entry(&groups, entry))
		if (strcmp(entry->name, name) == 0)
			return true;
	errno = ENOENT;
	return false;
}

const char *
user_name(uid_t uid, char text[USER_NAME])
{
	struct account account;

	if (find_account(&account, NULL, uid) &&
	    strlen(account.entry.name) < USER_NAME)
		strcpy(text, account.entry.name);
	else
		snprintf(text, USER_NAME, "%u", uid);
	return text;
}

bool
user_id(const char *name, uid_t *id)
{
	struct account account;

	if (!find_account(&account, name, 0))
		return parse_id(id, name);
	*id = account.entry.id;
	return true;
}

bool
user_group_id(const char *name, gid_t *id)
{
	struct entry entry;

	if (!find_group(&entry, name))
		return parse_id(id, name);
	*id = entry.id;
	return true;
}

static bool
lists(char *members, const char *user)
{
	char *member;

	while ((member = strsep(&members, ",")) != NULL)
		if (strcmp(member + strspn(member, BLANKS), user) == 0)
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
	struct entry entry;

	add_group(user, user->gid);
	if (!database_read(&groups))
		return errno == ENOENT;
	while (next_entry(&groups, &entry))
		if (lists(entry.rest, name))
			add_group(user, entry.id);
	sort_groups(user);
	return true;
}

/* After a look-up that has found nothing. */
static bool
is_unreadable(void)
{
	return errno != ENOENT && errno != ENOTDIR;
}

const char *
user_refusal(char text[REASON_TEXT], const char *file)
{
	char path[PATH_MAX];

	*text = '\0';
	snprintf(path, sizeof(path), "%s/%s", user_database, file);
	return errno == EACCES ? refusal_remark(text, path, S_IROTH) : text;
}

static bool
say_unreadable(char why[REASON_TEXT], const char *file, const char *instead)
{
	char remark[REASON_TEXT];

	return reason_say(why,
	    "cannot read %s/%s: %s%.500s; mend that, or name %s", user_database,
	    file, strerror(errno), user_refusal(remark, file), instead);
}

/* Also after one; kind is "user" or "group". */
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
	struct account account;
	bool found = find_account(&account, text, 0);
	uint32_t id;

	if (!found && parse_id(&id, text)) {
		user->uid = id;
		found = find_account(&account, NULL, id);
		if (!found && (group_given || !is_unreadable()))
			return true;
	}
	if (!found)
		return say_absent(why, "user", text);
	user->uid = account.entry.id;
	user->gid = account.gid;
	user->home = strdup(account.home);
	return group_given || find_groups(user, account.entry.name) ||
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
