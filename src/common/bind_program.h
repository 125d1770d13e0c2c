/* SPDX-License-Identifier: ISC */
/*
 * The programs of a control group that make a bind(2) of SERVER one of PUBLIC, in
 * the kernel (bpf(2), BPF_PROG_TYPE_CGROUP_SOCK_ADDR): a few instructions for
 * each mapping.
 *
 * A mapping without an address covers every address, and one with the wildcard
 * of a family covers every address of it.  Other binds are left as they are:
 * a bind(2) of PUBLIC itself takes the capability, as without the program.
 */
#ifndef BIND_PROGRAM_H
#define BIND_PROGRAM_H

#include <linux/bpf.h>
#include <stddef.h>

#include "mapping.h"
#include "plan.h"

/* The calls a program is attached to. */
enum bind_hook {
	BIND_HOOK_BIND4, /* bind(2) of AF_INET sockets, Linux 4.17 */
	BIND_HOOK_BIND6, /* of AF_INET6 sockets, IPv4 by IPv6 included */
	BIND_HOOK_NAME4, /* getsockname(2), Linux 5.8: SERVER for PUBLIC */
	BIND_HOOK_NAME6,
	BIND_HOOKS,
};

/*
 * A map beside the programs holds this note: --attached reads it later.
 * Another version of lowport may have written it, longer or shorter: the first
 * two members are always these.
 */
struct bind_note {
	uint64_t magic;   /* BIND_NOTE_MAGIC */
	uint32_t version; /* BIND_NOTE_VERSION */
	uint32_t mapping_count;
	struct mapping mappings[PLAN_MAPPINGS_MAX];
	uint32_t names; /* getsockname(2) answers SERVER: 0 or 1 */
};

#define BIND_NOTE_MAGIC   UINT64_C(0x74726f70776f6c0a)
#define BIND_NOTE_VERSION 1

void bind_note_write(struct bind_note *, const struct mapping *, size_t count,
    bool names);

/*
 * The programs of a running lowport count in a map, which the helper reads
 * without a system call.
 */
struct bind_counts {
	uint64_t used[PLAN_MAPPINGS_MAX]; /* binds that the mapping covers */
	/* The last bind of an expected or public port that no mapping
	 * covers. */
	struct bind_uncovered {
		uint64_t count;
		uint64_t group;    /* of the process: the number of its inode */
		uint32_t family;   /* AF_INET or AF_INET6 */
		uint32_t protocol; /* IPPROTO_TCP and so on */
		uint32_t port;     /* in host byte order */
		uint32_t address[4];
	} uncovered;
};

/* Descriptors of maps.  counts may be -1: nothing is counted then. */
struct bind_maps {
	int note;
	int counts;
};

/* The result of a program that also waives the capability (Linux 5.12,
 * BPF_RET_BIND_NO_CAP_NET_BIND_SERVICE). */
#define BIND_PROGRAM_PERMITS 3

/* The longest program: all mappings, its beginning and its end. */
#define BIND_PROGRAM_MAX (PLAN_MAPPINGS_MAX * 32 + 32)

struct bind_program {
	size_t count;
	struct bpf_insn instructions[BIND_PROGRAM_MAX];
};

/*
 * Writes the program of a hook for these mappings, PLAN_MAPPINGS_MAX at the most.
 * Those by descriptor and inherited ones take none.  The program refers to the
 * note without reading it: so the kernel keeps that map as long as the program,
 * and shows it to who asks what the program is.
 */
void bind_program_write(struct bind_program *, enum bind_hook,
    const struct mapping *, size_t count, const struct bind_maps *);

#endif
