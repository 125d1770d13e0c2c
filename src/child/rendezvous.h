/* SPDX-License-Identifier: ISC */
/*
 * The Unix socket at which the preload library asks the helper.
 */
#ifndef RENDEZVOUS_H
#define RENDEZVOUS_H

#include "request.h"

/*
 * Makes the socket (unix(7), SOCK_SEQPACKET): it listens at an abstract name that
 * no other process has, and its connections report the sender (SO_PASSCRED).
 * Draws the three words (getrandom(2)) and names the network namespace.  Returns
 * a descriptor, close-on-exec and non-blocking, or -1 with errno.
 */
int rendezvous_open(struct rendezvous *);

#endif
