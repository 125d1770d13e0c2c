/* SPDX-License-Identifier: ISC */
/*
 * Capabilities and ids: the only room that changes them.
 *
 *   helper  privilege_hide     first of all
 *           privilege_trim     keeps what the drop itself needs
 *           privilege_change_user  so that the sockets are its own
 *           privilege_raise    around the bind(2) calls of the pool
 *           privilege_lower
 *           privilege_drop     for ever, and tries to undo it
 *   child   privilege_disarm   before it reads a byte of the caller's: hides
 *           privilege_trim     when it knows the options
 *           privilege_become   before it has a plan
 *           privilege_show     when the plan is sent, and not before
 *           privilege_seal     before the hand-off is installed
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

/* What this process may raise. */
uint64_t privilege_permitted(void);

/*
 * True unless it is certain that executing this program has given its caller
 * nothing.  It has not where the kernel did not set AT_SECURE (getauxval(3); it
 * does when the permitted set grows beyond the ambient one, which a file
 * capability empties: so a caller who had it in his ambient set is asked too),
 * where the caller is root, of the system or of a user namespace, which owns
 * what it can bind then, unless SECBIT_NOROOT makes root an ordinary user, or
 * where no_new_privs was set: under that an exec cannot add to the permitted
 * set (capabilities(7)).  To be asked before this process sets it.
 */
bool privilege_gained(void);

/*
 * Makes the process non-dumpable (prctl(2), PR_SET_DUMPABLE): others of its
 * user can neither trace it nor list its descriptors, wherever its capability
 * came from.  One that has none stays as it is: what it binds, its user can,
 * and a lowport around this one has to see it.  Ends the process on failure.
 */
void privilege_hide(void);

/* privilege_hide, and then empties the effective set, and gives
 * CAP_NET_BIND_SERVICE up.  Ends the process on failure. */
void privilege_disarm(void);

/*
 * Empties the effective set and keeps in the permitted set, of what is there,
 * only these and what changing ids takes: CAP_SETUID, CAP_SETGID, CAP_SETPCAP.
 * Ends the process on failure.
 */
void privilege_trim(uint64_t kept);

/*
 * Becomes uid and gid without supplementary groups, and keeps permitted, of what
 * is there, only CAP_NET_BIND_SERVICE, CAP_KILL and what privilege_drop needs.
 * The kernel names the user who made a socket (sock_diag(7), /proc/net/tcp), and
 * rules of firewalls and routing hold for that user.  Ends the process on
 * failure.
 */
void privilege_change_user(uid_t, gid_t);

/*
 * Makes CAP_NET_BIND_SERVICE effective, where it is permitted.  Where it is
 * not, the bind(2) that follows decides: the port may need no capability.
 */
void privilege_raise(void);

/* Empties the effective set again. */
void privilege_lower(void);

/*
 * Drops every capability from every set, becomes uid and gid without
 * supplementary groups, sets no_new_privs (PR_SET_NO_NEW_PRIVS, Linux 3.5),
 * and then tries to regain the capability and the ids.  Of what is there, only
 * those in kept stay, permitted and effective; no exec hands them on.  Ends the
 * process when any step fails, or when regaining does not.
 */
void privilege_drop(uid_t, gid_t, uint64_t kept);

/* Sets no_new_privs for this process: nothing it executes gains privilege.
 * Ends the process on failure. */
void privilege_seal(void);

/*
 * The child's drop: the same end, with the user's supplementary groups, and a
 * message for the user where the kernel refuses the ids.  Only the capabilities
 * in kept stay, permitted, and ambient, so that what it executes has them.
 * With new_privs the bounding set stays as it is, unless the user is root.
 * no_new_privs is left to privilege_seal.  What was hidden stays so: others of
 * the user could rewrite the plan, which the user's rights do not limit where
 * root made it, and get any port.
 */
void privilege_become(const struct user *, uint64_t kept, bool new_privs);

/*
 * Makes the process dumpable: readable to the helper, of the same user
 * (ptrace(2), "Ptrace access mode checking"), and to all others of that user,
 * who may trace and change it.  So not before the plan is sent.
 */
void privilege_show(void);

#endif
