/* SPDX-License-Identifier: ISC */
/*
 * Why something does not work, found by looking, and the shortest remedy: each
 * function writes one line.
 */
#ifndef EXPLAIN_H
#define EXPLAIN_H

#include <stdbool.h>

#include "origin.h"
#include "plan.h"
#include "verdict.h"

#define EXPLAIN_TEXT 768

/* Why a verdict (verdict_reach) does not permit the mapping, and whose use of
 * the capability the policy would have to permit; why is what was said where
 * none was reached, NULL elsewhere. */
void explain_verdict(char text[EXPLAIN_TEXT], const struct mapping *,
    const struct verdict *, const char *why);

/* Why CAP_NET_BIND_SERVICE does not help, or is not there. */
void explain_lack(char text[EXPLAIN_TEXT], const struct origin *);

/* Why the mapping, at this place of the plan, has no sockets. */
void explain_result(char text[EXPLAIN_TEXT], const struct plan *,
    const struct answer *, size_t mapping, const struct origin *);

/* Why seccomp_listen failed. */
void explain_no_listener(char text[EXPLAIN_TEXT], int error);

/* Why a trial of the hand-off did not end with the public port; error is
 * bind(2)'s, 0 where it did not fail. */
void explain_trial(char text[EXPLAIN_TEXT], int error);

/* True in gVisor, whose kernel is not Linux. */
bool explain_is_gvisor(void);

/* kernel.yama.ptrace_scope, 0 where there is no Yama. */
unsigned int explain_yama_scope(void);

#endif
