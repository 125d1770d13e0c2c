/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the helper, after the drop.
 * Reads: requests, which any process of this network namespace can send.  Only
 * descendants of the helper get a socket: a process tells the kernel nobody's
 * number but its own.
 */
#include <errno.h>
#include <unistd.h>

#include "channel.h"
#include "handoff.h"
#include "preload.h"
#include "process.h"

static bool
is_for_pool(const struct handoff *h, const struct request *request,
    struct endpoint *asked)
{
	return request->length <= ENDPOINT_BYTES &&
	    endpoint_from_sockaddr(asked, request->address, request->length) &&
	    pool_expects(h->pool, asked->port);
}

/* Who does not take the reply has died, and with it the socket that was its. */
static void
serve_bind(struct handoff *h, struct arrival *a)
{
	struct handoff_bind b = {.task = a->sender,
	    .fd = a->request.fd,
	    .journey = a->reply};
	struct handoff_decision d = {HANDOFF_LET_THROUGH};
	struct reply reply = {REQUEST_PASS};

	if (is_for_pool(h, &a->request, &b.asked)) {
		target_know(&b.target, a->socket);
		d = handoff_decide(h, &b);
	}
	if (d.outcome != HANDOFF_LET_THROUGH)
		reply.answer = d.error;
	if (d.outcome != HANDOFF_HAND_OVER)
		channel_send_reply(a->reply, &reply, -1);
	else if (channel_send_reply(a->reply, &reply, d.socket))
		handoff_commit(h, &b, &d);
	a->reply = b.journey;
}

static void
serve_table(const struct handoff *h, const struct arrival *a)
{
	struct table table = {0};

	if (h->plan->show_expected)
		handoff_table(h, &table);
	channel_send_table(a->reply, &table);
}

static void
serve(struct handoff *h, struct arrival *a)
{
	/* An orphan that could not be adopted may be the server's. */
	const struct reply strange = {h->adopts ? REQUEST_PASS : ENOSYS};

	if (a->request.magic != REQUEST_MAGIC ||
	    !process_is_descendant(a->sender))
		channel_send_reply(a->reply, &strange, -1);
	else if (a->request.kind == REQUEST_BIND)
		serve_bind(h, a);
	else
		serve_table(h, a);
}

void
preload_serve(struct handoff *h)
{
	struct arrival arrival;

	if (channel_receive_request(h->listener, &arrival)) {
		serve(h, &arrival);
		close(arrival.socket);
		if (arrival.reply >= 0)
			close(arrival.reply);
	} else if (errno != EAGAIN && errno != EINTR && errno != EBADMSG) {
		/* It is no such socket. */
		close(h->listener);
		h->listener = -1;
	}
}
