/* SPDX-License-Identifier: ISC */
/*
 * -u USER[:GROUP], with gosu(1)'s grammar: names or numbers.
 *
 * Users and groups are those of /etc/passwd and /etc/group, as with gosu: no
 * module of nsswitch.conf(5) is asked.  Others can be given by number.
 */
#ifndef USER_H
#define USER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "reason.h"

struct user {
	uid_t uid;
	gid_t gid;
	gid_t *groups; /* supplementary, for setgroups(2) */
	size_t group_count;
	const char *home;
};

/* The directory of passwd and group: "/etc", but for tests. */
extern const char *user_database;

/* The longest name useradd(8) makes, and the final NUL. */
#define USER_NAME 33

/* Writes the name of a user, or the number if there is no name or a longer one;
 * returns its argument. */
const char *user_name(uid_t, char[USER_NAME]);

/* The id of a user or group.  A number, and root, need not be listed.  Returns
 * false with errno: ENOENT if the database was read to its end and has no such
 * name, ENOTDIR if there is no database, or why it could not be read. */
bool user_id(const char *name, uid_t *);
bool user_group_id(const char *name, gid_t *);

/* After a look-up that failed: refusal_remark for passwd or group, or "" if it was
 * not refused.  Keeps errno(3). */
const char *user_refusal(char text[REASON_TEXT], const char *file);

/*
 * Looks USER[:GROUP] up in passwd(5) and group(5).  A user gets the home and
 * the primary and supplementary groups of its entry; with :GROUP, that group
 * alone.  (USER: is USER.)  A number without an entry, or root, is a user all
 * the same, with the caller's group and home "/".  An empty USER is the caller.
 * If there is no such user or group, returns false and says why.
 */
bool user_resolve(struct user *, const char *text, char why[REASON_TEXT]);

#endif
