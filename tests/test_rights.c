/* SPDX-License-Identifier: ISC */
/*
 * What this process was like when it was started, beside what proc(5) says of
 * it; and what stands between it and the capability.  (What the file of a
 * program says takes one with a capability: tests/root/privilege.bats.)
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/capability.h>

#include "host.h"
#include "rights.h"
#include "unit.h"

/* The number behind a name in /proc/self/status. */
static unsigned long long
status_of(const char *name, int base)
{
	FILE *file = fopen("/proc/self/status", "re");
	const size_t length = strlen(name);
	unsigned long long value = 0;
	char line[256];
	bool found = false;

	ck_assert_ptr_nonnull(file);
	while (!found && fgets(line, sizeof(line), file) != NULL)
		found = strncmp(line, name, length) == 0 && line[length] == ':';
	fclose(file);
	ck_assert_msg(found, "%s", name);
	value = strtoull(line + length + 1, NULL, base);
	return value;
}

static bool
has(const char *set)
{
	return (status_of(set, 16) >> CAP_NET_BIND_SERVICE & 1) != 0;
}

/* What is seen is what is so. */
static struct rights
look(void)
{
	struct rights rights = rights_look();

	ck_assert_int_eq(rights.permitted, has("CapPrm"));
	ck_assert_int_eq(rights.ambient, has("CapAmb"));
	ck_assert_int_eq(rights.bounded, has("CapBnd"));
	ck_assert_int_eq(rights.root, getuid() == 0);
	ck_assert_int_eq(rights.no_new_privs, status_of("NoNewPrivs", 10) == 1);
	ck_assert_uint_eq(rights.seccomp, status_of("Seccomp", 10));
	return rights;
}

START_TEST(an_ordinary_process_has_nothing)
{
	struct rights rights;

	unit_become_ordinary();
	rights = look();
	ck_assert(!rights.permitted);
	ck_assert(!rights.ambient);
	ck_assert(!rights.root);
	ck_assert(!rights.gained);
}
END_TEST

START_TEST(sees_no_new_privs)
{
	ck_assert(!look().no_new_privs);
	ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	ck_assert(look().no_new_privs);
}
END_TEST

START_TEST(sees_a_seccomp_filter)
{
	static struct sock_filter code[] = {
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
	const struct sock_fprog program = {LENGTH(code), code};
	const int before = look().seccomp;

	ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	ck_assert_int_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program),
	    0);
	ck_assert_int_eq(look().seccomp, SECCOMP_MODE_FILTER);
	ck_assert(before == 0 || before == SECCOMP_MODE_FILTER);
}
END_TEST

/* From set to set, each is seen for itself. */
START_TEST(sees_each_set)
{
	const cap_value_t bind = CAP_NET_BIND_SERVICE;
	cap_t set;

	UNIT_NEEDS(unit_become_root(0), "no user namespaces here");
	ck_assert(look().root);
	ck_assert(look().permitted);
	ck_assert(look().bounded);
	ck_assert(!look().ambient);
	set = cap_get_proc();
	cap_set_flag(set, CAP_INHERITABLE, 1, &bind, CAP_SET);
	ck_assert_int_eq(cap_set_proc(set), 0);
	ck_assert_int_eq(cap_set_ambient(bind, CAP_SET), 0);
	ck_assert(look().ambient);
	ck_assert_int_eq(cap_drop_bound(bind), 0);
	ck_assert(!look().bounded);
	ck_assert(look().permitted);
	ck_assert_int_eq(cap_clear(set), 0);
	ck_assert_int_eq(cap_set_proc(set), 0);
	cap_free(set);
	ck_assert(!look().permitted);
	ck_assert(!look().ambient);
	ck_assert(look().root);
}
END_TEST

/* To look changes nothing. */
START_TEST(looks_only)
{
	int before = unit_descriptors();
	struct rights first = look(), second = look();

	ck_assert_int_eq(first.permitted, second.permitted);
	ck_assert_int_eq(first.bounded, second.bounded);
	rights_lack(&first);
	ck_assert_int_eq(unit_descriptors(), before);
}
END_TEST

/* ---- What is lacking */

START_TEST(lacks_what_was_not_seen)
{
	struct rights rights = {.permitted = true, .bounded = true};
	/* The file of this test has no capability, whatever else is wrong.  An
	   ordinary user's sandbox, or a package's build, is like a container. */
	const enum rights_lack no_xattr = host_in_user_namespace() &&
		host_in_container()
	    ? RIGHTS_NO_XATTR_HERE
	    : RIGHTS_NO_XATTR;

	ck_assert_int_eq(rights_lack(&rights), RIGHTS_SUFFICE);
	/* It is there: the bounding set is of the next exec. */
	rights.bounded = false;
	ck_assert_int_eq(rights_lack(&rights), RIGHTS_SUFFICE);
	rights.permitted = false;
	ck_assert_int_eq(rights_lack(&rights), RIGHTS_NOT_BOUNDED);
	rights.bounded = true;
	ck_assert_int_eq(rights_lack(&rights), no_xattr);
	rights.no_new_privs = true;
	ck_assert_int_eq(rights_lack(&rights), no_xattr);
}
END_TEST

/* A capability of this namespace counts in a network of this namespace. */
START_TEST(a_network_may_be_foreign)
{
	struct rights rights;

	rights = look();
	ck_assert_int_ne(rights_lack(&rights), RIGHTS_FOREIGN);
	UNIT_NEEDS(unit_become_root(_i), "no user namespaces here");
	rights = look();
	ck_assert(rights.permitted);
	ck_assert_int_eq(rights_lack(&rights),
	    _i == 0 ? RIGHTS_FOREIGN : RIGHTS_SUFFICE);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("rights");
	TCase *t = tcase_create("rights");

	tcase_add_test(t, an_ordinary_process_has_nothing);
	tcase_add_test(t, sees_no_new_privs);
	tcase_add_test(t, sees_a_seccomp_filter);
	tcase_add_test(t, sees_each_set);
	tcase_add_test(t, looks_only);
	tcase_add_test(t, lacks_what_was_not_seen);
	tcase_add_loop_test(t, a_network_may_be_foreign, 0, 1);
	tcase_add_loop_test(t, a_network_may_be_foreign, CLONE_NEWNET,
	    CLONE_NEWNET + 1);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(suite());
}
