/* SPDX-License-Identifier: ISC */
/*
 * What a policy says of this process: in a tree in which this process is root
 * and writes it; and of the sandbox's, in which it is not.
 */
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/stat.h>

#include "mapping_text.h"
#include "unit.h"
#include "user.h"
#include "verdict.h"

#define POLICY "/etc/lowport/policy"

/* The groups of this process.  This function comes before that of the C
 * library, as root of a user namespace may not set them. */
static const gid_t supplementary[] = {7, 8};

int
getgroups(int size, gid_t *list)
{
	if (size >= (int)LENGTH(supplementary))
		memcpy(list, supplementary, sizeof(supplementary));
	return LENGTH(supplementary);
}

/* ---- A policy of the test's own */

static bool
make_tree(void)
{
	if (!unit_enter_tree())
		return false;
	umask(022);
	ck_assert_int_eq(mkdir("/etc", 0755), 0);
	ck_assert_int_eq(mkdir("/etc/lowport", 0755), 0);
	ck_assert(unit_write("/etc/passwd",
	    "app:x:0:0::/:/bin/sh\n"
	    "other:x:1:1::/:/bin/sh\n"));
	ck_assert(unit_write("/etc/group", "log:x:8:\n"));
	verdict_policy = POLICY;
	return true;
}

static struct mapping
mapping_of(const char *text)
{
	struct mapping m;
	char why[REASON_TEXT] = "";

	ck_assert_msg(mapping_parse(&m, (char[MAPPING_NAME]){0}, text, why),
	    "'%s': %s", text, why);
	return m;
}

static struct verdict
verdict_of(const char *mapping)
{
	const struct mapping m = mapping_of(mapping);
	char why[REASON_TEXT] = "";
	struct verdict verdict;

	memset(&verdict, 0xff, sizeof(verdict));
	ck_assert_msg(verdict_reach(&verdict, &m, 1, why), "%s", why);
	return verdict;
}

static void
assert_permits(const char *mapping, bool permitted, unsigned int line)
{
	struct verdict verdict = verdict_of(mapping);

	ck_assert_msg(verdict.permitted == permitted, "%s", mapping);
	ck_assert_msg(verdict.line == line, "%s: line %u", mapping,
	    verdict.line);
}

/* This process is user and group 0, and in groups 7 and 8. */
static const struct judged {
	const char *policy;
	const char *mapping;
	bool permitted;
	unsigned int line;
} judged[] = {
    /* Without a rule the answer is no. */
    {"", "443", false, 0},
    {"# nothing\n\n", "443", false, 0},
    {"permit any tcp/444\n", "443", false, 0},
    {"deny any tcp/444\n", "443", false, 0},
    {"permit any tcp/443\n", "443", true, 1},
    {"permit any tcp/443", "443", true, 1},
    {"deny any tcp/443\n", "443", false, 1},
    {"\n# comment\n\npermit any tcp/443\n# more\n", "443", true, 4},
    /* The last one that matches decides. */
    {"permit any tcp/443\ndeny any tcp/443\n", "443", false, 2},
    {"deny any tcp/443\npermit any tcp/443\n", "443", true, 2},
    {"permit any tcp/443\ndeny any tcp/444\n", "443", true, 1},
    {"deny any tcp/443\npermit any tcp/444\n", "443", false, 1},
    {"permit any tcp/443\ndeny user 1 tcp/443\n", "443", true, 1},
    {"permit any tcp/1-65535\ndeny any tcp/443\npermit any tcp/443\n", "443",
	true, 3},
    /* Whom it is about. */
    {"permit user 0 tcp/443\n", "443", true, 1},
    {"permit user 1 tcp/443\n", "443", false, 0},
    {"permit user app tcp/443\n", "443", true, 1},
    {"permit user other tcp/443\n", "443", false, 0},
    {"permit group 0 tcp/443\n", "443", true, 1},
    {"permit group 1 tcp/443\n", "443", false, 0},
    {"permit group 7 tcp/443\n", "443", true, 1},
    {"permit group 8 tcp/443\n", "443", true, 1},
    {"permit group log tcp/443\n", "443", true, 1},
    {"permit group 9 tcp/443\n", "443", false, 0},
    {"permit any tcp/443\ndeny group 8 tcp/443\n", "443", false, 2},
    /* All of the addresses, or one. */
    {"permit any tcp/443 on 192.0.2.0/24\n", "192.0.2.7:443", true, 1},
    {"permit any tcp/443 on 192.0.2.0/24\n", "443", false, 0},
    {"permit any tcp/443\ndeny any tcp/443 on 192.0.2.0/24\n", "443", false, 2},
    {"permit any tcp/443\ndeny any tcp/443 on 192.0.2.0/24\n", "127.0.0.1:443",
	true, 1},
    /* Two that cover all between them are two. */
    {"permit any tcp/443 on 0.0.0.0/0\npermit any tcp/443 on ::/0\n", "443",
	false, 0},
};

