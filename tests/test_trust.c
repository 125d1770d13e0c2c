/* SPDX-License-Identifier: ISC */
/*
 * What is trusted, and each way in which it is not: of the sandbox, where root
 * is somebody else, and of a tree in which this process is root.
 */
#include <endian.h>
#include <errno.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <stddef.h>
#include <sys/capability.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/xattr.h>

#include "trust.h"
#include "unit.h"

#define POLICY "/etc/lowport/policy"
#define TEXT   "permit any tcp/443\n"

static char text[65536];
static char why[REASON_TEXT];

static ssize_t
read_trusted(const char *path)
{
	errno = 0;
	memset(text, 'x', sizeof(text));
	strcpy(why, "");
	return trust_read(path, text, sizeof(text), why);
}

static void
assert_trusted(const char *path)
{
	ssize_t length = read_trusted(path);

	ck_assert_msg(length >= 0, "%s", why);
	ck_assert_int_eq(text[length], '\0');
}

static void
assert_not_trusted(const char *path, int error, const char *expected)
{
	ck_assert_int_eq(read_trusted(path), -1);
	ck_assert_int_eq(errno, error);
	ck_assert_str_eq(why, expected);
}

/* ---- As an ordinary user */

START_TEST(reads_the_policy_of_this_host)
{
	char expected[4096] = "";
	FILE *file = fopen(POLICY, "re");
	size_t length;

	ck_assert_ptr_nonnull(file);
	length = fread(expected, 1, sizeof(expected), file);
	fclose(file);
	ck_assert_uint_gt(length, 0);
	ck_assert_int_eq(read_trusted(POLICY), (ssize_t)length);
	ck_assert_mem_eq(text, expected, length);
	ck_assert_int_eq(text[length], '\0');
	ck_assert_int_eq(text[length + 1], 'x');
}
END_TEST

static const struct refused {
	const char *path;
	int error;
	const char *why;
} refused[] = {
    {"/etc/lowport/none", ENOENT,
	"/etc/lowport/none: No such file or directory"},
    {"/etc/none/policy", ENOENT, "/etc/none: No such file or directory"},
    {"/none", ENOENT, "/none: No such file or directory"},
    {"/etc/lowport", EPERM, "/etc/lowport is not a regular file"},
    {"/etc/lowport/policy/x", EPERM, "/etc/lowport/policy is not a directory"},
    {"/etc/lowport/policy/", EPERM, "/etc/lowport/policy is not a directory"},
    /* The sandbox has links for what is the host's. */
    {"/etc/passwd", ELOOP,
	"/etc/passwd is a symbolic link; put there what it names"},
    {"/etc/passwd/x", EPERM,
	"/etc/passwd is a symbolic link; put there what it names"},
};

START_TEST(refuses)
{
	assert_trusted(POLICY);
	assert_not_trusted(refused[_i].path, refused[_i].error,
	    refused[_i].why);
}
END_TEST

/* Whosever the file is: everybody may put one there. */
START_TEST(refuses_what_is_in_tmp)
{
	char path[] = "/tmp/lowport-test.XXXXXX";
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(read_trusted(path), -1);
	ck_assert_int_eq(errno, EPERM);
	ck_assert_int_eq(strncmp(why, "/tmp is ", strlen("/tmp is ")), 0);
	unlink(path);
	close(fd);
}
END_TEST

/* Nothing is cut off: what does not fit with its NUL is not read. */
START_TEST(bounds_the_length)
{
	size_t length;

	assert_trusted(POLICY);
	length = strlen(text);
	memset(text, 'x', sizeof(text));
	ck_assert_int_eq(trust_read(POLICY, text, length + 1, why),
	    (ssize_t)length);
	ck_assert_uint_eq(strlen(text), length);
	ck_assert_int_eq(trust_read(POLICY, text, length, why), -1);
	ck_assert_int_eq(errno, EFBIG);
	ck_assert_ptr_nonnull(strstr(why, POLICY " is longer than "));
	ck_assert_int_eq(trust_read(POLICY, text, 1, why), -1);
	ck_assert_int_eq(errno, EFBIG);
}
END_TEST

START_TEST(leaks_no_descriptor)
{
	int before = unit_descriptors();
	size_t i;

	assert_trusted(POLICY);
	for (i = 0; i < LENGTH(refused); i++)
		ck_assert_int_eq(read_trusted(refused[i].path), -1);
	ck_assert_int_eq(trust_read(POLICY, text, 1, why), -1);
	ck_assert_int_eq(unit_descriptors(), before);
}
END_TEST

