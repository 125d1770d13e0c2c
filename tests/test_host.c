/* SPDX-License-Identifier: ISC */
/*
 * What the host is like, beside what it says of itself elsewhere.
 */
#include <sys/utsname.h>

#include "host.h"
#include "unit.h"

START_TEST(reads_a_setting)
{
	unsigned int value = 0;

	ck_assert(host_setting("/proc/sys/kernel/pid_max", &value));
	ck_assert_uint_gt(value, 0);
	value = 7;
	ck_assert(!host_setting("/proc/sys/kernel/no_such_setting", &value));
	ck_assert(!host_setting("/proc/sys/kernel/ostype", &value));
	ck_assert_uint_eq(value, 7);
}
END_TEST

START_TEST(knows_a_user_namespace)
{
	/* One that maps all of the ids is the host's. */
	FILE *file = fopen("/proc/self/uid_map", "re");
	unsigned long long inside, outside, count;

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fscanf(file, "%llu %llu %llu", &inside, &outside,
			     &count),
	    3);
	fclose(file);
	ck_assert_int_eq(host_in_user_namespace(), count != UINT32_MAX);
	UNIT_NEEDS(unit_become_root(0), "no user namespaces here");
	ck_assert(host_in_user_namespace());
}
END_TEST

/* Before it has a map, it has no ids at all. */
START_TEST(knows_a_user_namespace_without_a_map)
{
	UNIT_NEEDS(unshare(CLONE_NEWUSER) == 0, "no user namespaces here");
	ck_assert(host_in_user_namespace());
}
END_TEST

START_TEST(knows_older_kernels)
{
	unsigned int major, minor;
	struct utsname name;

	ck_assert_int_eq(uname(&name), 0);
	ck_assert_int_eq(sscanf(name.release, "%u.%u", &major, &minor), 2);
	ck_assert(!host_kernel_before(major, minor));
	ck_assert(!host_kernel_before(major - 1, minor + 1));
	ck_assert(host_kernel_before(major, minor + 1));
	ck_assert(host_kernel_before(major + 1, 0));
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("host");
	TCase *t = tcase_create("host");

	tcase_add_test(t, reads_a_setting);
	tcase_add_test(t, knows_a_user_namespace);
	tcase_add_test(t, knows_a_user_namespace_without_a_map);
	tcase_add_test(t, knows_older_kernels);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(suite());
}
