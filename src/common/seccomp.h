/* SPDX-License-Identifier: ISC */
/*
 * seccomp(2): the helper's own confinement, the listener through which the
 * helper sees and answers the server's bind(2) (seccomp_unotify(2)), and what the
 * server is denied.  The only room that calls seccomp(2) or the listener's
 * ioctls.
 */
#ifndef SECCOMP_H
#define SECCOMP_H

#include <linux/seccomp.h>
#include <stdbool.h>

/*
 * Confines this process: any system call that is not on the list in filters.c
 * kills it.  With expected, it may write to other processes' memory too.
 * no_new_privs must be set.  Ends the process on failure.
 */
void seccomp_confine(bool expected);

/*
 * ioctl(2) of TIOCSTI and TIOCLINUX fails with EPERM from here on, in this
 * process and all its children, those of 32-bit programs included.  no_new_privs
 * must be set.  Ends the process on failure.
 */
void seccomp_deny_typing(void);

/* What is trapped, beside bind(2), landlock_create_ruleset(2) and
 * landlock_restrict_self(2). */
enum seccomp_traps {
	SECCOMP_FETCH,    /* nothing */
	SECCOMP_OBSERVE,  /* the setsockopt(2) calls of sockopt.h */
	SECCOMP_EXPECTED, /* getsockname(2) */
};

/* What seccomp_listen installed. */
struct seccomp_listener {
	int fd; /* close-on-exec; -1 with errno where it failed */
	/* A signal may interrupt a call the helper has received: before Linux
	 * 5.19, without SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV. */
	bool interruptible;
};

/*
 * Sets no_new_privs and traps calls of this process, for good and for all its
 * children.  With baseline it asks for nothing that Linux 5.9 lacks.
 */
struct seccomp_listener seccomp_listen(enum seccomp_traps, bool baseline);

/*
 * Receives one call.  Returns false where it is gone already (errno ENOENT).
 */
bool seccomp_receive(int listener, struct seccomp_notif *);

/* True while the call still waits: what was read of its task is its own. */
bool seccomp_valid(int listener, const struct seccomp_notif *);

/* Lets the kernel carry out the call as if nobody had looked. */
void seccomp_continue(int listener, const struct seccomp_notif *);

/* Answers 0, or an error (a positive errno(3) value).  Returns false where
 * nobody waits for it any more. */
bool seccomp_answer(int listener, const struct seccomp_notif *, int error);

/*
 * Puts a duplicate of fd into the task's descriptor table at target, closing
 * what is there (SECCOMP_IOCTL_NOTIF_ADDFD, Linux 5.9).  Returns 0 or an errno.
 */
int seccomp_replace(int listener, const struct seccomp_notif *, int fd,
    int target, bool close_on_exec);

#endif
