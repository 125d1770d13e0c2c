/* SPDX-License-Identifier: ISC */
/*
 * seccomp(2): the helper's confinement; the listener by which it sees and answers
 * the server's bind(2) (seccomp_unotify(2)); and what the server is denied.  This
 * room alone calls seccomp(2) and the listener's ioctls.
 */
#ifndef SECCOMP_H
#define SECCOMP_H

#include <linux/seccomp.h>
#include <stdbool.h>

/*
 * True if a filter that is there already ends a process that makes seccomp(2), or
 * pidfd_getfd(2): neither confining itself nor looking at the server is possible
 * then, and neither call is made.  main asks first: to find out takes a process.
 */
bool seccomp_is_deadly(void);

/* 0, or the errno(3) value with which no filter can be loaded. */
int seccomp_refusal(void);

/*
 * In the helper: confines it.  Any system call that is not on the list in
 * filters.c kills it; with expected, it may also write to other processes' memory.
 * no_new_privs must be set.  Ends the process on failure; but in a dry run,
 * without a server, it goes on, and the child says that no server could run.
 */
void seccomp_confine(bool expected, bool dry);

/*
 * In the child: from here on ioctl(2) of TIOCSTI and TIOCLINUX fails with EPERM,
 * in this process and all its children, 32-bit programs included.  no_new_privs
 * must be set.  Ends the process on failure.
 */
void seccomp_deny_typing(void);

/* The calls that are trapped besides bind(2), landlock_create_ruleset(2) and
 * landlock_restrict_self(2). */
enum seccomp_traps {
	SECCOMP_FETCH,    /* nothing */
	SECCOMP_OBSERVE,  /* the setsockopt(2) calls of sockopt.h */
	SECCOMP_EXPECTED, /* getsockname(2) */
};

struct seccomp_listener {
	int fd; /* close-on-exec; -1 with errno if it failed */
	/* A signal may interrupt a call the helper has received: before Linux
	 * 5.19, without SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV. */
	bool interruptible;
};

/*
 * In the child: sets no_new_privs and traps calls of this process and all its
 * children, for good.  With baseline it uses nothing that Linux 5.9 lacks.
 */
struct seccomp_listener seccomp_listen(enum seccomp_traps, bool baseline);

/* In the child: true if the kernel certainly has all that a listener takes, as
 * Linux 5.19 has.  Installs nothing. */
bool seccomp_is_complete(void);

/* In the helper, and below: receives one call.  Returns false with errno; ENOENT
 * if the call has gone already. */
bool seccomp_receive(int listener, struct seccomp_notif *);

/* Returns true while the call still waits: then the bytes that were read are its
 * task's. */
bool seccomp_valid(int listener, const struct seccomp_notif *);

/* Lets the kernel carry out the call as if nobody had looked. */
void seccomp_continue(int listener, const struct seccomp_notif *);

/* Answers 0, or a positive errno(3) value.  Returns false if the task no longer
 * waits. */
bool seccomp_answer(int listener, const struct seccomp_notif *, int error);

/*
 * Puts a duplicate of fd at the task's descriptor target, and closes what was
 * there (SECCOMP_IOCTL_NOTIF_ADDFD, Linux 5.9).  Returns 0 or an errno(3) value.
 */
int seccomp_replace(int listener, const struct seccomp_notif *, int fd,
    int target, bool close_on_exec);

#endif