/* ---- As root of a tree */

static bool
make_tree(void)
{
	if (!unit_enter_tree())
		return false;
	umask(0);
	ck_assert_int_eq(mkdir("/etc", 0755), 0);
	ck_assert_int_eq(mkdir("/etc/lowport", 0755), 0);
	ck_assert(unit_write(POLICY, TEXT));
	ck_assert_int_eq(chmod(POLICY, 0644), 0);
	return true;
}

START_TEST(reads_what_is_roots)
{
	UNIT_NEEDS(make_tree(), "no user namespaces here");
	ck_assert_int_eq(read_trusted(POLICY), (ssize_t)strlen(TEXT));
	ck_assert_str_eq(text, TEXT);
}
END_TEST

/* Others may read all of it, or nobody: it is who may write that matters. */
START_TEST(modes_that_are_trusted)
{
	static const struct {
		const char *path;
		mode_t mode;
	} rows[] = {{POLICY, 0644}, {POLICY, 0600}, {POLICY, 0400},
	    {POLICY, 04755}, {"/etc/lowport", 0755}, {"/etc/lowport", 0700},
	    {"/etc/lowport", 0711}, {"/etc/lowport", 01755},
	    {"/etc/lowport", 02755}, {"/etc", 0711}, {"/", 0555}};
	size_t i;

	UNIT_NEEDS(make_tree(), "no user namespaces here");
	for (i = 0; i < LENGTH(rows); i++) {
		ck_assert_int_eq(chmod(rows[i].path, rows[i].mode), 0);
		assert_trusted(POLICY);
	}
}
END_TEST

static const struct mode {
	const char *path;
	mode_t mode;
	const char *why;
} modes[] = {
    {POLICY, 0664,
	POLICY " is writable by others than root (mode 664); chmod go-w it"},
    {POLICY, 0646,
	POLICY " is writable by others than root (mode 646); chmod go-w it"},
    {POLICY, 0666,
	POLICY " is writable by others than root (mode 666); chmod go-w it"},
    {POLICY, 0602,
	POLICY " is writable by others than root (mode 602); chmod go-w it"},
    {POLICY, 0020,
	POLICY " is writable by others than root (mode 20); chmod go-w it"},
    {"/etc/lowport", 0775,
	"/etc/lowport is writable by others than root (mode 775); "
	"chmod go-w it"},
    {"/etc/lowport", 0757,
	"/etc/lowport is writable by others than root (mode 757); "
	"chmod go-w it"},
    /* Sticky: nobody else may exchange what is there, but add to it. */
    {"/etc/lowport", 01777,
	"/etc/lowport is writable by others than root (mode 1777); "
	"chmod go-w it"},
    {"/etc", 0775,
	"/etc is writable by others than root (mode 775); chmod go-w it"},
    {"/etc", 01757,
	"/etc is writable by others than root (mode 1757); chmod go-w it"},
    {"/", 0775, "/ is writable by others than root (mode 775); chmod go-w it"},
    {"/", 0757, "/ is writable by others than root (mode 757); chmod go-w it"},
};

START_TEST(modes_that_are_not)
{
	const struct mode *row = &modes[_i];

	UNIT_NEEDS(make_tree(), "no user namespaces here");
	assert_trusted(POLICY);
	ck_assert_int_eq(chmod(row->path, row->mode), 0);
	assert_not_trusted(POLICY, EPERM, row->why);
	ck_assert_int_eq(chmod(row->path, row->mode & ~(mode_t)022), 0);
	assert_trusted(POLICY);
}
END_TEST

/* What is moved and has a link in its place, and where the policy is then. */
static const struct link {
	const char *path;
	const char *other;
	const char *policy;
	int error;
} symlinks[] = {
    {POLICY, "/etc/other", "/etc/other", ELOOP},
    {"/etc/lowport", "/other", "/other/policy", EPERM},
    {"/etc", "/other", "/other/lowport/policy", EPERM},
};

