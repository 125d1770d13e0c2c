/* SPDX-License-Identifier: ISC */
/*
 * --from-iptables: reads rules that divert ports, and prints how the server owns
 * its port without them.  It changes nothing.
 */
#ifndef MIGRATE_H
#define MIGRATE_H

#include "options.h"

/* Ends the process: with 0, or with 1 if some rule cannot be carried over. */
_Noreturn void migrate(const struct options *);

#endif
