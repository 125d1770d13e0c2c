/* SPDX-License-Identifier: ISC */
/*
 * -u USER[:GROUP], with a user database of the test's own: passwd(5) and
 * group(5) in a directory that is gone afterwards.
 */
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>

#include "unit.h"
#include "user.h"

/* fgetpwent(3) passes over what is no entry; the file of a host may be old. */
static const char passwd[] = "# a comment\n"
			     "\n"
			     "not an entry\n"
			     "root:x:0:0:root:/root:/bin/sh\n"
			     "app:x:1000:2000:,,,:/srv/app:/bin/sh\n"
			     "7:x:1007:2007::/srv/seven:/bin/sh\n"
			     "alias:x:1000:2008::/srv/alias:/bin/sh\n"
			     "last:x:1009:2009::/srv/last:/bin/sh";

/* "app" is in tls and log too; its own group lists it once more, and comes
 * after one that does. */
static const char group[] = "# a comment\n"
			    "root:x:0:\n"
			    "tls:x:2001:app\n"
			    "app:x:2000:app\n"
			    "no:x:2003:apple,ap,App\n"
			    "log:x:2002:7,app,other\n"
			    "42:x:2042:";

/* Where names are written to. */
static char named[USER_NAME];

static char directory[] = "/tmp/lowport-test.XXXXXX";

/* Around all tests: the directory is the working directory too. */
static void
database_make(void)
{
	ck_assert_ptr_nonnull(mkdtemp(directory));
	ck_assert_int_eq(chdir(directory), 0);
	user_database = directory;
}

static void
database_remove(void)
{
	unlink("passwd");
	unlink("group");
	rmdir(directory);
}

static void
database_fill(void)
{
	ck_assert(unit_write("passwd", passwd));
	ck_assert(unit_write("group", group));
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
    {"app:", 1000, 2000, "/srv/app", 3, {2000, 2001, 2002}},
    {"7:", 1007, 2007, "/srv/seven", 2, {2007, 2002}},
    {"4242:", 4242, CALLER, "/", 0, {0}},
    {"4242", 4242, CALLER, "/", 0, {0}},
    {"4242:4243", 4242, 4243, "/", 0, {0}},
    {"4242:log", 4242, 2002, "/", 0, {0}},
    {"4294967294:4294967294", 4294967294, 4294967294, "/", 0, {0}},
    {":tls", CALLER, 2001, "/", 0, {0}},
    {":2001", CALLER, 2001, "/", 0, {0}},
    /* A name comes before a number, as chown(1) has it. */
    {"7", 1007, 2007, "/srv/seven", 2, {2007, 2002}},
    {"1007", 1007, 2007, "/srv/seven", 2, {2007, 2002}},
    {"app:42", 1000, 2042, "/srv/app", 0, {0}},
    {"app:2042", 1000, 2042, "/srv/app", 0, {0}},
    {"app:43", 1000, 43, "/srv/app", 0, {0}},
    /* Of two users with one number, the first is meant by it. */
    {"alias", 1000, 2008, "/srv/alias", 1, {2008}},
    {"last", 1009, 2009, "/srv/last", 1, {2009}},
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
    {"4294967294", "4294967295", "'4294967295': the largest id is"},
    {"4294967294", "4294967296", "there is no user"},
    {"4294967294", "18446744073709551616", "there is no user"},
    {"4294967294", "99999999999999999999999999", "there is no user"},
    {":tls", ":", "needs a user"},
    {"app:tls", "app:no-such-group", "there is no group"},
    {"app:tls", "app: tls", "there is no group"},
    {"app:tls", "app:tls:log", "there is no group 'tls:log'"},
    {"app:tls", "app::tls", "there is no group ':tls'"},
    {"app:4294967294", "app:4294967295", "'4294967295': the largest id is"},
    {"app:1", "app:-1", "there is no group"},
    {"root", "not an entry", "there is no user"},
    {"root", "# a comment", "there is no user"},
    {"app:root", "app:# a comment", "there is no group"},
};

START_TEST(accepts)
{
	const struct accepted *row = &accepted[_i];
	char why[REASON_TEXT] = "";
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
	char why[REASON_TEXT] = "";
	struct user user;

	ck_assert_msg(user_resolve(&user, row->twin, why), "'%s': %s",
	    row->twin, why);
	ck_assert_msg(!user_resolve(&user, row->text, why), "'%s'", row->text);
	ck_assert_msg(strstr(why, row->why) != NULL, "'%s': %s", row->text,
	    why);
}
END_TEST

