/* SPDX-License-Identifier: ISC */
/*
 * The way back: which port a server expected, from the one it has.  For
 * --show-expected-port, under which getsockname(2) answers that.  Part of the
 * preload library too.
 */
#ifndef EXPECTED_H
#define EXPECTED_H

#include <netinet/in.h>
#include <stdint.h>

#include "request.h"

/*
 * The port a server expects a socket of this protocol to have that is bound to
 * this address, listening or connected: its first mapping in the table that
 * covers it says so.  0 where none does.  Of an AF_INET socket, address is a
 * struct sockaddr_in.
 */
uint16_t expected_port(const struct table *, int protocol,
    const struct sockaddr_in6 *address);

#endif
