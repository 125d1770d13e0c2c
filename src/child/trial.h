/* SPDX-License-Identifier: ISC */
/*
 * The trial: the hand-off is tried from end to end before the server starts.
 */
#ifndef TRIAL_H
#define TRIAL_H

#include <stdbool.h>

#include "activation.h"
#include "plan.h"
#include "reason.h"
#include "request.h"

/* True where a mapping is of a port the server binds. */
bool trial_needed(const struct plan *);

/*
 * Adds a mapping between two ordinary ports that are free, for a trial that
 * depends on no other mapping.  False where the plan has no room.
 */
bool trial_add(struct plan *);

/*
 * Makes a bind(2) as a server will, of the first mapping that has its sockets:
 * by the system call where there is no place to ask, by a request there otherwise.
 * It must end with another socket at the descriptor.  What the helper lends for
 * it stays in the pool.  Returns false and says why where it did not.
 */
bool trial_run(const struct rendezvous *, const struct plan *,
    const struct answer *, const struct passed_sockets *,
    char why[REASON_TEXT]);

#endif
