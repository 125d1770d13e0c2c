/* SPDX-License-Identifier: ISC */
/*
 * The trial: the hand-off is installed, and tried from end to end, before the
 * server starts.
 */
#ifndef TRIAL_H
#define TRIAL_H

#include <stdbool.h>

#include "activation.h"
#include "explain.h"
#include "plan.h"

/* True where a mapping is of a port the server binds. */
bool trial_needed(const struct plan *);

/*
 * Adds a mapping between two ordinary ports that are free, for a trial that
 * depends on no other mapping.  False where the plan has no room.
 */
bool trial_add(struct plan *);

/* What a trial has shown. */
struct trial {
	bool works;             /* the bind ended with the public port */
	bool killable;          /* struct seccomp_listener's */
	char why[EXPLAIN_TEXT]; /* it does not */
};

/*
 * Installs the listener in this process, for good, hands it and the inherited
 * sockets to the helper, and makes a bind(2) as a server will, of the first
 * mapping that has its sockets.
 * What the helper lends for it stays in the pool.
 */
struct trial trial_run(int channel, const struct plan *, const struct answer *,
    const struct heritage *);

#endif