START_TEST(the_last_match_decides)
{
	const struct judged *row = &judged[_i];

	UNIT_NEEDS(make_tree(), "no user namespaces here");
	ck_assert(unit_write(POLICY, row->policy));
	assert_permits(row->mapping, row->permitted, row->line);
}
END_TEST

START_TEST(each_mapping_has_its_verdict)
{
	const struct mapping m[] = {mapping_of("443"), mapping_of("80"),
	    mapping_of("25"), mapping_of("[::1]:444")};
	struct verdict verdicts[LENGTH(m) + 1];
	char why[REASON_TEXT];

	UNIT_NEEDS(make_tree(), "no user namespaces here");
	ck_assert(unit_write(POLICY,
	    "permit any tcp/443 tcp/80\n"
	    "deny any tcp/80\n"
	    "permit any tcp/444 on ::1\n"));
	memset(verdicts, 0xff, sizeof(verdicts));
	ck_assert(verdict_reach(verdicts, m, LENGTH(m), why));
	ck_assert(verdicts[0].permitted && verdicts[0].line == 1);
	ck_assert(!verdicts[1].permitted && verdicts[1].line == 2);
	ck_assert(!verdicts[2].permitted && verdicts[2].line == 0);
	ck_assert(verdicts[3].permitted && verdicts[3].line == 3);
	ck_assert_uint_eq(verdicts[LENGTH(m)].line, UINT32_MAX);
}
END_TEST

/* ---- Where there is no answer */

/* Nothing is permitted, whatever else the policy says. */
static void
assert_no_verdict(const char *expected)
{
	const struct mapping m[] = {mapping_of("443"), mapping_of("80")};
	struct verdict verdicts[LENGTH(m)];
	char why[REASON_TEXT] = "";
	size_t i;

	memset(verdicts, 0xff, sizeof(verdicts));
	ck_assert(!verdict_reach(verdicts, m, LENGTH(m), why));
	ck_assert_str_eq(why, expected);
	for (i = 0; i < LENGTH(m); i++) {
		ck_assert(!verdicts[i].permitted);
		ck_assert_uint_eq(verdicts[i].line, 0);
	}
}

#define GOOD "permit any tcp/443\n"

static const struct wrong {
	const char *twin;
	const char *policy;
	const char *why;
} wrong[] = {
    {GOOD "\n" GOOD, "nonsense\n\n" GOOD,
	POLICY ":1: a rule begins with permit or deny, not 'nonsense'"},
    {GOOD "deny any tcp/80\n" GOOD, GOOD "deny any tcp/0\n" GOOD,
	POLICY ":2: 'tcp/0' is no port; write tcp/443, udp/53, tcp+udp/443 "
	       "or tcp/8000-8099"},
    {GOOD "# comment\npermit any tcp/80", GOOD "# comment\npermit any",
	POLICY ":3: no port; write some, as in tcp/443"},
    /* For somebody else. */
    {GOOD "permit user 1 tcp/80\n", GOOD "permit user +1 tcp/80\n",
	POLICY ":2: there is no user '+1'; name one of /etc/passwd "
	       "or a number"},
    /* The first one is told. */
    {GOOD GOOD GOOD, GOOD "x\ny\n",
	POLICY ":2: a rule begins with permit or deny, not 'x'"},
};

START_TEST(an_error_anywhere_permits_nothing)
{
	const struct wrong *row = &wrong[_i];

	UNIT_NEEDS(make_tree(), "no user namespaces here");
	ck_assert(unit_write(POLICY, row->twin));
	ck_assert(verdict_of("443").permitted);
	ck_assert(unit_write(POLICY, row->policy));
	assert_no_verdict(row->why);
}
END_TEST

