/* SPDX-License-Identifier: ISC */
/*
 * Why lowport cannot go on, found by looking, and the shortest remedy.
 */
#ifndef EXPLAIN_H
#define EXPLAIN_H

#include <stdbool.h>

#include "plan.h"

/* What the process looked like before it dropped anything. */
struct origin {
	bool permitted;    /* CAP_NET_BIND_SERVICE was there */
	bool no_new_privs; /* and this was set */
};

/* Looks.  To be called first thing. */
struct origin explain_origin(void);

/* Each prints one line and ends the process with STATUS_FAILURE. */
_Noreturn void explain_answer(const struct answer *, const struct origin *);
_Noreturn void explain_no_listener(int error);
_Noreturn void explain_probe(int error);

#endif
