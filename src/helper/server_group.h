/* SPDX-License-Identifier: ISC */
/*
 * The server's control group, by --method bpf: the kernel maps the ports of all
 * that is in it (bind_program.h), and the helper has nothing to hand over.
 *
 * It lies in a directory that the server's user owns, so that the powerless
 * helper can remove it.  Everything in the group is root's, so that no process
 * of the user can enter it, leave it, or make one below.
 */
#ifndef SERVER_GROUP_H
#define SERVER_GROUP_H

#include <stdbool.h>
#include <sys/types.h>

#include "bind_program.h"
#include "plan.h"

struct handoff;

/* All zero if there is none. */
struct server_group {
	int directory; /* of the user's */
	char name[24]; /* in it */
	const struct bind_counts *counts;
	uint64_t uncovered; /* so many of these have been looked at */
	uint64_t inode;     /* the kernel's number for it */
};

/* True if this process has what server_group_make takes.  Tries only what a
 * seccomp profile could forbid, and only under one. */
bool server_group_is_permitted(const struct plan *);

/*
 * Makes the group below the one this process is in, attaches the programs, and
 * moves the child there, a process of one thread.  Removes the groups of helpers
 * that were killed.  Takes PRIVILEGE_GROUP permitted, and raises it.  Says in
 * the answer how far that came; returns whether it is done.
 *
 * If the plan is dry, this process itself goes there and comes back, nothing is
 * left, and the results are those of binds in the group if the plan is for bpf.
 */
bool server_group_make(struct server_group *, const struct plan *, pid_t child,
    struct answer *);

/* Notes which mappings a bind has used, and reports binds that none covers: reads
 * memory, without a system call. */
void server_group_look(struct handoff *);

/* Removes the group, if no process is in it any more. */
void server_group_remove(struct server_group *);

#endif