START_TEST(no_policy_permits_nothing)
{
	UNIT_NEEDS(make_tree(), "no user namespaces here");
	ck_assert(unit_write(POLICY, GOOD));
	ck_assert(verdict_of("443").permitted);
	ck_assert_int_eq(unlink(POLICY), 0);
	assert_no_verdict("there is no " POLICY);
	ck_assert_int_eq(rmdir("/etc/lowport"), 0);
	assert_no_verdict("there is no " POLICY);
}
END_TEST

START_TEST(a_policy_of_others_permits_nothing)
{
	UNIT_NEEDS(make_tree(), "no user namespaces here");
	ck_assert(unit_write(POLICY, GOOD));
	ck_assert(verdict_of("443").permitted);
	ck_assert_int_eq(chmod(POLICY, 0664), 0);
	assert_no_verdict(POLICY " is writable by others than root (mode 664); "
				 "chmod go-w it");
	ck_assert_int_eq(chmod(POLICY, 0644), 0);
	ck_assert_int_eq(chmod("/etc/lowport", 0777), 0);
	assert_no_verdict("/etc/lowport is writable by others than root "
			  "(mode 777); chmod go-w it");
	ck_assert_int_eq(chmod("/etc/lowport", 0755), 0);
	ck_assert(verdict_of("443").permitted);
}
END_TEST

/* A rule, and behind it as many bytes as make this size. */
static void
write_policy_of(size_t size)
{
	static char text[VERDICT_POLICY_MAX + 1];

	memset(text, '\n', size);
	memcpy(text, GOOD, strlen(GOOD));
	text[size] = '\0';
	ck_assert(unit_write(POLICY, text));
}

/* The last bytes of one that is too long might be a "deny". */
START_TEST(the_size_is_bounded)
{
	UNIT_NEEDS(make_tree(), "no user namespaces here");
	write_policy_of(VERDICT_POLICY_MAX - 1);
	ck_assert(verdict_of("443").permitted);
	write_policy_of(VERDICT_POLICY_MAX);
	assert_no_verdict(POLICY " is longer than 65535 bytes");
}
END_TEST

/* ---- What the helper is told */

/* Whether this program's file has given its caller anything.  This function
 * comes before that of the C library. */
static unsigned long secure;

unsigned long
getauxval(unsigned long type)
{
	return type == AT_SECURE ? secure : 0;
}

/* Of the policy of the sandbox, which denies 666 alone. */
static void
assert_grants(bool https, bool denied)
{
	struct plan plan = {.mapping_count = 2};
	bool granted[PLAN_MAPPINGS_MAX];

	memset(granted, 0xff, sizeof(granted));
	plan.mappings[0] = mapping_of("443:8443");
	plan.mappings[1] = mapping_of("666:8666");
	verdict_prepare();
	verdict_grant(granted, &plan);
	ck_assert_int_eq(granted[0], https);
	ck_assert_int_eq(granted[1], denied);
}

START_TEST(grants_what_the_policy_permits)
{
	ck_assert_str_eq(verdict_policy, POLICY);
	secure = 1;
	assert_grants(true, false);
}
END_TEST

START_TEST(grants_nothing_before_it_is_read)
{
	struct plan plan = {.mapping_count = 1};
	bool granted[PLAN_MAPPINGS_MAX] = {true};

	plan.mappings[0] = mapping_of("443:8443");
	secure = 1;
	verdict_grant(granted, &plan);
	ck_assert(!granted[0]);
	assert_grants(true, false);
}
END_TEST

START_TEST(grants_nothing_without_a_policy)
{
	secure = 1;
	assert_grants(true, false);
	verdict_policy = "/etc/lowport/none";
	assert_grants(false, false);
	/* A link, in the sandbox. */
	verdict_policy = "/etc/passwd";
	assert_grants(false, false);
}
END_TEST

/* It has not been asked, where executing lowport has given nothing: then what
 * this process may is its own. */
START_TEST(grants_what_was_not_given)
{
	secure = 0;
	assert_grants(true, true);
	secure = 1;
	assert_grants(true, false);
	ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	assert_grants(true, true);
}
END_TEST

START_TEST(grants_root_its_own)
{
	secure = 1;
	assert_grants(true, false);
	UNIT_NEEDS(unit_become_root(0), "no user namespaces here");
	assert_grants(true, true);
}
END_TEST

