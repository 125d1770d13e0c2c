/* SPDX-License-Identifier: ISC */
/*
 * How a process is confined, in a tree whose /proc this test writes; that AppArmor
 * and SELinux refuse it so is seen in tests/kernels.
 */
#include <sys/stat.h>

#include "confinement.h"
#include "unit.h"

/* In the tree, another process has this number. */
#define OTHER 77

static void
put(pid_t task, const char *file, const char *text)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d", task);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "/proc/%d/attr", task);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "/proc/%d/attr/apparmor", task);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "/proc/%d/attr/%s", task, file);
	ck_assert(unit_write(path, text));
}

static bool
enter(void)
{
	return unit_enter_tree() && mkdir("/proc", 0755) == 0;
}

static void
assert_confinement(const char *file, const char *text, unsigned int module,
    bool enforced, const char *name)
{
	struct confinement own;

	put(getpid(), file, text);
	own = confinement_of(getpid());
	ck_assert_msg(own.module == module && own.enforced == enforced &&
		strcmp(own.name, name) == 0,
	    "%s: %d %d %s", text, own.module, own.enforced, own.name);
}

START_TEST(apparmor_has_profiles)
{
	static const char *const files[] = {"current", "apparmor/current"};
	const char *file = files[_i];

	UNIT_NEEDS(enter(), "no user namespaces here");
	assert_confinement(file, "unconfined\n", CONFINEMENT_APPARMOR, false,
	    "unconfined");
	assert_confinement(file, "web (enforce)\n", CONFINEMENT_APPARMOR, true,
	    "web");
	assert_confinement(file, "web (kill)\n", CONFINEMENT_APPARMOR, true,
	    "web");
	assert_confinement(file, "a b:c:d (enforce)", CONFINEMENT_APPARMOR,
	    true, "a b:c:d");
	assert_confinement(file, "web (complain)\n", CONFINEMENT_APPARMOR,
	    false, "web");
	assert_confinement(file, "chrome (unconfined)\n", CONFINEMENT_APPARMOR,
	    false, "chrome");
}
END_TEST

START_TEST(selinux_has_domains)
{
	UNIT_NEEDS(enter(), "no user namespaces here");
	assert_confinement("current", "system_u:system_r:httpd_t:s0:c1,c2",
	    CONFINEMENT_SELINUX, true, "httpd_t");
	assert_confinement("current", "u:r:init_t", CONFINEMENT_SELINUX, true,
	    "init_t");
	ck_assert_int_eq(mkdir("/sys", 0755), 0);
	ck_assert_int_eq(mkdir("/sys/fs", 0755), 0);
	ck_assert_int_eq(mkdir("/sys/fs/selinux", 0755), 0);
	ck_assert(unit_write("/sys/fs/selinux/enforce", "0"));
	assert_confinement("current", "u:r:init_t", CONFINEMENT_SELINUX, false,
	    "init_t");
	ck_assert(unit_write("/sys/fs/selinux/enforce", "1"));
	assert_confinement("current", "u:r:init_t", CONFINEMENT_SELINUX, true,
	    "init_t");
}
END_TEST

START_TEST(others_are_not_known)
{
	char why[REASON_TEXT];

	UNIT_NEEDS(enter(), "no user namespaces here");
	assert_confinement("current", "_", CONFINEMENT_NONE, false, "");
	assert_confinement("current", "kernel", CONFINEMENT_NONE, false, "");
	assert_confinement("current", "", CONFINEMENT_NONE, false, "");
	ck_assert(!confinement_explain(why, "unix,"));
	ck_assert_str_eq(confinement_remark(why, "unix,"), "");
	ck_assert_int_eq(confinement_of(OTHER).module, CONFINEMENT_NONE);
}
END_TEST

static void
assert_trace(const char *its, const char *wanted)
{
	char why[REASON_TEXT] = "";

	put(OTHER, "current", its);
	ck_assert_int_eq(confinement_explain_trace(why, getpid(), OTHER),
	    *wanted != '\0');
	ck_assert_str_eq(why, wanted);
}

START_TEST(names_the_rule)
{
	char why[REASON_TEXT];

	UNIT_NEEDS(enter(), "no user namespaces here");
	put(getpid(), "current", "web (enforce)\n");
	ck_assert(confinement_explain(why, "unix,"));
	ck_assert_str_eq(why,
	    "AppArmor's profile web lacks the rule 'unix,', or denies it");
	assert_trace("web (enforce)\n",
	    "AppArmor's profile web lacks the rule 'ptrace (trace, read, "
	    "tracedby, readby) peer=@{profile_name},', or denies it");
	assert_trace("unconfined\n",
	    "AppArmor's profile web lacks the rule 'ptrace (trace, read) "
	    "peer=unconfined,', or denies it");
	assert_trace("db (enforce)\n",
	    "AppArmor's profile web lacks the rule 'ptrace (trace, read) "
	    "peer=db,', or db 'ptrace (tracedby, readby) peer=web,'");
	/* The tracer's profile refuses nothing; then the other's is not asked. */
	put(getpid(), "current", "unconfined\n");
	assert_trace("db (enforce)\n", "");
	ck_assert(!confinement_explain(why, "unix,"));
}
END_TEST

START_TEST(names_the_domain)
{
	char why[REASON_TEXT];

	UNIT_NEEDS(enter(), "no user namespaces here");
	put(getpid(), "current", "u:r:web_t:s0");
	ck_assert_str_eq(confinement_remark(why, "unix,"),
	    "; SELinux refuses it to the domain web_t (ausearch -m AVC, or "
	    "dmesg, shows it)");
	assert_trace("u:r:web_t:s0",
	    "SELinux refuses it to the domain web_t: its policy lacks 'allow "
	    "web_t self:process ptrace;'");
	assert_trace("u:r:db_t:s0",
	    "SELinux refuses it to the domain web_t: its policy lacks 'allow "
	    "web_t db_t:process ptrace;'");
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("confinement");
	TCase *t = tcase_create("confinement");

	tcase_add_loop_test(t, apparmor_has_profiles, 0, 2);
	tcase_add_test(t, selinux_has_domains);
	tcase_add_test(t, others_are_not_known);
	tcase_add_test(t, names_the_rule);
	tcase_add_test(t, names_the_domain);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(suite());
}
