/* SPDX-License-Identifier: ISC */
/*
 * Runs in: both processes.  This is where the capability is raised, and where
 * it goes.
 * Reads: the ids of the plan, after plan_check, or of the child's own -u.
 */
#include <errno.h>
#include <grp.h>
#include <linux/securebits.h>
#include <sys/auxv.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "message.h"
#include "privilege.h"
#include "user.h"

static cap_t
capabilities_get(void)
{
	cap_t set = cap_get_proc();

	if (set == NULL)
		fatal("cannot read the capabilities of this process");
	return set;
}

static bool
permitted(cap_t set, cap_value_t capability)
{
	cap_flag_value_t value = CAP_CLEAR;

	cap_get_flag(set, capability, CAP_PERMITTED, &value);
	return value == CAP_SET;
}

static void
capabilities_set(cap_t set)
{
	if (cap_set_proc(set) != 0)
		fatal("cannot set the capabilities of this process");
	cap_free(set);
}

bool
privilege_gained(void)
{
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
		return false;
	/* For root AT_SECURE is never set, not even where uid 0 is nothing
	 * special. */
	if (getuid() == 0)
		return (prctl(PR_GET_SECUREBITS, 0, 0, 0, 0) & SECBIT_NOROOT) !=
		    0;
	return getauxval(AT_SECURE) != 0;
}

void
privilege_hide(void)
{
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		fatal("cannot hide this process from others of its user");
}

void
privilege_trim(bool bind)
{
	static const cap_value_t wanted[] = {CAP_SETUID, CAP_SETGID,
	    CAP_SETPCAP, CAP_NET_BIND_SERVICE};
	const size_t count = sizeof(wanted) / sizeof(wanted[0]) - !bind;
	cap_t old = capabilities_get(), new = cap_init();
	size_t i;

	if (new == NULL)
		fatal("cannot allocate a capability set");
	for (i = 0; i < count; i++)
		if (permitted(old, wanted[i]))
			cap_set_flag(new, CAP_PERMITTED, 1, &wanted[i],
			    CAP_SET);
	cap_free(old);
	capabilities_set(new);
}

static void
raise_permitted(const cap_value_t *wanted, size_t count)
{
	cap_t set = capabilities_get();
	size_t i;

	for (i = 0; i < count; i++)
		if (permitted(set, wanted[i]))
			cap_set_flag(set, CAP_EFFECTIVE, 1, &wanted[i],
			    CAP_SET);
	capabilities_set(set);
}

void
privilege_raise(void)
{
	static const cap_value_t wanted[] = {CAP_NET_BIND_SERVICE};

	raise_permitted(wanted, 1);
}

void
privilege_lower(void)
{
	cap_t set = capabilities_get();

	cap_clear_flag(set, CAP_EFFECTIVE);
	capabilities_set(set);
}

/*
 * The bounding set can be emptied with CAP_SETPCAP alone.  Without it, the
 * call is EPERM and no_new_privs is what makes the drop final: no exec can add
 * a capability any more (tests/root/privilege.bats).
 */
static void
drop_bounding(void)
{
	cap_value_t capability;

	for (capability = 0; capability < cap_max_bits(); capability++)
		if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0)
			return;
}

static void
drop_capabilities(void)
{
	cap_t none = cap_init();

	if (none == NULL)
		fatal("cannot allocate a capability set");
	/* First the ambient set: clearing needs no capability. */
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0 &&
	    errno != EINVAL)
		fatal("cannot clear the ambient capabilities");
	capabilities_set(none);
}

/* "No new privileges" last: it must not hinder the steps above it. */
void
privilege_seal(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		fatal("cannot set no_new_privs");
}

static bool
capability_left(void)
{
	cap_t set = capabilities_get(), none = cap_init();
	bool left = none == NULL || cap_compare(set, none) != 0;

	cap_free(set);
	cap_free(none);
	return left;
}

static bool
capability_regained(void)
{
	static const cap_value_t wanted[] = {CAP_NET_BIND_SERVICE};
	cap_t set = capabilities_get();
	bool regained;

	cap_set_flag(set, CAP_PERMITTED, 1, wanted, CAP_SET);
	cap_set_flag(set, CAP_EFFECTIVE, 1, wanted, CAP_SET);
	regained = cap_set_proc(set) == 0;
	cap_free(set);
	return regained;
}

/* What permanently_set_uid of OpenSSH taught: after dropping, try. */
static void
prove_dropped(uid_t uid, gid_t gid)
{
	uid_t real, effective, saved;
	gid_t rgid, egid, sgid;

	if (capability_left() || capability_regained())
		fatalx("a capability survived the drop; refusing to go on");
	if (getresuid(&real, &effective, &saved) != 0 || real != uid ||
	    effective != uid || saved != uid)
		fatalx("a user id survived the drop; refusing to go on");
	if (getresgid(&rgid, &egid, &sgid) != 0 || rgid != gid || egid != gid ||
	    sgid != gid)
		fatalx("a group id survived the drop; refusing to go on");
	if (uid != 0 && setresuid(0, 0, 0) == 0)
		fatalx("root survived the drop; refusing to go on");
}

/*
 * Order: bounding set and ids while the capabilities for them are there, groups
 * before the user (setgroups(2) needs CAP_SETGID).  Ids that stay are left
 * alone: an ordinary user may not even repeat his own groups.
 */
static bool
change_ids(uid_t uid, gid_t gid, const gid_t *groups, size_t group_count)
{
	static const cap_value_t wanted[] = {CAP_SETUID, CAP_SETGID,
	    CAP_SETPCAP};

	raise_permitted(wanted, 3);
	drop_bounding();
	if (uid == getuid() && gid == getgid())
		return true;
	return setgroups(group_count, groups) == 0 &&
	    setresgid(gid, gid, gid) == 0 && setresuid(uid, uid, uid) == 0;
}

void
privilege_drop(uid_t uid, gid_t gid)
{
	if (!change_ids(uid, gid, NULL, 0))
		fatal("cannot become user %u, group %u", uid, gid);
	drop_capabilities();
	privilege_seal();
	prove_dropped(uid, gid);
}

void
privilege_become(const struct user *user)
{
	if (!change_ids(user->uid, user->gid, user->groups, user->group_count))
		fatal("cannot become user %u, group %u (-u takes root with "
		      "CAP_SETUID and CAP_SETGID)",
		    user->uid, user->gid);
	drop_capabilities();
	prove_dropped(user->uid, user->gid);
	/* A file capability made the process non-dumpable (prctl(2),
	 * PR_SET_DUMPABLE), and so did the change of user. */
	if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0)
		fatal("cannot make this process readable to the helper");
}
