/* SPDX-License-Identifier: ISC */
/*
 * Capabilities and ids: the only room that changes them.  Its functions stand
 * in the order in which each process calls them.
 */
#ifndef PRIVILEGE_H
#define PRIVILEGE_H

#include <linux/capability.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct user;

/* Sets of capabilities have a bit for each (capabilities(7)). */
#define PRIVILEGE_BIND (UINT64_C(1) << CAP_NET_BIND_SERVICE)
#define PRIVILEGE_KILL (UINT64_C(1) << CAP_KILL)
#define PRIVILEGE_IDS  (UINT64_C(1) << CAP_SETUID | UINT64_C(1) << CAP_SETGID)

/* Rights for a server's group (server_group.h): CAP_BPF, CAP_NET_ADMIN to load
 * and attach its programs, CAP_DAC_OVERRIDE to make a group below the root group,
 * in which nobody may write, and CAP_CHOWN to give its directory to the server's
 * user.  --attach (attach.h) also finds what is attached, by CAP_SYS_ADMIN. */
#define PRIVILEGE_BPF (UINT64_C(1) << CAP_BPF | UINT64_C(1) << CAP_NET_ADMIN)
#define PRIVILEGE_GROUP                                                        \
	(PRIVILEGE_BPF | UINT64_C(1) << CAP_DAC_OVERRIDE |                     \
	    UINT64_C(1) << CAP_CHOWN)
#define PRIVILEGE_ATTACH (PRIVILEGE_BPF | UINT64_C(1) << CAP_SYS_ADMIN)

/* ---- Both processes */

/* The permitted set of this process. */
uint64_t privilege_permitted(void);

/*
 * False only if it is certain that executing this program gave its caller
 * nothing:
 *
 *   The kernel did not set AT_SECURE (getauxval(3)).  It does if the permitted
 *   set grows beyond the ambient one.  A file capability empties that: so a
 *   caller who had the capability in his ambient set is asked too.
 *   The caller is root, of the system or of a user namespace, which then owns
 *   what it can bind; unless SECBIT_NOROOT makes root an ordinary user.
 *   no_new_privs was set: then an exec cannot add to the permitted set
 *   (capabilities(7)).  So this is called before the process sets it.
 */
bool privilege_gained(void);

/*
 * Makes the process non-dumpable (prctl(2), PR_SET_DUMPABLE): others of its
 * user can neither trace it nor list its descriptors, wherever its capability
 * came from.  A process without any stays as it is: its user can bind the same,
 * and a lowport around this one has to see it.  Ends the process on failure.
 */
void privilege_hide(void);

/*
 * Empties the effective set.  In the permitted set it keeps, of those that are
 * there, only these and what a change of ids takes: CAP_SETUID, CAP_SETGID,
 * CAP_SETPCAP.  Ends the process on failure.
 */
void privilege_trim(uint64_t kept);

/* ---- The helper: privilege_hide first of all, then privilege_trim */

/*
 * Becomes uid and gid without supplementary groups, so that the sockets are its
 * own: the kernel names the user who made a socket (sock_diag(7),
 * /proc/net/tcp), and rules of firewalls and routing hold for that user.  Of
 * the permitted capabilities it keeps CAP_NET_BIND_SERVICE, CAP_KILL and what
 * privilege_drop needs.  Ends the process on failure.
 */
void privilege_change_user(uid_t, gid_t);

/* Makes those of wanted effective that are permitted. */
void privilege_use(uint64_t wanted);

/*
 * Around the bind(2) calls of the pool.  The first makes CAP_NET_BIND_SERVICE
 * effective if it is permitted; if not, bind(2) decides, as the port may need
 * no capability.  The second empties the effective set again.
 */
void privilege_raise(void);
void privilege_lower(void);

/*
 * Drops every capability from every set, becomes uid and gid without
 * supplementary groups, sets no_new_privs (PR_SET_NO_NEW_PRIVS, Linux 3.5), and
 * then tries to regain the capability and the ids.  Of the capabilities it has,
 * those in kept stay, permitted and effective; no exec hands them on.  Ends the
 * process if any step fails, or if regaining succeeds.
 */
void privilege_drop(uid_t, gid_t, uint64_t kept);

/* ---- The child */

/*
 * Before it reads a byte of the caller's: privilege_hide; then empties the
 * effective set, and gives CAP_NET_BIND_SERVICE up.  Ends the process on
 * failure.  (When it knows the options, privilege_trim.)
 */
void privilege_disarm(void);

/*
 * Before it has a plan: the child's drop.  It ends like the helper's, but with
 * the user's supplementary groups, and a message for the user if the kernel
 * refuses the ids.  Only the capabilities in kept stay, permitted, and ambient,
 * so that the server has them.  With new_privs the bounding set stays as it is,
 * unless the user is root.  privilege_seal sets no_new_privs later.  A process
 * that was hidden stays so: others of the user could rewrite the plan and get
 * any port, as a plan that root made is not limited to the user's rights.
 */
void privilege_become(const struct user *, uint64_t kept, bool new_privs);

/* Before the process is shown.  Sets no_new_privs: nothing that it executes gains
 * privilege.  Ends the process on failure. */
void privilege_seal(void);

/*
 * When the plan is sent, and not before.  Makes the process dumpable: readable
 * to the helper, of the same user (ptrace(2), "Ptrace access mode checking"),
 * but also to all others of that user, who may trace and change it.
 */
void privilege_show(void);

#endif
