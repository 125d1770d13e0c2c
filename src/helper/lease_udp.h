/* SPDX-License-Identifier: ISC */
/*
 * Leases of UDP sockets.  Each socket but those that are lent is parked
 * (parking.h).
 */
#ifndef LEASE_UDP_H
#define LEASE_UDP_H

#include <stdbool.h>

#include "pool.h"
#include "sockopt.h"

/* Milliseconds: a server that binds a UDP socket for a client connects it at
 * once, or soon. */
#define LEASE_UDP_CONNECTED_BY 1000

/* True if the server has not connected it to a client, and will not. */
bool lease_udp_is_for_everybody(const struct pool_socket *);

/* Parks it no more; what has come until now is not for the server. */
void lease_udp_prepare(struct pool_socket *, const struct sockopt_values *);

/* Makes it as good as new, and parks it; false if that cannot be. */
bool lease_udp_renew(struct pool_socket *);

/* Warns if a socket that is for everybody hears one peer alone. */
void lease_udp_warn(struct pool_socket *);

#endif
