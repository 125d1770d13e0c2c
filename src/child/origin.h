/* SPDX-License-Identifier: ISC */
/*
 * Where the privilege comes from: what this process was like when it was
 * started, and what its file and its namespaces are.
 */
#ifndef ORIGIN_H
#define ORIGIN_H

#include <stdbool.h>

/* Of CAP_NET_BIND_SERVICE, before anything was dropped. */
struct origin {
	bool permitted;
	bool ambient; /* handed down by a service manager */
	bool bounded; /* it is in the bounding set */
	bool root;
	bool no_new_privs;
	bool gained; /* by this very exec: the policy is asked */
	int seccomp; /* mode, 0 for none (proc(5)) */
};

/* Looks.  To be called first thing. */
struct origin origin_look(void);

/* What stands between this process and the capability's use. */
enum origin_lack {
	ORIGIN_LACKS_NOTHING,
	ORIGIN_FOREIGN, /* the network is of another user namespace */
	ORIGIN_NOT_BOUNDED,
	ORIGIN_NO_XATTR,     /* the file has no capability */
	ORIGIN_NO_XATTRS,    /* nor can it: its file system has no attributes */
	ORIGIN_NOSUID,       /* its file system voids it */
	ORIGIN_NO_NEW_PRIVS, /* no_new_privs voids it */
	ORIGIN_TRACED,       /* a tracer does */
	ORIGIN_NOT_GRANTED,  /* it is there, and was not granted all the same */
};

enum origin_lack origin_lack(const struct origin *);

/* True where the file's capability is effective at once (=ep): the kernel then
 * refuses to execute it where the bounding set lacks it (capabilities(7)). */
bool origin_file_is_effective(void);

/* The path of this program, for a message. */
const char *origin_path(void);

#endif
