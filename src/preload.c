/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the helper, after the drop.
 * Reads: requests of those who know the key, that is of this user, as it is in
 * the server's environment.  Only descendants of the helper get a socket: a
 * process tells the kernel nobody's number but its own.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "channel.h"
#include "handoff.h"
#include "message.h"
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

static struct reply
reply_of(const struct handoff *h, int answer)
{
	struct reply reply = {.answer = answer};

	memcpy(reply.proof, h->proof, sizeof(reply.proof));
	return reply;
}

/* Who does not take the reply has died, and with it the socket that was its. */
static void
serve_bind(struct handoff *h, struct arrival *a)
{
	struct handoff_bind b = {.task = a->sender,
	    .fd = a->request.fd,
	    .journey = a->reply};
	struct handoff_decision d = {HANDOFF_LET_THROUGH};
	struct reply reply;

	if (is_for_pool(h, &a->request, &b.asked)) {
		target_know(&b.target, a->socket);
		d = handoff_decide(h, &b);
	}
	reply = reply_of(h,
	    d.outcome == HANDOFF_LET_THROUGH ? REQUEST_PASS : d.error);
	if (d.outcome != HANDOFF_HAND_OVER)
		channel_send_reply(a->reply, &reply, -1);
	else if (channel_send_reply(a->reply, &reply, d.socket))
		handoff_commit(h, &b, &d);
	a->reply = b.journey;
	if (b.uncovered)
		handoff_let_through(h, &b, UNUSED_UNKNOWN);
}

static void
serve_table(const struct handoff *h, const struct arrival *a)
{
	struct table table = {0};

	if (h->plan->show_expected)
		handoff_table(h, &table);
	memcpy(table.proof, h->proof, sizeof(table.proof));
	channel_send_table(a->reply, &table);
}

/* It has the server's environment, and may be one of its processes: it is not
 * left to bind the expected port. */
static void
refuse_unplaced(struct handoff *h, const struct arrival *a)
{
	const struct reply reply = reply_of(h, EACCES);

	channel_send_reply(a->reply, &reply, -1);
	/* One that was killed meanwhile is nowhere. */
	if (kill(a->sender, 0) != 0 && errno == ESRCH)
		return;
	if (told_first_process(&h->told, TOLD_UNPLACED, a->sender))
		alertx("cannot tell whether process %d is one of the server's "
		       "(hidepid= of /proc, or no subreaper?); its bind(2) "
		       "fails",
		    a->sender);
}

static void
serve(struct handoff *h, struct arrival *a)
{
	const enum process_descent descent = process_descent(a->sender);
	const struct reply pass = reply_of(h, REQUEST_PASS);

	if (descent == PROCESS_UNPLACED ||
	    (descent == PROCESS_STRANGE && !h->adopts))
		refuse_unplaced(h, a);
	else if (descent == PROCESS_STRANGE)
		channel_send_reply(a->reply, &pass, -1);
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
		if (memcmp(arrival.request.key, h->key, sizeof(h->key)) == 0)
			serve(h, &arrival);
		close(arrival.socket);
		if (arrival.reply >= 0)
			close(arrival.reply);
	} else if (errno != EAGAIN && errno != EINTR && errno != EBADMSG) {
		/* It is no such socket. */
		handoff_close(h);
	}
}
