/* SPDX-License-Identifier: ISC */
/*
 * -u USER[:GROUP], with a user database of the test's own: these functions
 * come before those of the C library.
 */
#include <grp.h>
#include <pwd.h>

#include "unit.h"
#include "user.h"

static struct passwd users[] = {
    {"root", "x", 0, 0, "", "/root", "/bin/sh"},
    {"app", "x", 1000, 2000, "", "/srv/app", "/bin/sh"},
    {"7", "x", 1007, 2007, "", "/srv/seven", "/bin/sh"},
};

static struct group groups[] = {
    {"root", "x", 0, NULL},
    {"app", "x", 2000, NULL},
    {"tls", "x", 2001, NULL},
    {"log", "x", 2002, NULL},
};

struct passwd *
getpwnam(const char *name)
{
	size_t i;

	for (i = 0; i < LENGTH(users); i++)
		if (strcmp(users[i].pw_name, name) == 0)
			return &users[i];
	return NULL;
}

struct passwd *
getpwuid(uid_t uid)
{
	size_t i;

	for (i = 0; i < LENGTH(users); i++)
		if (users[i].pw_uid == uid)
			return &users[i];
	return NULL;
}

struct group *
getgrnam(const char *name)
{
	size_t i;

	for (i = 0; i < LENGTH(groups); i++)
		if (strcmp(groups[i].gr_name, name) == 0)
			return &groups[i];
	return NULL;
}

/* "app" is in tls and log too. */
int
getgrouplist(const char *name, gid_t primary, gid_t *list, int *count)
{
	const gid_t of_app[] = {primary, 2001, 2002};
	int needed = strcmp(name, "app") == 0 ? 3 : 1, room = *count;

	*count = needed;
	if (room < needed)
		return -1;
	memcpy(list, of_app, (size_t)needed * sizeof(*list));
	return needed;
}

#define CALLER UINT32_MAX /* stands for the caller's own id */

static const struct accepted {
	const char *text;
	uid_t uid;
	gid_t gid;
	const char *home;
	size_t group_count;
	gid_t groups[3];
} accepted[] = {
    {"root", 0, 0, "/root", 1, {0}},
    {"0", 0, 0, "/root", 1, {0}},
    {"app", 1000, 2000, "/srv/app", 3, {2000, 2001, 2002}},
    {"1000", 1000, 2000, "/srv/app", 3, {2000, 2001, 2002}},
    {"01000", 1000, 2000, "/srv/app", 3, {2000, 2001, 2002}},
    {"app:tls", 1000, 2001, "/srv/app", 0, {0}},
    {"app:2001", 1000, 2001, "/srv/app", 0, {0}},
    {"app:4242", 1000, 4242, "/srv/app", 0, {0}},
    {"app:0", 1000, 0, "/srv/app", 0, {0}},
    {"1000:tls", 1000, 2001, "/srv/app", 0, {0}},
    {"4242", 4242, CALLER, "/", 0, {0}},
    {"4242:4243", 4242, 4243, "/", 0, {0}},
    {"4242:log", 4242, 2002, "/", 0, {0}},
    {"4294967294:4294967294", 4294967294, 4294967294, "/", 0, {0}},
    {":tls", CALLER, 2001, "/", 0, {0}},
    {":2001", CALLER, 2001, "/", 0, {0}},
    /* A name comes before a number, as chown(1) has it. */
    {"7", 1007, 2007, "/srv/seven", 1, {2007}},
};

static const struct refused {
	const char *twin;
	const char *text;
	const char *why;
} refused[] = {
    {"app", "", "needs a user"},
    {"app", "nobody-of-that-name", "there is no user"},
    {"app", "APP", "there is no user"},
    {"app", " app", "there is no user ' app'"},
    {"app", "app ", "there is no user"},
    {"app", "app\n", "there is no user"},
    {"1", "-1", "there is no user"},
    {"0", "+0", "there is no user"},
    {"0", "-0", "there is no user"},
    {"0", "0x0", "there is no user"},
    {"0", " 0", "there is no user"},
    {"1000", "1e3", "there is no user"},
    {"1000", "1000.", "there is no user"},
    {"4294967294", "4294967295", "there is no user"},
    {"4294967294", "4294967296", "there is no user"},
    {"4294967294", "18446744073709551616", "there is no user"},
    {"4294967294", "99999999999999999999999999", "there is no user"},
    {"app:tls", "app:", "there is no group ''"},
    {":tls", ":", "there is no group ''"},
    {"app:tls", "app:no-such-group", "there is no group"},
    {"app:tls", "app: tls", "there is no group"},
    {"app:tls", "app:tls:log", "there is no group 'tls:log'"},
    {"app:tls", "app::tls", "there is no group ':tls'"},
    {"app:4294967294", "app:4294967295", "there is no group"},
    {"app:1", "app:-1", "there is no group"},
};

START_TEST(accepts)
{
	const struct accepted *row = &accepted[_i];
	char why[USER_WHY] = "";
	struct user user;

	ck_assert_msg(user_resolve(&user, row->text, why), "'%s': %s",
		      row->text, why);
	ck_assert_uint_eq(user.uid, row->uid == CALLER ? getuid() : row->uid);
	ck_assert_uint_eq(user.gid, row->gid == CALLER ? getgid() : row->gid);
	ck_assert_str_eq(user.home, row->home);
	ck_assert_uint_eq(user.group_count, row->group_count);
	ck_assert(row->group_count == 0 ||
		  memcmp(user.groups, row->groups,
			 row->group_count * sizeof(gid_t)) == 0);
}
END_TEST

START_TEST(refuses)
{
	const struct refused *row = &refused[_i];
	char why[USER_WHY] = "";
	struct user user;

	ck_assert_msg(user_resolve(&user, row->twin, why), "'%s': %s",
		      row->twin, why);
	ck_assert_msg(!user_resolve(&user, row->text, why), "'%s'", row->text);
	ck_assert_msg(strstr(why, row->why) != NULL, "'%s': %s", row->text,
		      why);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("user");
	TCase *t = tcase_create("user");

	tcase_add_loop_test(t, accepts, 0, LENGTH(accepted));
	tcase_add_loop_test(t, refuses, 0, LENGTH(refused));
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(suite());
}