/* ---- The database */

static void
assert_user(const char *text, uid_t uid, gid_t gid, size_t group_count)
{
	char why[REASON_TEXT] = "";
	struct user user;

	ck_assert_msg(user_resolve(&user, text, why), "'%s': %s", text, why);
	ck_assert_uint_eq(user.uid, uid);
	ck_assert_uint_eq(user.gid, gid);
	ck_assert_uint_eq(user.group_count, group_count);
}

static void
assert_refused(const char *text, const char *expected)
{
	char why[REASON_TEXT] = "";
	struct user user;

	ck_assert_msg(!user_resolve(&user, text, why), "'%s'", text);
	ck_assert_msg(strstr(why, expected) != NULL, "'%s': %s", text, why);
}

START_TEST(etc_is_the_default)
{
	ck_assert_str_eq(user_database, "/etc");
}
END_TEST

START_TEST(ids_by_name_or_number)
{
	uid_t uid = 1;
	gid_t gid = 1;

	ck_assert(user_id("app", &uid) && uid == 1000);
	/* A name that looks like a number is a name. */
	ck_assert(user_id("7", &uid) && uid == 1007);
	ck_assert(user_id("4242", &uid) && uid == 4242);
	ck_assert(!user_id("nonesuch", &uid) && !user_id("", &uid));
	ck_assert(!user_id("4294967295", &uid) && !user_id("-1", &uid));
	ck_assert(user_group_id("tls", &gid) && gid == 2001);
	ck_assert(user_group_id("42", &gid) && gid == 2042);
	ck_assert(user_group_id("4242", &gid) && gid == 4242);
	ck_assert(!user_group_id("ap", &gid) && !user_group_id("", &gid));
	ck_assert(!user_group_id("4294967295", &gid));
}
END_TEST

/* An entry comes before what everybody knows. */
START_TEST(root_may_have_another_name)
{
	assert_user("root", 0, 0, 1);
	ck_assert(unit_write("passwd", "toor:x:0:2000::/srv:/bin/sh\n"));
	assert_user("root", 0, 2000, 1);
	ck_assert(unit_write("passwd", "root:x:1000:2000::/srv:/bin/sh\n"));
	assert_user("root", 1000, 2000, 1);
}
END_TEST

START_TEST(names_users)
{
	ck_assert_str_eq(user_name(0, named), "root");
	ck_assert_str_eq(user_name(1000, named), "app");
	ck_assert_str_eq(user_name(1007, named), "7");
	ck_assert_str_eq(user_name(1009, named), "last");
	ck_assert_str_eq(user_name(1001, named), "1001");
	ck_assert_str_eq(user_name((uid_t)-1, named), "4294967295");
}
END_TEST

/* An image without a C library has no such files. */
START_TEST(without_files_there_are_numbers_and_root)
{
	assert_user("app", 1000, 2000, 3);
	unlink("passwd");
	unlink("group");
	assert_refused("app", "there is no user");
	assert_user("root", 0, getgid(), 0);
	assert_user("root:root", 0, 0, 0);
	assert_refused("Root", "there is no user");
	assert_user("1000", 1000, getgid(), 0);
	assert_user("1000:2001", 1000, 2001, 0);
	assert_refused("1000:tls", "there is no group");
	ck_assert_str_eq(user_name(0, named), "0");
}
END_TEST

START_TEST(without_a_group_file_there_is_the_primary_group)
{
	assert_user("app", 1000, 2000, 3);
	unlink("group");
	assert_user("app", 1000, 2000, 1);
	assert_user("app:2001", 1000, 2001, 0);
}
END_TEST

/* It may list the user: a server that lacks a group may serve less than it
 * should, and one with the caller's group may serve more. */
START_TEST(files_that_cannot_be_read_are_not_passed_over)
{
	unlink("group");
	ck_assert_int_eq(mkdir("group", 0755), 0);
	assert_refused("app", "/group: Is a directory");
	assert_refused("1000", "/group: Is a directory");
	assert_refused("app:tls", "/group: Is a directory");
	assert_user("app:2001", 1000, 2001, 0);
	unlink("passwd");
	ck_assert_int_eq(mkdir("passwd", 0755), 0);
	assert_refused("app:2001", "/passwd: Is a directory");
	assert_refused("1000", "/passwd: Is a directory");
	assert_user("1000:2001", 1000, 2001, 0);
	rmdir("group");
	rmdir("passwd");
}
END_TEST

