/* SPDX-License-Identifier: ISC */
/*
 * sock_diag(7): the kernel's list of sockets, for the helper.  It allocates
 * nothing, and goes on when the helper is confined.
 */
#ifndef DIAG_H
#define DIAG_H

#include <stdbool.h>
#include <sys/types.h>

#include "endpoint.h"

/* Returns a descriptor to ask at, close-on-exec, or -1 with errno where the
 * kernel has none (gVisor) or a sandbox forbids it. */
int diag_open(void);

/*
 * True where a UDP socket of another user than own is bound to the port, and to
 * an address that the endpoint overlaps; *uid is whose, as this user namespace
 * numbers it.  Some 30 microseconds for each family.
 */
bool diag_find_stranger(int diag, uid_t own, const struct endpoint *,
    uid_t *uid);

#endif
