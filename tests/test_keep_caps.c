/* SPDX-License-Identifier: ISC */
/*
 * Lists of capabilities.  What becomes of them takes root:
 * tests/root/privilege.bats.
 */
#include <sys/capability.h>

#include "keep_caps.h"
#include "unit.h"

#define BIT(name) (UINT64_C(1) << CAP_##name)

static uint64_t set;
static char why[REASON_TEXT];

static const struct {
	const char *list;
	uint64_t set;
} lists[] = {
    {"net_admin", BIT(NET_ADMIN)},
    {"cap_net_admin", BIT(NET_ADMIN)},
    {"CAP_NET_ADMIN", BIT(NET_ADMIN)},
    {"NET_ADMIN", BIT(NET_ADMIN)},
    {"Cap_Net_Admin", BIT(NET_ADMIN)},
    {"CAP_net_admin", BIT(NET_ADMIN)},
    {"chown", BIT(CHOWN)},
    {"net_admin,setuid", BIT(NET_ADMIN) | BIT(SETUID)},
    {"setuid,CAP_SETGID,cap_kill", BIT(SETUID) | BIT(SETGID) | BIT(KILL)},
    {"kill,kill", BIT(KILL)},
    /* The lowest, and one of the second word. */
    {"chown,wake_alarm", BIT(CHOWN) | BIT(WAKE_ALARM)},
    {"block_suspend", BIT(BLOCK_SUSPEND)},
};

START_TEST(reads_names)
{
	set = ~UINT64_C(0);
	ck_assert(keep_caps_parse(lists[_i].list, &set, why));
	ck_assert_uint_eq(set, lists[_i].set);
}
END_TEST

/* Each is refused, though the first is not; these words are said. */
static const struct {
	const char *twin, *list, *words;
} refused[] = {
    {"net_admin", "", "'' is no capability"},
    {"net_admin", "net_admi", "'net_admi' is no capability"},
    {"net_admin", "net_admins", "'net_admins' is no capability"},
    {"net_admin", "net-admin", "'net-admin' is no capability"},
    {"net_admin", "cap_", "'cap_' is no capability"},
    {"net_admin", "cap_cap_net_admin", "'cap_cap_net_admin' is no"},
    {"net_admin", "cap", "'cap' is no capability"},
    {"net_admin", "all", "'all' is no capability"},
    {"net_admin", "12", "'12' is no capability"},
    {"net_admin", "cap_12", "'cap_12' is no capability"},
    /* An empty item, wherever it is. */
    {"net_admin", ",net_admin", "'' is no capability"},
    {"net_admin", "net_admin,", "'' is no capability"},
    {"net_admin,kill", "net_admin,,kill", "'' is no capability"},
    {"net_admin,kill", ",", "'' is no capability"},
    /* Nothing else stands between names, and nothing behind them. */
    {"net_admin,kill", "net_admin kill", "'net_admin kill' is no"},
    {"net_admin,kill", "net_admin, kill", "' kill' is no capability"},
    {"net_admin,kill", "net_admin;kill", "'net_admin;kill' is no"},
    {"net_admin,kill", "net_admin:kill", "'net_admin:kill' is no"},
    {"net_admin", "net_admin=ep", "'net_admin=ep' is no capability"},
    {"net_admin", "net_admin+p", "'net_admin+p' is no capability"},
    {"net_admin", "net_admin ", "'net_admin ' is no capability"},
    {"net_admin", "net_admin\n", "is no capability"},
    {"net_admin", "net_admin7", "'net_admin7' is no capability"},
    /* It is not for the server. */
    {"net_admin", "net_bind_service", "cannot keep it"},
    {"net_admin", "CAP_NET_BIND_SERVICE", "cannot keep it"},
    {"net_admin,kill", "net_admin,net_bind_service", "cannot keep it"},
    {"net_admin,kill", "net_bind_service,kill", "cannot keep it"},
};

START_TEST(refuses)
{
	ck_assert(keep_caps_parse(refused[_i].twin, &set, why));
	ck_assert(!keep_caps_parse(refused[_i].list, &set, why));
	ck_assert_msg(strstr(why, refused[_i].words) != NULL, "no '%s' in '%s'",
	    refused[_i].words, why);
}
END_TEST

/* So many times a name, with commas, and then another. */
static const char *
list_of(size_t times, const char *last)
{
	static char list[4096];
	char *at = list;

	while (times-- > 0)
		at = stpcpy(at, "chown,");
	strcpy(at, last);
	return list;
}

/* No name is lost where there are many: what is asked for is kept, or told. */
START_TEST(long_lists_lose_nothing)
{
	size_t times;

	for (times = 0; times < 300; times++) {
		if (keep_caps_parse(list_of(times, "kill"), &set, why))
			ck_assert_uint_eq(set,
			    BIT(KILL) | (times > 0 ? BIT(CHOWN) : 0));
		else
			ck_assert_ptr_nonnull(strstr(why, "too long"));
		ck_assert(!keep_caps_parse(list_of(times, "net_bind_service"),
		    &set, why));
	}
	/* Each there is, twice. */
	ck_assert(keep_caps_parse(list_of(80, "kill"), &set, why));
}
END_TEST

START_TEST(long_names_are_none)
{
	char name[2000];

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	ck_assert(!keep_caps_parse(name, &set, why));
	name[60] = '\0';
	ck_assert(!keep_caps_parse(name, &set, why));
	ck_assert_ptr_nonnull(strstr(why, "is no capability"));
	/* What is cut off does not make a name of it. */
	memset(name, ' ', 60);
	memcpy(name, "kill", 4);
	ck_assert(!keep_caps_parse(name, &set, why));
	memcpy(name, "checkpoint_restore_checkpoint_restore_checkpoint", 48);
	ck_assert(!keep_caps_parse(name, &set, why));
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("keep_caps");
	TCase *t = tcase_create("keep_caps");

	tcase_add_loop_test(t, reads_names, 0, LENGTH(lists));
	tcase_add_loop_test(t, refuses, 0, LENGTH(refused));
	tcase_add_test(t, long_lists_lose_nothing);
	tcase_add_test(t, long_names_are_none);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(suite());
}
