/* SPDX-License-Identifier: ISC */
/*
 * bpf(2): the only room that calls it.  Everything here takes CAP_BPF and
 * CAP_NET_ADMIN of the initial user namespace, and what finds an object by its
 * number CAP_SYS_ADMIN.  All descriptors are close-on-exec.
 */
/* BPF_H is one of linux/bpf_common.h's. */
#ifndef LOWPORT_BPF_H
#define LOWPORT_BPF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bind_program.h"

/* Makes a map for counts, all 0, and maps it into the memory of this process, for
 * good (BPF_F_MMAPABLE, Linux 5.5).  Returns a descriptor, or -1 with errno. */
int bpf_make_counts(const struct bind_counts **);

/*
 * Writes and loads the programs of the note's mappings, each under the name of
 * its hook: descriptors, -1 for a hook that is not wanted.  counts is the map, or
 * -1.  False with errno: EPERM without the capability, EINVAL if the kernel
 * cannot waive CAP_NET_BIND_SERVICE (before Linux 5.12) or knows no programs of
 * control groups.
 */
bool bpf_load(int programs[BIND_HOOKS], const struct bind_note *, int counts);

/* Loads the shortest program that permits a port, and lets it go. */
bool bpf_is_permitted(void);

/*
 * Attaches a program to a group, behind those that are there; or in the place
 * of old, a descriptor, unless it is -1 (BPF_F_REPLACE, Linux 5.6).  It stays
 * until it is detached or the group is removed.  Returns 0, or -1 with errno:
 * EPERM if a program of this group, or of one above, permits no other.
 */
int bpf_attach(int group, enum bind_hook, int program, int old);

/* Returns 0, or -1 with errno. */
int bpf_detach(int group, enum bind_hook, int program);

/*
 * Finds a program of lowport's that is attached to this group itself: one with
 * the name of its hook and a note, which is copied.  Of a note that another
 * version has written only magic and version are, and no mappings.  Returns a
 * descriptor of the program, or -1 with errno: ENOENT if there is none.
 */
int bpf_find(int group, enum bind_hook, struct bind_note *);

#endif
