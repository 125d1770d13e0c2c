/* SPDX-License-Identifier: ISC */
/*
 * The trust boundary.
 *
 * The child writes one plan; the helper reads it while it holds
 * CAP_NET_BIND_SERVICE.  If lowport has a capability, nobody can trace or
 * change the child until the plan is sent (privilege.h), not even its user: so
 * a plan is what root or another caller has asked for.  Nothing relies on that
 * alone.  The child parses arguments and an environment that may be an
 * attacker's, so the plan is checked as hostile input, as if the child's code
 * had been replaced.  It has a fixed size, no pointer and no text.  plan_check
 * bounds every field; tests/test_plan.c holds each bound.
 *
 *   magic          PLAN_MAGIC: both sides are one build.
 *   mapping_count  1 to PLAN_MAPPINGS_MAX: bounds the sockets made.
 *   spares         1 to PLAN_SPARES_MAX: likewise.
 *   uid, gid       the ids that helper and server take.  A caller who is not
 *                  root may name his own only; root may name any.  Granting
 *                  it is safe: it only takes rights away, and the kernel
 *                  checks again at setresuid(2).
 *   verbosity      one of enum verbosity: how much the helper prints.
 *   journal        begin its messages with a priority for systemd's journal.
 *   observe        how the helper learns what a server's socket was
 *                  (server_socket.h): each way reads processes of the same
 *                  user only.
 *   show_expected  getsockname(2) is to answer the port the server expects.
 *                  The helper may then write to memory of its user's processes,
 *                  but only where they can write themselves.
 *   baseline       use no kernel feature that Linux 5.9 lacks: a way that is
 *                  slower, and grants nothing.
 *   keep_kill      0 or 1: the helper keeps CAP_KILL, to signal processes of
 *                  the server that have changed their user.  The child asks for
 *                  it if --keep-caps gives it to the server, so the helper then
 *                  has nothing that the server has not.  It can keep only what
 *                  it has: a file capability never gives another than
 *                  CAP_NET_BIND_SERVICE (tests/attack_forging.bats).
 *   bpf            one of enum plan_bpf: the kernel maps the ports of the
 *                  server's control group.  It takes CAP_BPF and CAP_NET_ADMIN,
 *                  which only root of the host can give lowport: a file
 *                  capability gives neither, and the kernel refuses.  Whoever
 *                  has them can attach any program himself.
 *   dry            0 or 1: no server will run (--check, --doctor).  A control
 *                  group is made whatever bpf says, if it can be, and removed
 *                  before the drop.
 *   mappings       family AF_UNSPEC, AF_INET or AF_INET6; protocol TCP or UDP;
 *                  ports 1 to 65535, PLAN_PORTS_MAX of them in all, those of
 *                  the server 0 for a mapping by descriptor, the public one
 *                  0 for an inherited one, for which nothing is bound; no
 *                  bytes set that the family does not use; an IPv4 address
 *                  as AF_INET; no two in conflict.  Granting it
 *                  is what lowport is for: the capability is used for those
 *                  that the policy permits to the caller (verdict.h), the
 *                  others are bound as anybody could.
 *   supervision    what the helper does when it has no power any more, for a
 *                  server of its own user (or see keep_kill).  The caller can
 *                  send signals to that server just as well:
 *     group        signals go to the server's process group.
 *     warn         each orphan that is reaped is reported.
 *     pdeathsig    0, or the signal the helper gets when its parent ends; 1 to
 *                  SIGNAL_MAX, but SIGKILL, SIGSTOP and SIGCHLD, which it
 *                  could not forward.  It is asked for after the drop, with the
 *                  ids the helper has by then.
 *     rewrite      what each signal becomes: 0 to SIGNAL_DROPPED, so that it
 *                  is a signal, and no process group or mask.
 *     success      a bit for each exit status that lowport reports as 0: any,
 *                  as it is the caller who waits for lowport.
 */
