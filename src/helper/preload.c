/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the helper, after the drop.
 * Reads: a nonce from anybody, as anybody can connect to an abstract name.  The
 * helper waits for nobody, and its greeting depends on the nonce alone.  Then
 * requests from those who know the key; it is in the server's environment, which
 * only this user can read.  Only descendants of the helper get a socket: the
 * kernel says which process has sent a request.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "channel.h"
#include "descendants.h"
#include "handoff.h"
#include "message.h"
#include "preload.h"
#include "proof.h"
#include "remedy.h"
#include "socket.h"

static bool
is_for_pool(const struct handoff *h, const struct request *request,
    struct endpoint *asked)
{
	return request->length <= ENDPOINT_BYTES &&
	    endpoint_from_sockaddr(asked, request->address, request->length) &&
	    pool_expects(h->pool, asked->port);
}

/* If the reply cannot be sent, the process has died, and its socket with it. */
static void
serve_bind(struct handoff *h, struct received_request *r)
{
	struct handoff_bind b = {.task = r->sender,
	    .fd = r->request.fd,
	    .delivery = r->reply};
	struct handoff_decision d = {HANDOFF_LET_THROUGH};
	struct reply reply;

	/* The kernel binds sockets of other network namespaces there. */
	if (is_for_pool(h, &r->request, &b.asked) &&
	    (h->network == 0 || socket_network(r->socket) == h->network)) {
		server_socket_learn_sent(&b.own, r->socket);
		d = handoff_decide(h, &b);
	}
	reply.answer = d.outcome == HANDOFF_LET_THROUGH ? REQUEST_PASS
							: d.error;
	if (d.outcome != HANDOFF_HAND_OVER)
		channel_send_reply(r->reply, &reply, -1);
	else if (channel_send_reply(r->reply, &reply, d.socket->fd))
		handoff_commit(h, &b, &d);
	else
		handoff_cancel(h, &d);
	r->reply = b.delivery;
	if (b.uncovered)
		handoff_note_let_through(h, &b, UNUSED_UNKNOWN);
}

static void
serve_table(const struct handoff *h, const struct received_request *r)
{
	struct table table = {0};

	if (h->plan->show_expected)
		handoff_table(h, &table);
	channel_send_table(r->reply, &table);
}

/* The process knows the key, so it may be one of the server's: it must not bind
 * the expected port itself. */
static void
refuse_unplaced(struct handoff *h, const struct received_request *r)
{
	const struct reply reply = {.answer = EACCES};

	/* A process that was killed meanwhile cannot be found either. */
	if (kill(r->sender, 0) != 0 && errno == ESRCH)
		return;
	if (warned_first_process(&h->warned, WARNED_UNPLACED, r->sender))
		alertx("cannot tell whether process %d is one of the server's "
		       "(hidepid= of /proc, or no subreaper?); its bind(2) "
		       "fails%s",
		    r->sender, remedy_bpf());
	channel_send_reply(r->reply, &reply, -1);
}

static void
serve(struct handoff *h, struct received_request *r)
{
	const enum descent descent = descendants_place(r->sender);
	const struct reply pass = {.answer = REQUEST_PASS};

	if (descent == DESCENT_UNKNOWN ||
	    (descent == DESCENT_STRANGER && !h->adopts))
		refuse_unplaced(h, r);
	else if (descent == DESCENT_STRANGER)
		channel_send_reply(r->reply, &pass, -1);
	else if (r->request.kind == REQUEST_BIND)
		serve_bind(h, r);
	else
		serve_table(h, r);
}

static void
waiting_end(struct preload_waiting *w)
{
	close(w->connection);
	*w = (struct preload_waiting){0};
}

/* Anybody may ask for a greeting: it gives nothing away. */
static bool
greet(const struct preload *p, struct preload_waiting *w)
{
	struct greeting greeting;
	struct hello hello;

	if (!channel_receive_hello(w->connection, &hello))
		return false;
	greeting = proof_greet(p->proof, &hello);
	w->greeted = true;
	return channel_send_greeting(w->connection, &greeting);
}

/* Afterwards the connection is closed, or the pool's. */
static bool
answer(struct handoff *h, struct preload_waiting *w)
{
	struct received_request received;

	if (!channel_receive_request(w->connection, &received))
		return false;
	if (memcmp(received.request.key, h->preload.key,
		sizeof(h->preload.key)) == 0)
		serve(h, &received);
	close(received.socket);
	if (received.reply >= 0)
		close(received.reply);
	*w = (struct preload_waiting){0};
	return true;
}

static void
attend(struct handoff *h, struct preload_waiting *w)
{
	if (!(w->greeted ? answer(h, w) : greet(&h->preload, w)) &&
	    errno != EAGAIN && errno != EINTR)
		waiting_end(w);
}

/* Returns a free place, or frees that of the connection that came first. */
static struct preload_waiting *
place_for(struct preload *p, bool own)
{
	struct preload_waiting *w = p->waiting + (own ? 0 : PRELOAD_OWN);
	const struct preload_waiting *end = w +
	    (own ? PRELOAD_OWN : PRELOAD_OTHERS);
	struct preload_waiting *oldest = w;

	for (; w < end; w++)
		if (w->since < oldest->since)
			oldest = w;
	if (oldest->connection != 0)
		waiting_end(oldest);
	return oldest;
}

void
preload_serve(struct handoff *h)
{
	struct preload_waiting *w;
	uid_t user;
	int connection = channel_accept(h->listener, &user);

	if (connection < 0) {
		/* These mean that it is no such socket. */
		if (errno == EINVAL || errno == ENOTSOCK || errno == EOPNOTSUPP)
			handoff_close(h);
		return;
	}
	w = place_for(&h->preload, user == (uid_t)h->plan->uid);
	*w = (struct preload_waiting){.connection = connection,
	    .since = ++h->preload.connections};
	/* Mostly the nonce is there already. */
	attend(h, w);
}

size_t
preload_await(const struct preload *p, struct pollfd fds[PRELOAD_WAITING])
{
	const struct preload_waiting *w = p->waiting;
	size_t count = 0;

	for (; w < p->waiting + PRELOAD_WAITING; w++)
		if (w->connection != 0)
			fds[count++] = (struct pollfd){.fd = w->connection,
			    .events = POLLIN};
	return count;
}

void
preload_attend(struct handoff *h, const struct pollfd *fds, size_t count)
{
	struct preload_waiting *w = h->preload.waiting;
	size_t i = 0;

	/* fds is in the order that preload_await wrote it in. */
	for (; w < h->preload.waiting + PRELOAD_WAITING && i < count; w++) {
		if (w->connection == 0 || w->connection != fds[i].fd)
			continue;
		if (fds[i++].revents != 0)
			attend(h, w);
	}
}
