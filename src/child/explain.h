/* SPDX-License-Identifier: ISC */
/*
 * Why something does not work, found by looking, and the shortest remedy: each
 * function writes one line.
 */
#ifndef EXPLAIN_H
#define EXPLAIN_H

#include <stdbool.h>

#include "plan.h"
#include "reason.h"
#include "rights.h"
#include "verdict.h"

/* Why a verdict (verdict_reach) does not permit the mapping, and whose use of
 * the capability the policy would have to permit; why is what was said where
 * none was reached, NULL elsewhere. */
void explain_verdict(char text[REASON_TEXT], const struct mapping *,
    const struct verdict *, const char *why);

/* What is odd about a mapping that can be served all the same; false where
 * nothing is. */
bool explain_mapping(char text[REASON_TEXT], const struct mapping *);

/* Why CAP_NET_BIND_SERVICE does not help, or is not there. */
void explain_lack(char text[REASON_TEXT], const struct rights *);

/* Why the mapping, at this place of the plan, has no sockets. */
void explain_result(char text[REASON_TEXT], const struct plan *,
    const struct answer *, size_t mapping, const struct rights *);

/* Why seccomp_listen failed. */
void explain_no_listener(char text[REASON_TEXT], int error);

/* Why a trial of the hand-off did not end with the public port; error is
 * bind(2)'s, 0 where it did not fail. */
void explain_trial(char text[REASON_TEXT], int error);

#endif