#define MEMBERS 20000

/* Nobody promises that a line is short. */
START_TEST(a_group_may_be_large)
{
	char *line = malloc(MEMBERS * 8 + 64), *at = line;
	int i;

	ck_assert_ptr_nonnull(line);
	at += sprintf(at, "large:x:2100:");
	for (i = 0; i < MEMBERS; i++)
		at += sprintf(at, "u%06d,", i);
	sprintf(at, "app\nlog:x:2002:app\n");
	ck_assert(unit_write("group", line));
	free(line);
	assert_user("app", 1000, 2000, 3);
	assert_user("app:large", 1000, 2100, 0);
}
END_TEST

START_TEST(a_group_listed_twice_counts_once)
{
	ck_assert(unit_write("group",
	    "tls:x:2001:app\n"
	    "web:x:2001:app\n"
	    "app:x:2000:app\n"
	    "own:x:2000:app\n"
	    "log:x:2002:app,app\n"));
	assert_user("app", 1000, 2000, 3);
}
END_TEST

/*
 * The lines of nsswitch.conf(5)'s "compat" name no user here: fgetpwent(3)
 * returns them as users of number 0, and of no home.
 */
START_TEST(compat_lines_are_no_entries)
{
	static const char *const names[] = {"+", "-", "+nis", "-nis", "+@nis"};
	char line[64];
	size_t i;

	for (i = 0; i < LENGTH(names); i++) {
		snprintf(line, sizeof(line), "%s\n%s::::::\n", names[i],
		    names[i]);
		ck_assert(unit_write("passwd", line));
		assert_refused(names[i], "there is no user");
		ck_assert_str_eq(user_name(0, named), "0");
		assert_user("0", 0, getgid(), 0);
		ck_assert(unit_write("passwd", passwd));
		snprintf(line, sizeof(line), "%s\n%s:::app\n", names[i],
		    names[i]);
		ck_assert(unit_write("group", line));
		assert_user("app", 1000, 2000, 1);
		snprintf(line, sizeof(line), "app:%s", names[i]);
		assert_refused(line, "there is no group");
	}
}
END_TEST

static const char *const odd_lines[] = {"odd:x:5:6:,,,:/srv/odd:/bin/sh",
    "  \todd:x:5:6:,,,:/srv/odd:/bin/sh", "odd :x:5:6::/srv/odd:", "odd",
    "odd:", "odd:x", "odd:x:", "odd:x:5", "odd:x:5:", "odd:x:5:6",
    "odd:x:5:6:", "odd:x:5:6:n", "odd:x:5:6:n:", "odd:x:5:6:n:/srv",
    "odd::5:6:n:/srv:", "odd:x:5:6:n:/srv:sh:more:x",
    "odd:x::6:n:/srv:", "odd:x:5::n:/srv:", "odd:x:05:06:n:/srv:",
    "odd:x: 5: 6:n:/srv:", "odd:x:5 :6:n:/srv:", "odd:x:5:6 :n:/srv:",
    "odd:x:5a:6:n:/srv:", "odd:x:0x5:6:n:/srv:", "odd:x:4294967295:6:n:/srv:",
    "odd:x:4294967296:6:n:/srv:", "odd:x:99999999999999999999:6:n:/srv:",
    "odd:x:5:6:n:/srv\r",
    "#odd:x:5:6::/:", " #odd:x:5:6::/:", "odd:x:5:6::/srv:\nodd:x:7:8::/home:",
    "odd:x:n:6::/:\nodd:x:7:8::/home:", "\n\nodd:x:5:6::/srv:\n\n",
    ":x:5:6::/:"};

