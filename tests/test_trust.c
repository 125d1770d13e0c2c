/* SPDX-License-Identifier: ISC */
/*
 * Files that nobody but root can have written: in a root directory of the
 * test's own, which it makes as root of a user namespace.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "trust.h"
#include "unit.h"

#define PATH "/etc/lowport/policy"
#define TEXT "permit any tcp/443\n"

static char why[TRUST_WHY], text[256];

static void
write_file(const char *path, const char *content)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	ssize_t length = (ssize_t)strlen(content);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, content, (size_t)length), length);
	close(fd);
}

static void
map_ids(const char *file, unsigned int outside)
{
	char map[32];

	snprintf(map, sizeof(map), "0 %u 1", outside);
	write_file(file, map);
}

/* Root of a namespace, in a directory tree that is all its own. */
static bool
own_root(void)
{
	const unsigned int uid = getuid(), gid = getgid();

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
		return false;
	write_file("/proc/self/setgroups", "deny");
	map_ids("/proc/self/uid_map", uid);
	map_ids("/proc/self/gid_map", gid);
	ck_assert_int_eq(mount("x", "/tmp", "tmpfs", 0, "mode=755"), 0);
	/* For unit_descriptors(). */
	ck_assert_int_eq(mkdir("/tmp/proc", 0755), 0);
	ck_assert_int_eq(mount("/proc", "/tmp/proc", NULL, MS_BIND | MS_REC,
			       NULL), 0);
	ck_assert_int_eq(chroot("/tmp"), 0);
	ck_assert_int_eq(chdir("/"), 0);
	umask(022);
	ck_assert_int_eq(mkdir("/etc", 0755), 0);
	ck_assert_int_eq(mkdir("/etc/lowport", 0755), 0);
	write_file(PATH, TEXT);
	return true;
}

#define OWN_ROOT() UNIT_NEEDS(own_root(), "no user namespaces here")

static void
assert_trusted(void)
{
	ssize_t length = trust_read(PATH, text, sizeof(text), why);

	ck_assert_msg(length == (ssize_t)strlen(TEXT), "%s", why);
	ck_assert_str_eq(text, TEXT);
}

/* Refused, the path that is to blame and the reason named. */
static void
assert_distrusted(const char *reason)
{
	const int before = unit_descriptors();

	ck_assert_int_eq(trust_read(PATH, text, sizeof(text), why), -1);
	ck_assert_msg(strncmp(why, reason, strlen(reason)) == 0, "%s", why);
	ck_assert_int_eq(unit_descriptors(), before);
}

START_TEST(modes_on_the_way)
{
	static const char *const way[] = {"/", "/etc", "/etc/lowport", PATH};
	static const mode_t bad[] = {0775, 0757, 01777, 02775, 0722};
	char reason[64];
	size_t i;

	OWN_ROOT();
	snprintf(reason, sizeof(reason), "%s is writable by others than root",
		 way[_i]);
	for (i = 0; i < LENGTH(bad); i++) {
		assert_trusted();
		ck_assert_int_eq(chmod(way[_i], bad[i]), 0);
		assert_distrusted(reason);
		ck_assert_int_eq(chmod(way[_i], 0755), 0);
	}
	assert_trusted();
}
END_TEST

START_TEST(a_link_in_place_of_the_file)
{
	OWN_ROOT();
	ck_assert_int_eq(rename(PATH, "/etc/lowport/real"), 0);
	ck_assert_int_eq(symlink("real", PATH), 0);
	ck_assert_int_eq(access(PATH, R_OK), 0);
	assert_distrusted(PATH " is a symbolic link");
	ck_assert_int_eq(rename("/etc/lowport/real", PATH), 0);
	assert_trusted();
}
END_TEST

START_TEST(a_link_on_the_way)
{
	static const char *const way[] = {"/etc", "/etc/lowport"};
	char reason[64];

	OWN_ROOT();
	snprintf(reason, sizeof(reason), "%s is a symbolic link", way[_i]);
	ck_assert_int_eq(rename(way[_i], "/real"), 0);
	ck_assert_int_eq(symlink("/real", way[_i]), 0);
	ck_assert_int_eq(access(PATH, R_OK), 0);
	assert_distrusted(reason);
}
END_TEST

START_TEST(no_regular_file)
{
	OWN_ROOT();
	ck_assert_int_eq(unlink(PATH), 0);
	ck_assert_int_eq(mkdir(PATH, 0755), 0);
	assert_distrusted(PATH " is not a regular file");
	ck_assert_int_eq(rmdir(PATH), 0);
	/* It must not wait for a writer. */
	ck_assert_int_eq(mkfifo(PATH, 0644), 0);
	assert_distrusted(PATH " is not a regular file");
	ck_assert_int_eq(unlink(PATH), 0);
	ck_assert_int_eq(rmdir("/etc/lowport"), 0);
	write_file("/etc/lowport", TEXT);
	assert_distrusted("/etc/lowport is not a directory");
}
END_TEST

START_TEST(nothing_there_is_enoent)
{
	OWN_ROOT();
	ck_assert_int_eq(unlink(PATH), 0);
	errno = 0;
	assert_distrusted(PATH ": No such file");
	ck_assert_int_eq(rmdir("/etc/lowport"), 0);
	ck_assert_int_eq(trust_read(PATH, text, sizeof(text), why), -1);
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_int_eq(chmod("/etc", 0777), 0);
	ck_assert_int_eq(trust_read(PATH, text, sizeof(text), why), -1);
	ck_assert_int_ne(errno, ENOENT);
}
END_TEST

START_TEST(the_size_of_the_buffer)
{
	OWN_ROOT();
	ck_assert_int_eq(trust_read(PATH, text, strlen(TEXT) + 1, why),
			 (ssize_t)strlen(TEXT));
	ck_assert_int_eq(trust_read(PATH, text, strlen(TEXT), why), -1);
	ck_assert_int_eq(errno, EFBIG);
	write_file(PATH, "");
	ck_assert_int_eq(trust_read(PATH, text, sizeof(text), why), 0);
	ck_assert_str_eq(text, "");
}
END_TEST

/* As an ordinary user, whose own files are not root's. */
START_TEST(another_owner)
{
	char own[] = "/tmp/lowport-trust.XXXXXX";
	int fd;

	unit_become_ordinary();
	fd = mkstemp(own);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(trust_read(own, text, sizeof(text), why), -1);
	ck_assert_msg(strncmp(why, "/tmp is writable", 16) == 0, "%s", why);
	close(fd);
	unlink(own);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("trust");
	TCase *t = tcase_create("trust");

	tcase_add_loop_test(t, modes_on_the_way, 0, 4);
	tcase_add_test(t, a_link_in_place_of_the_file);
	tcase_add_loop_test(t, a_link_on_the_way, 0, 2);
	tcase_add_test(t, no_regular_file);
	tcase_add_test(t, nothing_there_is_enoent);
	tcase_add_test(t, the_size_of_the_buffer);
	tcase_add_test(t, another_owner);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(suite());
}
