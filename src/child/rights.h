/* SPDX-License-Identifier: ISC */
/*
 * Where the privilege comes from: what this process was like when it was
 * started, and what its file and its namespaces are.
 */
#ifndef RIGHTS_H
#define RIGHTS_H

#include <stdbool.h>

/* Of CAP_NET_BIND_SERVICE, before anything was dropped. */
struct rights {
	bool permitted;
	bool ambient; /* handed down by a service manager */
	bool bounded; /* it is in the bounding set */
	bool root;
	bool no_new_privs;
	bool gained; /* by this very exec: the policy is asked */
	int seccomp; /* mode, 0 for none (proc(5)) */
};

/* Looks.  To be called first thing. */
struct rights rights_look(void);

/* What stands between this process and the capability's use. */
enum rights_lack {
	RIGHTS_SUFFICE,
	RIGHTS_FOREIGN, /* the network is of another user namespace */
	RIGHTS_NOT_BOUNDED,
	RIGHTS_NO_XATTR,     /* the file has no capability */
	RIGHTS_NO_XATTRS,    /* nor can it: its file system has no attributes */
	RIGHTS_NOSUID,       /* its file system voids it */
	RIGHTS_NO_NEW_PRIVS, /* no_new_privs voids it */
	RIGHTS_TRACED,       /* a tracer does */
	RIGHTS_NOT_GRANTED,  /* it is there, and was not granted all the same */
};

enum rights_lack rights_lack(const struct rights *);

/* True where the file's capability is effective at once (=ep): the kernel then
 * refuses to execute it where the bounding set lacks it (capabilities(7)). */
bool rights_file_is_effective(void);

#endif
