/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the helper, after the drop.
 * Reads: nothing.
 */
#include "lease_udp.h"
#include "clock.h"
#include "message.h"
#include "parking.h"
#include "remedy.h"
#include "sockstate.h"

bool
lease_udp_is_for_everybody(const struct pool_socket *s)
{
	return clock_microseconds() - s->lent_at >=
	    LEASE_UDP_CONNECTED_BY * 1000LL &&
	    !sockstate_is_connected(s->fd);
}

/* Its last server may have connected it, or parking on an old kernel. */
static void
note_connection(struct pool_socket *s)
{
	s->hears_one_peer |= s->variant->endpoint.family == AF_INET6 &&
	    sockstate_is_connected(s->fd) && parking_keeps_peer(s->fd);
}

void
lease_udp_prepare(struct pool_socket *s, const struct sockopt_values *wanted)
{
	note_connection(s);
	parking_end(s->fd);
	/* Datagrams of another interface may have come in between. */
	if (sockopt_apply_device(s->fd, wanted))
		sockstate_discard(s->fd);
}

bool
lease_udp_renew(struct pool_socket *s)
{
	const bool renewed = sockstate_renew(s->fd, &s->variant->endpoint);

	note_connection(s);
	return renewed && parking_begin(s->fd, &s->variant->endpoint);
}

void
lease_udp_warn(struct pool_socket *s)
{
	char text[ENDPOINT_TEXT];

	if (!s->hears_one_peer)
		return;
	warnx("the server may get datagrams at %s from one address alone: the "
	      "socket was connected to it, and for IPv6 the kernel does not "
	      "undo that; start the server anew, with more --spares, or with "
	      "Linux 5.7 or later%s",
	    endpoint_format(&s->variant->endpoint, text), remedy_bpf());
	s->hears_one_peer = false;
}
