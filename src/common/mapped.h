/* SPDX-License-Identifier: ISC */
/*
 * Tries the ports that the kernel maps for a control group (bind_program.h), from
 * a process in it.
 */
#ifndef MAPPED_H
#define MAPPED_H

#include <stddef.h>

#include "plan.h"

/*
 * Makes a bind(2) of each mapping, as a server will there.  It must end with the
 * public port.  Returns the first mapping whose bind does not, or the number of
 * mappings; the result of each that does not says why.
 */
size_t mapped_try(const struct plan *, struct result *);

#endif
