/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the helper, before the drop (the pool) and after it (leases).
 * Reads: endpoints of a checked plan.
 */
#include <limits.h>

#include "constants.h"
#include "parking.h"
#include "socket.h"
#include "sockstate.h"

/* The index of an interface that no host has. */
#define NO_INTERFACE INT_MAX

static bool
connect_aside(int socket, const struct endpoint *e)
{
	struct endpoint place = sockstate_harmless_peer(e);
	struct sockaddr_storage storage;
	socklen_t length = endpoint_to_sockaddr(&place, &storage);

	return connect(socket, (struct sockaddr *)&storage, length) == 0;
}

static bool
accepts_no_interface(int socket)
{
	const int none = NO_INTERFACE;

	return setsockopt(socket, SOL_SOCKET, SO_BINDTOIFINDEX, &none,
		   sizeof(none)) == 0;
}

static bool
has_no_interface(int socket)
{
	return socket_option(socket, SOL_SOCKET, SO_BINDTOIFINDEX) ==
	    NO_INTERFACE;
}

/* gVisor accepts the option and ignores it, and Linux does not accept it twice:
 * see whether it is there. */
static bool
bind_aside(int socket)
{
	accepts_no_interface(socket);
	return has_no_interface(socket);
}

/* The interface or the peer its server gave it may be in the way. */
bool
parking_begin(int socket, const struct endpoint *e)
{
	return (e->family == AF_INET6 &&
		   (bind_aside(socket) ||
		       (sockstate_disconnect(socket) && bind_aside(socket)))) ||
	    connect_aside(socket, e) ||
	    (sockstate_disconnect(socket) && connect_aside(socket, e));
}

bool
parking_begin_guard(int socket, const struct endpoint *e)
{
	return e->family == AF_INET6 ? connect_aside(socket, e)
				     : bind_aside(socket);
}

bool
parking_keeps_peer(int socket)
{
	return !accepts_no_interface(socket) || has_no_interface(socket);
}

bool
parking_end(int socket)
{
	sockstate_discard(socket);
	return sockstate_disconnect(socket);
}