START_TEST(links_are_not_followed)
{
	const struct link *row = &symlinks[_i];
	char expected[REASON_TEXT];

	UNIT_NEEDS(make_tree(), "no user namespaces here");
	assert_trusted(POLICY);
	ck_assert_int_eq(rename(row->path, row->other), 0);
	ck_assert_int_eq(symlink(row->other, row->path), 0);
	assert_trusted(row->policy);
	snprintf(expected, sizeof(expected),
	    "%s is a symbolic link; put there what it names", row->path);
	assert_not_trusted(POLICY, row->error, expected);
}
END_TEST

START_TEST(a_link_to_nothing_is_a_link)
{
	UNIT_NEEDS(make_tree(), "no user namespaces here");
	ck_assert_int_eq(unlink(POLICY), 0);
	assert_not_trusted(POLICY, ENOENT,
	    POLICY ": No such file or directory");
	ck_assert_int_eq(symlink("none", POLICY), 0);
	assert_not_trusted(POLICY, ELOOP,
	    POLICY " is a symbolic link; put there what it names");
}
END_TEST

static void
make_directory(void)
{
	ck_assert_int_eq(mkdir(POLICY, 0755), 0);
}

/* To open one waits for a writer, usually. */
static void
make_fifo(void)
{
	ck_assert_int_eq(mkfifo(POLICY, 0644), 0);
}

static void
make_socket(void)
{
	const struct sockaddr_un address = {AF_UNIX, POLICY};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address,
			     sizeof(address)),
	    0);
	ck_assert_int_eq(chmod(POLICY, 0644), 0);
}

static void
put_there(const char *path)
{
	ck_assert(unit_write(POLICY, TEXT));
	ck_assert_msg(mount(path, POLICY, NULL, MS_BIND, NULL) == 0, "%s: %m",
	    path);
}

static void
make_device(void)
{
	put_there("dev/null");
}

static void
make_policy_of_the_host(void)
{
	put_there("etc/lowport/policy");
}

static void
make_nothing(void)
{
}

static const struct kind {
	void (*make)(void);
	int error;
	const char *why;
} kinds[] = {
    {make_nothing, ENOENT, POLICY ": No such file or directory"},
    {make_directory, EPERM, POLICY " is not a regular file"},
    {make_fifo, EPERM, POLICY " is not a regular file"},
    {make_device, EPERM, POLICY " is not a regular file"},
    {make_socket, ENXIO, POLICY ": No such device or address"},
    /* Root's of the host, and so of nobody known here. */
    {make_policy_of_the_host, EPERM,
	POLICY " is owned by uid 65534, not by root; chown it"},
};

START_TEST(other_kinds_are_refused)
{
	UNIT_NEEDS(make_tree(), "no user namespaces here");
	assert_trusted(POLICY);
	ck_assert_int_eq(unlink(POLICY), 0);
	kinds[_i].make();
	assert_not_trusted(POLICY, kinds[_i].error, kinds[_i].why);
}
END_TEST

START_TEST(a_directory_of_nobody_is_refused)
{
	UNIT_NEEDS(make_tree(), "no user namespaces here");
	assert_trusted(POLICY);
	ck_assert_int_eq(mount("etc/lowport", "/etc/lowport", NULL, MS_BIND,
			     NULL),
	    0);
	assert_not_trusted(POLICY, EPERM,
	    "/etc/lowport is owned by uid 65534, not by root; chown it");
}
END_TEST

/* As the kernel takes it: little-endian on every machine. */
struct acl {
	struct posix_acl_xattr_header header;
	struct posix_acl_xattr_entry entries[5];
};

#define ENTRY(tag, rights)                                                     \
	{                                                                      \
		htole16(tag), htole16(rights), 0                               \
	}

/* Gives these rights to user 0, which is an entry of its own; the mask too. */
static bool
set_acl(const char *path, unsigned short rights)
{
	const struct acl acl = {{htole32(POSIX_ACL_XATTR_VERSION)},
	    {ENTRY(ACL_USER_OBJ, ACL_READ | ACL_WRITE), ENTRY(ACL_USER, rights),
		ENTRY(ACL_GROUP_OBJ, ACL_READ), ENTRY(ACL_MASK, rights),
		ENTRY(ACL_OTHER, ACL_READ)}};

	return setxattr(path, "system.posix_acl_access", &acl, sizeof(acl),
		   0) == 0;
}

