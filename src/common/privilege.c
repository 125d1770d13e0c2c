/* SPDX-License-Identifier: ISC */
/*
 * Runs in: both processes.  The capability is raised here, and dropped here.
 * Reads: the ids of the plan, after plan_check; in the child those of -u.
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

/* To change the ids, and to make that final. */
#define FOR_IDS                                                                \
	(UINT64_C(1) << CAP_SETUID | UINT64_C(1) << CAP_SETGID |               \
	    UINT64_C(1) << CAP_SETPCAP)

/* The sets of a process (capabilities(7)). */
struct sets {
	uint64_t permitted;
	uint64_t effective;
	uint64_t inheritable;
};

static bool
has(uint64_t set, cap_value_t capability)
{
	return (set >> capability & 1) != 0;
}

/* By libcap's cap_get_flag(3), a call for each capability of each set, this took
 * a twentieth of the start. */
static uint64_t
join(uint32_t low, uint32_t high)
{
	return (uint64_t)high << 32 | low;
}

static struct sets
sets_get(void)
{
	struct __user_cap_header_struct self = {_LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct half[_LINUX_CAPABILITY_U32S_3];

	if (capget(&self, half) != 0)
		fatal("cannot read the capabilities of this process");
	return (struct sets){join(half[0].permitted, half[1].permitted),
	    join(half[0].effective, half[1].effective),
	    join(half[0].inheritable, half[1].inheritable)};
}

static bool
sets_try(struct sets sets)
{
	struct __user_cap_header_struct self = {_LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct half[_LINUX_CAPABILITY_U32S_3];
	int i;

	for (i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
		half[i] = (struct __user_cap_data_struct){
		    .permitted = (uint32_t)(sets.permitted >> 32 * i),
		    .effective = (uint32_t)(sets.effective >> 32 * i),
		    .inheritable = (uint32_t)(sets.inheritable >> 32 * i)};
	return capset(&self, half) == 0;
}

static void
sets_put(struct sets sets)
{
	if (!sets_try(sets))
		fatal("cannot set the capabilities of this process");
}

static bool
sets_equal(struct sets one, struct sets other)
{
	return one.permitted == other.permitted &&
	    one.effective == other.effective &&
	    one.inheritable == other.inheritable;
}

/* If nothing changes, nothing is called: the kernel would copy all credentials of
 * this process. */
static void
sets_change(struct sets from, struct sets to)
{
	if (!sets_equal(from, to))
		sets_put(to);
}

bool
privilege_gained(void)
{
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
		return false;
	/* The kernel never sets AT_SECURE for root, not even if uid 0 is
	 * nothing special. */
	if (getuid() == 0)
		return (prctl(PR_GET_SECUREBITS, 0, 0, 0, 0) & SECBIT_NOROOT) !=
		    0;
	return getauxval(AT_SECURE) != 0;
}

uint64_t
privilege_permitted(void)
{
	return sets_get().permitted;
}

static void
hide(void)
{
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		fatal("cannot hide this process from others of its user");
}

void
privilege_hide(void)
{
	if (privilege_permitted() != 0)
		hide();
}

void
privilege_show(void)
{
	if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0)
		fatal("cannot make this process readable to the helper");
}

/* Of the permitted capabilities only these stay; none is effective. */
static void
keep_permitted(uint64_t kept)
{
	const struct sets sets = sets_get();

	sets_change(sets, (struct sets){.permitted = sets.permitted & kept});
}

void
privilege_disarm(void)
{
	/* Nobody without a capability can trace a process that has it. */
	privilege_hide();
	keep_permitted(~PRIVILEGE_BIND);
}

void
privilege_trim(uint64_t kept)
{
	keep_permitted(kept | FOR_IDS);
}

static void
raise_permitted(uint64_t wanted)
{
	const struct sets sets = sets_get();
	struct sets raised = sets;

	raised.effective |= sets.permitted & wanted;
	sets_change(sets, raised);
}

void
privilege_use(uint64_t wanted)
{
	raise_permitted(wanted);
}

void
privilege_raise(void)
{
	raise_permitted(PRIVILEGE_BIND);
}

void
privilege_lower(void)
{
	struct sets sets = sets_get();

	sets.effective = 0;
	sets_put(sets);
}

/*
 * The bounding set can be emptied with CAP_SETPCAP alone.  Without it, the
 * call is EPERM and no_new_privs is what makes the drop final: no exec can add
 * a capability any more (tests/root/privilege.bats).
 */
static void
drop_bounding(uint64_t kept)
{
	cap_value_t c;

	for (c = 0; c < cap_max_bits(); c++)
		if (!has(kept, c) && cap_drop_bound(c) != 0)
			return;
}

static bool
is_bounded(uint64_t kept)
{
	cap_value_t c;

	for (c = 0; c < cap_max_bits(); c++)
		if (!has(kept, c) && cap_get_bound(c) == CAP_SET)
			return false;
	return true;
}

/* An exec hands on what is inheritable and ambient: for root too, if the
 * bounding set could not be emptied. */
static void
drop_capabilities(struct sets left)
{
	cap_value_t c;

	/* First the ambient set: clearing it needs no capability.  (libcap's
	 * cap_reset_ambient succeeds too if prctl(2) is refused.) */
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0 &&
	    errno != EINVAL)
		fatal("cannot clear the ambient capabilities");
	sets_put(left);
	for (c = 0; c < cap_max_bits(); c++)
		if (has(left.inheritable, c) &&
		    cap_set_ambient(c, CAP_SET) != 0)
			fatal("cannot keep a capability for the server");
}

/* "No new privileges" last: it must not hinder the steps above it. */
void
privilege_seal(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		fatal("cannot set no_new_privs");
}

static bool
capability_left(struct sets left)
{
	return !sets_equal(sets_get(), left);
}

static bool
capability_regained(void)
{
	struct sets sets = sets_get();

	sets.permitted |= PRIVILEGE_BIND;
	sets.effective |= PRIVILEGE_BIND;
	return sets_try(sets);
}

/* As permanently_set_uid of OpenSSH does.  After dropping, try. */
static void
prove_dropped(uid_t uid, gid_t gid, struct sets left)
{
	uid_t real, effective, saved;
	gid_t rgid, egid, sgid;

	if (capability_left(left) || capability_regained())
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
 * Order: ids while the capabilities for them are there, and groups before the
 * user (setgroups(2) needs CAP_SETGID).  If the ids stay, nothing is called: an
 * ordinary user may not even repeat his own groups.
 *
 * A process that changes its ids becomes as dumpable as fs.suid_dumpable says
 * (proc_sys_fs(5)); 1 makes it dumpable.  So the capabilities stay permitted
 * until the process is hidden once more: processes of the new user without them
 * cannot trace it (ptrace(2), "Ptrace access mode checking").
 */
static bool
change_ids(uid_t uid, gid_t gid, const gid_t *groups, size_t group_count)
{
	if (uid == getuid() && gid == getgid())
		return true;
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0)
		fatal("cannot keep capabilities through a change of user");
	if (setgroups(group_count, groups) != 0 ||
	    setresgid(gid, gid, gid) != 0 || setresuid(uid, uid, uid) != 0)
		return false;
	hide();
	return true;
}

void
privilege_change_user(uid_t uid, gid_t gid)
{
	raise_permitted(FOR_IDS);
	if (!change_ids(uid, gid, NULL, 0))
		fatal("cannot become user %u, group %u", uid, gid);
	keep_permitted(
	    PRIVILEGE_BIND | PRIVILEGE_KILL | UINT64_C(1) << CAP_SETPCAP);
}

void
privilege_drop(uid_t uid, gid_t gid, uint64_t kept)
{
	const uint64_t there = privilege_permitted() & kept;
	const struct sets left = {.permitted = there, .effective = there};

	raise_permitted(FOR_IDS);
	drop_bounding(0);
	if (!change_ids(uid, gid, NULL, 0))
		fatal("cannot become user %u, group %u", uid, gid);
	drop_capabilities(left);
	privilege_seal();
	prove_dropped(uid, gid, left);
}

/* EINVAL: /proc/self/uid_map or gid_map has no such number (setresuid(2)). */
static _Noreturn void
fatal_of_ids(const struct user *user)
{
	if (errno == EINVAL)
		fatalx("cannot become user %u, group %u: this user namespace "
		       "has no such number (systemd's PrivateUsers=, a "
		       "container's map of users); start lowport outside of "
		       "it, or as that user",
		    user->uid, user->gid);
	fatal("cannot become user %u, group %u (-u takes root with CAP_SETUID "
	      "and CAP_SETGID: docker run --cap-add, Kubernetes "
	      "capabilities.add: [\"SETUID\", \"SETGID\"])",
	    user->uid, user->gid);
}

void
privilege_become(const struct user *user, uint64_t kept, bool new_privs)
{
	const struct sets left = {.permitted = kept, .inheritable = kept};

	raise_permitted(FOR_IDS);
	/* By any exec, root gains what the bounding set has. */
	if (!new_privs || user->uid == 0)
		drop_bounding(kept);
	if (new_privs && user->uid == 0 && !is_bounded(kept))
		fatalx("--allow-new-privs: root would regain what it gives up; "
		       "start lowport with CAP_SETPCAP, or leave it out");
	if (!change_ids(user->uid, user->gid, user->groups, user->group_count))
		fatal_of_ids(user);
	drop_capabilities(left);
	prove_dropped(user->uid, user->gid, left);
}
