/* SPDX-License-Identifier: ISC */
/*
 * The reason for which something does not work, and the shortest remedy: one
 * line each.  The comment of a function names the failure that it explains.
 */
#ifndef EXPLAIN_H
#define EXPLAIN_H

#include <stdbool.h>

#include "plan.h"
#include "reason.h"
#include "rights.h"
#include "verdict.h"

/* Sentences that --doctor says before something fails, and a failure says. */
#define EXPLAIN_GVISOR                                                         \
	"gVisor has no seccomp listener, so preload is the only hand-off; a "  \
	"static server needs another runtime"
#define EXPLAIN_NO_PROC                                                        \
	"there is no /proc, and no hand-off works without it; mount it"
#define EXPLAIN_NO_NEW_PRIVS                                                   \
	"under no_new_privs, executing lowport gives its caller nothing"

/* The reason for which the policy does not permit the mapping, and the rule that
 * would.  why is the error of verdict_reach, NULL if it returned true. */
void explain_verdict(char text[REASON_TEXT], const struct mapping *,
    const struct verdict *, const char *why);

/* Says an oddity of a mapping that works; false if there is none. */
bool explain_mapping(char text[REASON_TEXT], const struct mapping *);

/* CAP_NET_BIND_SERVICE does not help, or is not there. */
void explain_lack(char text[REASON_TEXT], enum rights_lack);

/* The mapping of this number in the plan has no sockets. */
void explain_result(char text[REASON_TEXT], const struct plan *,
    const struct answer *, size_t mapping, const struct rights *);

/* No filter can be loaded: error is that of seccomp_refusal.  Nothing is run
 * then. */
void explain_no_filter(char text[REASON_TEXT], int error);

/* seccomp_listen failed. */
void explain_no_listener(char text[REASON_TEXT], int error);

/* The kernel does not map the ports of a control group; not for GROUP_MADE. */
void explain_group(char text[REASON_TEXT], const struct group_result *,
    const struct rights *);

/* The trial of the hand-off, by notify or preload, got no public port; error is
 * bind(2)'s, 0 if it succeeded.  By notify, EACCES means that the helper could
 * not look at the call. */
void explain_trial(char text[REASON_TEXT], int error, bool by_notify);

/* True if Yama forbids that look. */
bool explain_yama(char text[REASON_TEXT]);

#endif
