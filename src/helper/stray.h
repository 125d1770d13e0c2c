/* SPDX-License-Identifier: ISC */
/*
 * Looks at the sockets of this host that listen, for what lowport was not asked
 * about, or is to explain:
 *
 *   strays   processes of the server that have an expected port itself: the
 *            preload library is not in them, or their bind(2) was not seen;
 *   other ports than the expected one, where the server listens (unused.h);
 *   rivals   processes of others that listen on a public port, so that the
 *            server cannot;
 *   servers that close each socket they are given (node's cluster).
 *
 * A look reads the kernel's lists of listeners.  Only where there is one of
 * interest that is new does it look for its holder.
 */
#ifndef STRAY_H
#define STRAY_H

#include <stdbool.h>

struct handoff;

/* Reports what is new; ended: the server has. */
void stray_look(struct handoff *, bool ended);

#endif
