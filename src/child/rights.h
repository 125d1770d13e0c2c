/* SPDX-License-Identifier: ISC */
/*
 * The rights this process was started with, and whether they are enough to bind
 * a privileged port.
 */
#ifndef RIGHTS_H
#define RIGHTS_H

#include <stdbool.h>
#include <stdint.h>

#include "reason.h"

/* Before anything is dropped.  The first three are of CAP_NET_BIND_SERVICE. */
struct rights {
	bool permitted;
	bool ambient; /* a service manager gave it */
	bool bounded; /* it is in the bounding set */
	bool root;
	bool no_new_privs;
	bool gained;     /* by the exec of this program: the policy is asked */
	int seccomp;     /* mode, 0 for none (proc(5)) */
	uint64_t no_bpf; /* what is missing of PRIVILEGE_BPF */
	bool hidden, bpf_hidden; /* rights_hidden of either */
};

struct rights rights_look(void);

/* The reason for which this process cannot use CAP_NET_BIND_SERVICE. */
enum rights_lack {
	RIGHTS_SUFFICE,
	RIGHTS_FOREIGN, /* the network is of another user namespace */
	RIGHTS_NOT_BOUNDED,
	RIGHTS_NO_XATTR,             /* the file has no capability */
	RIGHTS_NO_XATTR_HERE,        /* likewise, in a container whose users
					are not the host's */
	RIGHTS_NO_XATTRS,            /* its file system has no attributes */
	RIGHTS_NOSUID,               /* its file system is mounted nosuid */
	RIGHTS_NO_NEW_PRIVS,         /* no_new_privs was set */
	RIGHTS_NO_NEW_PRIVS_AS_INIT, /* likewise, and lowport is process 1 */
	RIGHTS_NO_NEW_PRIVS_BEHIND,  /* likewise, before its parent ran */
	RIGHTS_TRACED,
	RIGHTS_HIDDEN,      /* by AppArmor */
	RIGHTS_NOT_GRANTED, /* the file has it, and exec did not give it */
};

enum rights_lack rights_lack(const struct rights *);

/* The ancestors of lowport that are under no_new_privs, the oldest first; true if
 * process 1 is one. */
bool rights_forerunners(char names[REASON_TEXT]);

/*
 * True if root lacks some of these although exec must have given them: AppArmor
 * hides from capget(2) what its profile does not permit.  Before the bounding
 * set is emptied.
 */
bool rights_hidden(uint64_t set);

/* The rule that such a profile lacks: "capability setgid setuid,". */
#define RIGHTS_RULE 128
const char *rights_rule(char text[RIGHTS_RULE], uint64_t set);

/* True if the file's capability is effective at once (=ep).  The kernel then
 * refuses to execute the file if the bounding set lacks the capability
 * (capabilities(7)). */
bool rights_file_is_effective(void);

#endif