#ifndef PLAN_H
#define PLAN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "mapping.h"
#include "signals.h"

#define PLAN_MAGIC        0x6c6f770au
#define PLAN_MAPPINGS_MAX 64
#define PLAN_PORTS_MAX    4096
#define PLAN_SPARES_MAX   256
#define PLAN_STATUSES     256

/* The sockets a service manager may have passed for one mapping. */
#define PLAN_INHERITED_MAX 8

/* The tasks of the supervisor (supervisor.h). */
struct supervision {
	uint32_t group;     /* 0 or 1 */
	uint32_t warn;      /* 0 or 1 */
	uint32_t pdeathsig; /* 0 for none */
	uint8_t rewrite[SIGNAL_MAX];
	uint8_t success[PLAN_STATUSES / 8];
};

/* Whether the kernel is to map the ports (server_group.h). */
enum plan_bpf {
	PLAN_BPF_NO,
	PLAN_BPF_IF_IT_CAN, /* and otherwise there are sockets */
	PLAN_BPF_ALONE,
};

struct plan {
	uint32_t magic;
	uint32_t mapping_count;
	uint32_t spares;
	uint32_t uid;
	uint32_t gid;
	uint32_t verbosity;
	uint32_t journal;       /* 0 or 1 */
	uint32_t observe;       /* 0 or 1 */
	uint32_t show_expected; /* 0 or 1 */
	uint32_t baseline;      /* 0 or 1 */
	uint32_t keep_kill;     /* 0 or 1 */
	uint32_t bpf;           /* enum plan_bpf */
	uint32_t dry;           /* 0 or 1 */
	struct mapping mappings[PLAN_MAPPINGS_MAX];
	struct supervision supervision;
};

enum outcome {
	OUTCOME_READY,     /* the sockets are bound */
	OUTCOME_REFUSED,   /* plan_check refused the plan */
	OUTCOME_NO_SOCKET, /* socket(2) failed with error at endpoint */
	OUTCOME_NOT_BOUND, /* bind(2) failed likewise */
	OUTCOME_DENIED,    /* likewise, without the capability: the policy does
			      not permit its use */
	OUTCOME_SHARED, /* another process has bound it too: only the child says
			   so (holder.h) */
};

/* The result for one mapping.  The child turns it into words. */
struct result {
	uint32_t outcome;         /* enum outcome */
	int32_t error;            /* an errno(3) value */
	struct endpoint endpoint; /* where it failed */
	uint32_t crowded;         /* other sockets share the TCP port: 0 or 1 */
};

/* The step that the control group has come to. */
enum group_step {
	GROUP_NOT_ASKED,
	GROUP_MADE,
	GROUP_NO_MOUNT,     /* no control groups of version 2 */
	GROUP_LOCKED,       /* its directory, for seconds, by another process */
	GROUP_NOT_MADE,     /* mkdir(2) failed with error, as the rest */
	GROUP_NOT_LOADED,   /* bpf(2) did not take a program */
	GROUP_NOT_ATTACHED, /* or did not attach it */
	GROUP_NOT_ENTERED,  /* the child could not be moved there */
};

struct group_result {
	uint32_t step;  /* enum group_step */
	int32_t error;  /* an errno(3) value */
	uint32_t owner; /* of the group above, who can prevent one below */
};

/* Sent when the capability is gone, whatever the results are. */
struct answer {
	struct group_result group;
	uint32_t sockets; /* how many the plan asks for */
	uint32_t observe; /* the way the helper will learn, 0 or 1 */
	uint32_t looks;   /* it can look at all that a bind takes, 0 or 1 */
	uint32_t remedy;  /* what remedy_set takes, 0 or 1 */
	struct result results[PLAN_MAPPINGS_MAX];
};

/* True if the helper may act on the plan for a caller of these real ids. */
bool plan_check(const struct plan *, uid_t, gid_t);

#endif