/* The mask is what a mode shows as the group's rights. */
START_TEST(an_acl_that_lets_others_write_is_refused)
{
	UNIT_NEEDS(make_tree(), "no user namespaces here");
	UNIT_NEEDS(set_acl(POLICY, ACL_READ), "no acl(5) on tmpfs here");
	assert_trusted(POLICY);
	ck_assert(set_acl(POLICY, ACL_READ | ACL_WRITE));
	assert_not_trusted(POLICY, EPERM,
	    POLICY " is writable by others than root (mode 664); "
		   "chmod go-w it");
}
END_TEST

START_TEST(an_oversized_file_is_refused)
{
	UNIT_NEEDS(make_tree(), "no user namespaces here");
	ck_assert_int_eq(truncate(POLICY, sizeof(text) - 1), 0);
	ck_assert_int_eq(read_trusted(POLICY), sizeof(text) - 1);
	ck_assert_int_eq(truncate(POLICY, sizeof(text)), 0);
	assert_not_trusted(POLICY, EFBIG, POLICY " is longer than 65535 bytes");
	ck_assert_int_eq(truncate(POLICY, 1 << 30), 0);
	assert_not_trusted(POLICY, EFBIG, POLICY " is longer than 65535 bytes");
}
END_TEST

/* Root without a capability is refused as any owner is. */
static void
lose_capabilities(void)
{
	cap_t none = cap_init();

	ck_assert_int_eq(cap_set_proc(none), 0);
	cap_free(none);
}

START_TEST(a_file_that_cannot_be_read_is_told)
{
	UNIT_NEEDS(make_tree(), "no user namespaces here");
	lose_capabilities();
	assert_trusted(POLICY);
	ck_assert_int_eq(chmod(POLICY, 0), 0);
	assert_not_trusted(POLICY, EACCES,
	    POLICY
	    ": Permission denied; it holds no secret: chmod a+r " POLICY);
	ck_assert_int_eq(chmod(POLICY, 0400), 0);
	assert_trusted(POLICY);
}
END_TEST

/* As root's umask of 077 makes it: to change the file's mode is no remedy. */
START_TEST(a_directory_that_cannot_be_searched_is_told)
{
	UNIT_NEEDS(make_tree(), "no user namespaces here");
	lose_capabilities();
	assert_trusted(POLICY);
	ck_assert_int_eq(chmod("/etc/lowport", 0), 0);
	assert_not_trusted(POLICY, EACCES,
	    POLICY ": Permission denied; chmod a+x /etc/lowport");
	ck_assert_int_eq(chmod("/etc/lowport", 0100), 0);
	assert_trusted(POLICY);
}
END_TEST

START_TEST(an_empty_file_is_read)
{
	UNIT_NEEDS(make_tree(), "no user namespaces here");
	ck_assert(unit_write(POLICY, ""));
	ck_assert_int_eq(read_trusted(POLICY), 0);
	ck_assert_int_eq(text[0], '\0');
}
END_TEST

static void
add_tree(Suite *s)
{
	TCase *t = tcase_create("tree");

	tcase_add_test(t, reads_what_is_roots);
	tcase_add_test(t, modes_that_are_trusted);
	tcase_add_loop_test(t, modes_that_are_not, 0, LENGTH(modes));
	tcase_add_loop_test(t, links_are_not_followed, 0, LENGTH(symlinks));
	tcase_add_test(t, a_link_to_nothing_is_a_link);
	tcase_add_loop_test(t, other_kinds_are_refused, 0, LENGTH(kinds));
	tcase_add_test(t, a_directory_of_nobody_is_refused);
	tcase_add_test(t, an_acl_that_lets_others_write_is_refused);
	tcase_add_test(t, an_oversized_file_is_refused);
	tcase_add_test(t, a_file_that_cannot_be_read_is_told);
	tcase_add_test(t, a_directory_that_cannot_be_searched_is_told);
	tcase_add_test(t, an_empty_file_is_read);
	suite_add_tcase(s, t);
}

static Suite *
suite(void)
{
	Suite *s = suite_create("trust");
	TCase *t = tcase_create("trust");

	tcase_add_test(t, reads_the_policy_of_this_host);
	tcase_add_loop_test(t, refuses, 0, LENGTH(refused));
	tcase_add_test(t, refuses_what_is_in_tmp);
	tcase_add_test(t, bounds_the_length);
	tcase_add_test(t, leaks_no_descriptor);
	suite_add_tcase(s, t);
	add_tree(s);
	return s;
}

int
main(void)
{
	return unit_run(suite());
}