/* The database is root's, and others read it by the C library. */
START_TEST(lines_are_read_as_by_the_c_library)
{
	const char *line = odd_lines[_i];
	const struct passwd *entry;
	char why[REASON_TEXT] = "";
	struct user user;
	FILE *file;

	ck_assert(unit_write("passwd", line));
	file = fopen("passwd", "re");
	ck_assert_ptr_nonnull(file);
	while ((entry = fgetpwent(file)) != NULL &&
	    strcmp(entry->pw_name, "odd") != 0)
		continue;
	ck_assert_msg(user_resolve(&user, "odd", why) == (entry != NULL),
	    "'%s': %s", line, why);
	if (entry != NULL) {
		ck_assert_uint_eq(user.uid, entry->pw_uid);
		ck_assert_uint_eq(user.gid, entry->pw_gid);
		ck_assert_str_eq(user.home, entry->pw_dir);
	}
	fclose(file);
}
END_TEST

static const char *const odd_groups[] = {"odd:x:9:app", "odd:x:9:", "odd:x:9",
    "odd:x:9:app,", "odd:x:9:,app", "odd:x:9:b,app,c", "odd:x:9: app",
    "odd:x:9:b, app", "odd:x:9:app ,b", "odd:x:9:ap,pp", "odd:x:9:b:app",
    "odd:x::app", "odd:x:n:app", "#odd:x:9:app", "odd:x:9:b,\tapp"};

static bool
c_library_lists(const char *path, const char *member)
{
	FILE *file = fopen(path, "re");
	const struct group *entry;
	bool listed = false;
	char **name;

	ck_assert_ptr_nonnull(file);
	while ((entry = fgetgrent(file)) != NULL)
		for (name = entry->gr_mem; *name != NULL; name++)
			listed |= strcmp(*name, member) == 0;
	fclose(file);
	return listed;
}

START_TEST(members_are_read_as_by_the_c_library)
{
	ck_assert(unit_write("group", odd_groups[_i]));
	assert_user("app", 1000, 2000, 1 + c_library_lists("group", "app"));
}
END_TEST

/* A file of such bytes is nobody's, and the lines after them are read. */
START_TEST(a_nul_ends_no_database)
{
	const char text[] = "a\0b:x:1:2::/:\nlate:x:5:6::/:\n";
	int fd = open("passwd", O_WRONLY | O_TRUNC);

	ck_assert_int_eq(write(fd, text, sizeof(text) - 1), sizeof(text) - 1);
	close(fd);
	assert_user("late", 5, 6, 1);
}
END_TEST

START_TEST(lookups_leak_no_descriptor)
{
	int before = unit_descriptors();

	assert_user("app", 1000, 2000, 3);
	assert_user("app:tls", 1000, 2001, 0);
	assert_user("4242", 4242, getgid(), 0);
	assert_refused("nobody-of-that-name", "there is no user");
	assert_refused("app:no-such-group", "there is no group");
	user_name(0, named);
	user_name(4242, named);
	ck_assert_int_eq(unit_descriptors(), before);
}
END_TEST

static void
add_database(Suite *s)
{
	TCase *t = tcase_create("database");

	tcase_add_unchecked_fixture(t, database_make, database_remove);
	tcase_add_checked_fixture(t, database_fill, NULL);
	tcase_add_loop_test(t, accepts, 0, LENGTH(accepted));
	tcase_add_loop_test(t, refuses, 0, LENGTH(refused));
	tcase_add_test(t, ids_by_name_or_number);
	tcase_add_test(t, root_may_have_another_name);
	tcase_add_test(t, names_users);
	tcase_add_test(t, without_files_there_are_numbers_and_root);
	tcase_add_test(t, without_a_group_file_there_is_the_primary_group);
	tcase_add_test(t, files_that_cannot_be_read_are_not_passed_over);
	tcase_add_test(t, a_group_may_be_large);
	tcase_add_test(t, a_group_listed_twice_counts_once);
	tcase_add_test(t, compat_lines_are_no_entries);
	tcase_add_loop_test(t, lines_are_read_as_by_the_c_library, 0,
	    LENGTH(odd_lines));
	tcase_add_loop_test(t, members_are_read_as_by_the_c_library, 0,
	    LENGTH(odd_groups));
	tcase_add_test(t, a_nul_ends_no_database);
	tcase_add_test(t, lookups_leak_no_descriptor);
	suite_add_tcase(s, t);
}

static Suite *
suite(void)
{
	Suite *s = suite_create("user");
	TCase *t = tcase_create("user");

	tcase_add_test(t, etc_is_the_default);
	suite_add_tcase(s, t);
	add_database(s);
	return s;
}

int
main(void)
{
	return unit_run(suite());
}
