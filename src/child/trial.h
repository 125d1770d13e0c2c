/* SPDX-License-Identifier: ISC */
/*
 * The trial: lowport tries the hand-off from end to end before the server starts.
 */
#ifndef TRIAL_H
#define TRIAL_H

#include <stdbool.h>

#include "activation.h"
#include "plan.h"
#include "reason.h"
#include "request.h"

/* True if the server is to bind the port of some mapping. */
bool trial_needed(const struct plan *);

/*
 * Adds a mapping between two free ordinary ports, so that the trial depends on no
 * other mapping.  Returns false if the plan has no room.
 */
bool trial_add(struct plan *);

/*
 * Binds as a server will, for the first mapping that has its sockets: by the
 * system call, or by a request if there is a place to ask.  Another socket must
 * be at the descriptor then.  The pool keeps the one that the helper lends for
 * it.  Returns false and says why if the trial fails.
 */
bool trial_run(const struct rendezvous *, const struct plan *,
    const struct answer *, const struct passed_sockets *,
    char why[REASON_TEXT]);

#endif