/* As many rules as a policy has room for, the last line without its end. */
START_TEST(a_policy_may_be_full)
{
	static char text[VERDICT_POLICY_MAX];
	const char rule[] = "deny any tcp/1\n";
	const size_t length = strlen(rule);
	size_t used;

	UNIT_NEEDS(make_tree(), "no user namespaces here");
	for (used = 0; used + length <= sizeof(text); used += length)
		memcpy(text + used, rule, length);
	text[used - 1] = '\0';
	ck_assert(unit_write(POLICY, text));
	assert_permits("1", false, (unsigned int)(used / length));
	text[used - length] = '#';
	ck_assert(unit_write(POLICY, text));
	assert_permits("1", false, (unsigned int)(used / length) - 1);
}
END_TEST

static void
assert_gone(const char *mapping, unsigned int line, const char *gone)
{
	struct verdict verdict = verdict_of(mapping);

	ck_assert_uint_eq(verdict.gone_line, line);
	ck_assert_str_eq(verdict.gone, gone);
}

static unsigned int warnings;

static void
count_warning(const char *warning)
{
	warnings++;
	ck_assert_ptr_nonnull(strstr(warning, POLICY ":2: there is no "));
}

/* The other rules count, and the one denies nothing. */
START_TEST(an_account_that_is_gone_voids_its_rule_alone)
{
	UNIT_NEEDS(make_tree(), "no user namespaces here");
	ck_assert(unit_write(POLICY,
	    GOOD "deny user gone tcp/443\ndeny any tcp/80\n"));
	assert_permits("443", true, 1);
	assert_permits("80", false, 3);
	ck_assert(unit_write(POLICY, GOOD "permit group gone tcp/81\n"));
	assert_permits("443", true, 1);
	assert_permits("81", false, 0);
	assert_gone("81", 2, "group 'gone' in /etc/group");
	assert_gone("82", 0, "");
	verdict_warn(count_warning);
	ck_assert_uint_eq(warnings, 1);
	/* What would not have decided is not to blame. */
	ck_assert(unit_write(POLICY,
	    "deny user gone tcp/81\npermit user gone tcp/82 tcp/83\n"
	    "deny any tcp/82\ndeny any tcp/83\npermit group gone tcp/83\n"));
	assert_gone("81", 0, "");
	assert_gone("82", 0, "");
	assert_gone("83", 5, "group 'gone' in /etc/group");
	assert_permits("83", false, 4);
	/* Without the database nobody knows whom it denies. */
	ck_assert(unit_write(POLICY, GOOD "deny user other tcp/443\n"));
	assert_permits("443", true, 1);
	ck_assert_int_eq(unlink("/etc/passwd"), 0);
	assert_no_verdict(POLICY ":2: cannot look up user 'other' in "
				 "/etc/passwd: there is none");
}
END_TEST

static void
add_refusals(Suite *s)
{
	TCase *t = tcase_create("refusals");

	tcase_add_test(t, an_account_that_is_gone_voids_its_rule_alone);
	tcase_add_loop_test(t, an_error_anywhere_permits_nothing, 0,
	    LENGTH(wrong));
	tcase_add_test(t, no_policy_permits_nothing);
	tcase_add_test(t, a_policy_of_others_permits_nothing);
	tcase_add_test(t, the_size_is_bounded);
	tcase_add_test(t, a_policy_may_be_full);
	suite_add_tcase(s, t);
}

static void
add_grants(Suite *s)
{
	TCase *t = tcase_create("grants");

	tcase_add_test(t, grants_what_the_policy_permits);
	tcase_add_test(t, grants_nothing_before_it_is_read);
	tcase_add_test(t, grants_nothing_without_a_policy);
	tcase_add_test(t, grants_what_was_not_given);
	tcase_add_test(t, grants_root_its_own);
	suite_add_tcase(s, t);
}

static Suite *
suite(void)
{
	Suite *s = suite_create("verdict");
	TCase *t = tcase_create("verdict");

	tcase_add_loop_test(t, the_last_match_decides, 0, LENGTH(judged));
	tcase_add_test(t, each_mapping_has_its_verdict);
	suite_add_tcase(s, t);
	add_refusals(s);
	add_grants(s);
	return s;
}

int
main(void)
{
	return unit_run(suite());
}
