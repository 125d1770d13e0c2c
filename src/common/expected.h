/* SPDX-License-Identifier: ISC */
/*
 * From the port a server has to the one it expected, which getsockname(2)
 * answers with --show-expected-port.  Part of the preload library too.
 */
#ifndef EXPECTED_H
#define EXPECTED_H

#include <netinet/in.h>
#include <stdint.h>

#include "request.h"

/*
 * The port that a server expects at this local address of a socket, listening
 * or connected, of this protocol: by the first mapping of the table that covers
 * it.  0 if none does.  For an AF_INET socket, address is a struct sockaddr_in.
 */
uint16_t expected_port(const struct table *, int protocol,
    const struct sockaddr_in6 *address);

#endif
