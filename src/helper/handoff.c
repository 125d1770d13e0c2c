/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the helper, after the drop.
 * Reads: an address the server's bind(2) names, a copy; what is known of its
 * socket.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "channel.h"
#include "handoff.h"
#include "lease.h"
#include "message.h"
#include "socket.h"

bool
handoff_is_recent(const struct handoff *h, ino_t inode)
{
	size_t i;

	for (i = 0; i < HANDOFF_RECENT; i++)
		if (h->recent[i].inode == inode)
			return true;
	return false;
}

bool
handoff_is_of(const struct handoff *h, ino_t inode, size_t mapping)
{
	size_t i;

	for (i = 0; i < HANDOFF_RECENT; i++)
		if (h->recent[i].inode == inode &&
		    h->recent[i].mapping == mapping)
			return true;
	return false;
}

static void
remember(struct handoff *h, int socket, uint16_t mapping)
{
	h->recent[h->handed++ %
	    HANDOFF_RECENT] = (struct handoff_recent){socket_inode(socket),
	    mapping};
}

/* A Multipath TCP listener is answered with what the pool has, a TCP one. */
static int
protocol_of(const struct server_socket *own)
{
	return own->protocol == IPPROTO_MPTCP ? IPPROTO_TCP : own->protocol;
}

static bool
can_be_mapped(int protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP;
}

/* One with this port of the server's, of this protocol if there is any. */
static const struct mapping *
mapping_expecting(const struct handoff *h, uint16_t port, int protocol)
{
	const struct mapping *m = h->plan->mappings;
	const struct mapping *end = m + h->plan->mapping_count, *found = NULL;

	for (; m < end; m++)
		if (mapping_public_port(m, port) != 0 &&
		    (found == NULL ||
			(m->protocol == protocol &&
			    found->protocol != protocol)))
			found = m;
	return found;
}

/* The mapping that would have covered this bind. */
static struct mapping
mapping_suggested(const struct handoff *h, const struct endpoint *asked,
    int protocol)
{
	const struct mapping *m = mapping_expecting(h, asked->port, protocol);
	struct mapping suggested = {.public_port = asked->port,
	    .server_port = asked->port,
	    .ports = 1};

	if (m != NULL)
		suggested = *m;
	suggested.protocol = (uint16_t)protocol;
	/* Inherited, of the other protocol; or the same mapping will do. */
	if (m == NULL || (m->family == AF_UNSPEC && m->protocol != protocol))
		return suggested;
	suggested.family = asked->family;
	suggested.scope = asked->scope;
	memcpy(suggested.address, asked->address, sizeof(asked->address));
	return suggested;
}

/* The address a client shows is of the socket's family, and a server of the
 * other would read it wrong. */
static void
tell_other_family(const char *asked, const struct pool_variant *v)
{
	char passed[ENDPOINT_TEXT];

	alertx("the server binds %s, and keeps that port: the socket that was "
	       "passed for it, %s, is of another family; pass one of that too "
	       "(ListenStream=%s%u and BindIPv6Only=ipv6-only)",
	    asked, endpoint_format(&v->endpoint, passed),
	    v->endpoint.family == AF_INET6 ? "0.0.0.0:" : "[::]:",
	    v->endpoint.port);
}

/* The mapping that it cannot be beside, or NULL. */
static const struct mapping *
mapping_in_its_way(const struct handoff *h, const struct mapping *suggested)
{
	const struct mapping *m = h->plan->mappings;
	const struct mapping *end = m + h->plan->mapping_count;

	for (; m < end; m++)
		if (mapping_conflicts(m, suggested))
			return m;
	return NULL;
}

/* True where a mapping would not do: no socket can have this address. */
static bool
is_hopeless(int error)
{
	return error > 0 && error != EACCES && error != EPERM &&
	    error != EADDRINUSE;
}

/* "binds 0.0.0.0:8443, which no mapping covers, and keeps that port" is true of
 * a bind that has succeeded. */
static void
tell_suggestion(const struct handoff *h, const struct endpoint *e, int protocol,
    int error)
{
	const struct mapping suggested = mapping_suggested(h, e, protocol);
	const struct mapping *other = mapping_in_its_way(h, &suggested);
	char asked[ENDPOINT_TEXT], wanted[MAPPING_TEXT],
	    present[MAPPING_TEXT] = "";

	endpoint_format(e, asked);
	mapping_format(&suggested, wanted);
	if (other != NULL)
		mapping_format(other, present);
	if (strcmp(wanted, present) == 0)
		alertx("the server %s %s, for which mapping '%s' has no "
		       "socket: the address was missing when lowport started; "
		       "start it anew",
		    error == 0 ? "binds" : "asks for", asked, present);
	else
		alertx("the server %s %s, which no mapping covers, and %s%s; "
		       "%sgive it -p '%s'%s%s%s",
		    error == 0 ? "binds" : "asks for", asked,
		    error == 0      ? "keeps that port"
			: error > 0 ? "is refused: "
				    : "has that port itself if the kernel "
				      "permits it",
		    error > 0 ? message_error(error) : "",
		    error >= 0 || endpoint_is_wildcard(e)
			? ""
			: "if the host has that address, ",
		    wanted, other == NULL ? "" : " in place of '", present,
		    other == NULL ? "" : "'");
}

static void
tell_uncovered(struct handoff *h, const struct endpoint *e, int protocol,
    int error)
{
	const struct pool_variant *inherited = pool_find_inherited(h->pool,
	    e->port, protocol);
	char text[ENDPOINT_TEXT];

	endpoint_format(e, text);
	if (is_hopeless(error))
		verbose("the server asks for %s, which no mapping covers, and "
			"fails: %s",
		    text, message_error(error));
	else if (!can_be_mapped(protocol))
		alertx("the server %s %s for another protocol than TCP and "
		       "UDP; no mapping can be for it",
		    error == 0 ? "binds" : "asks for", text);
	else if (inherited != NULL)
		tell_other_family(text, inherited);
	else
		tell_suggestion(h, e, protocol, error);
}

/* Milliseconds within which the kernel carries out what was let through. */
#define CARRIED_OUT 20

/* A second descriptor of the server's socket shows when it is bound. */
static int
wait_for_bind(int socket)
{
	struct endpoint e = {.port = 0};
	int left = CARRIED_OUT;

	if (socket < 0)
		return UNUSED_UNKNOWN;
	while (socket_endpoint(socket, &e) && e.port == 0 && left-- > 0)
		poll(NULL, 0, 1);
	return e.port != 0 ? 0 : UNUSED_UNKNOWN;
}

static void
let_uncovered(struct handoff *h, const struct handoff_bind *b, int protocol,
    int error)
{
	const struct endpoint *e = &b->asked;

	if (!warned_first_endpoint(&h->warned, WARNED_UNCOVERED, e, protocol,
		error))
		return;
	if (error == UNUSED_UNKNOWN)
		error = wait_for_bind(b->own.fd);
	tell_uncovered(h, e, protocol, error);
	/* Who binds it unseen is another one. */
	if (!is_hopeless(error))
		unused_note_uncovered(&h->unused, e->port, protocol);
}

void
handoff_let_through(struct handoff *h, const struct handoff_bind *b, int error)
{
	const int protocol = protocol_of(&b->own);

	if (h->in_trial)
		return;
	h->stray.look_wanted |= unused_any(&h->unused, 0);
	if (b->uncovered)
		let_uncovered(h, b, protocol, error);
	else if (!pool_expects(h->pool, b->asked.port))
		unused_note(&h->unused, b->asked.port, protocol, error);
}

static void
tell_handed(const struct handoff *h, const struct handoff_bind *b,
    const struct pool_variant *v)
{
	char asked[ENDPOINT_TEXT], given[ENDPOINT_TEXT];

	verbose("process %d asked for %s and got %s%s", b->task,
	    endpoint_format(&b->asked, asked),
	    endpoint_format(&v->endpoint, given),
	    h->in_trial ? " (trial)" : "");
}

/* A second server that listens at one port sees that anywhere. */
static void
tell_in_use(struct handoff *h, const struct pool_variant *v)
{
	const bool udp = v->protocol == IPPROTO_UDP;
	const unsigned int connections = lease_connections(v);
	char text[ENDPOINT_TEXT];

	if (!udp && connections == 0 && v->count > 0)
		return;
	if (!warned_first_endpoint(&h->warned, WARNED_IN_USE, &v->endpoint,
		v->protocol, 0))
		return;
	endpoint_format(&v->endpoint, text);
	if (v->count == 0)
		warnx("no socket for %s is left that could be used again: the "
		      "server has shut down or locked all of them, and bind(2) "
		      "fails (EADDRINUSE); start it anew, or with more "
		      "--spares",
		    text);
	else
		warnx("all %s sockets for %s are in use, %u of them connected, "
		      "and bind(2) fails (EADDRINUSE) until one is closed; "
		      "--spares gives more",
		    udp ? "UDP" : "TCP", text, connections);
}

/* It would take what comes for the server. */
static void
tell_stranger(struct handoff *h, const struct pool_variant *v, uid_t uid)
{
	char text[ENDPOINT_TEXT];

	if (warned_first_endpoint(&h->warned, WARNED_STRANGER, &v->endpoint,
		v->protocol, uid))
		alertx("a UDP socket of user %u is bound beside %s and would "
		       "take what comes for the server, so bind(2) fails "
		       "(EADDRINUSE); end its process: ss -uanp 'sport = :%u' "
		       "names it to root",
		    uid, endpoint_format(&v->endpoint, text), v->endpoint.port);
}

/* Prepares a socket of the variant for the server: never the unmapped port in
 * silence. */
static struct handoff_decision
hand_over(struct handoff *h, const struct handoff_bind *b,
    struct pool_variant *v)
{
	struct handoff_decision d = {HANDOFF_HAND_OVER};
	const struct server_socket *own = &b->own;
	uid_t stranger;

	if (pool_has_stranger(h->pool, v, &stranger)) {
		tell_stranger(h, v, stranger);
		return (struct handoff_decision){HANDOFF_ANSWER,
		    .error = EADDRINUSE};
	}
	lease_refresh(h->pool, 1);
	d.socket = lease_pick(v,
	    sockopt_integer(&own->options, SOL_SOCKET, SO_REUSEPORT) != 0);
	if (d.socket == NULL) {
		tell_in_use(h, v);
		d.outcome = HANDOFF_ANSWER;
		d.error = EADDRINUSE;
	} else if (!h->in_trial) {
		/* What the trial borrows goes back as it was. */
		lease_prepare(h->pool, d.socket, &own->options,
		    (own->flags & O_NONBLOCK) != 0);
	}
	return d;
}

static void
resolve_v6only(struct endpoint *asked, const struct server_socket *own)
{
	asked->v6only = asked->family == AF_INET6 &&
	    sockopt_integer(&own->options, IPPROTO_IPV6, IPV6_V6ONLY) != 0;
}

struct handoff_decision
handoff_decide(struct handoff *h, struct handoff_bind *b)
{
	const int protocol = protocol_of(&b->own);
	struct pool_variant *v = NULL;

	if (b->own.family != b->asked.family)
		return (struct handoff_decision){HANDOFF_LET_THROUGH};
	resolve_v6only(&b->asked, &b->own);
	v = pool_find(h->pool, &b->asked, protocol);
	if (v == NULL) {
		b->uncovered = true;
		return (struct handoff_decision){HANDOFF_LET_THROUGH};
	}
	/* A call that a signal repeated has been answered already; otherwise it
	 * is a second bind of one socket. */
	if (handoff_is_recent(h, b->own.inode))
		return (struct handoff_decision){HANDOFF_ANSWER,
		    .error = h->notify.interruptible ? 0 : EINVAL};
	return hand_over(h, b, v);
}

void
handoff_commit(struct handoff *h, struct handoff_bind *b,
    const struct handoff_decision *d)
{
	const struct pool_variant *v = d->socket->variant;

	remember(h, d->socket->fd, v->mapping);
	tell_handed(h, b, v);
	if (h->in_trial)
		return;
	h->unused.used[v->mapping] = true;
	stray_note_use(&h->stray, v);
	lease_commit(h->pool, d->socket,
	    (struct process_descriptor){b->task, b->fd}, &b->delivery);
}

/* A socket that was passed, as a mapping of the port it has. */
static struct mapping
mapping_of_inherited(const struct pool_variant *v)
{
	struct mapping m = {.family = v->endpoint.family,
	    .protocol = v->protocol,
	    .public_port = v->endpoint.port,
	    .server_port = v->server_port,
	    .ports = 1};

	memcpy(m.address, v->endpoint.address, sizeof(m.address));
	return m;
}

void
handoff_table(const struct handoff *h, struct table *table)
{
	const struct mapping *m = h->plan->mappings;
	const struct mapping *end = m + h->plan->mapping_count;
	size_t i;

	*table = (struct table){0};
	for (; m < end; m++)
		if (!mapping_inherited(m) && !mapping_by_descriptor(m))
			table->mappings[table->count++] = *m;
	for (i = 0; i < h->pool->count; i++)
		if (h->pool->variants[i].inherited &&
		    table->count < PLAN_MAPPINGS_MAX)
			table->mappings[table->count++] = mapping_of_inherited(
			    &h->pool->variants[i]);
}

void
handoff_open(struct handoff *h, const struct offer *offer, int listener)
{
	handoff_close(h);
	h->listener = listener;
	h->by_preload = offer->kind == OFFER_PRELOAD;
	memcpy(h->preload.key, offer->key, sizeof(h->preload.key));
	memcpy(h->preload.proof, offer->proof, sizeof(h->preload.proof));
	/* No signal has the library ask again. */
	h->notify.interruptible = !h->by_preload && offer->interruptible != 0;
}

void
handoff_close(struct handoff *h)
{
	if (h->listener >= 0)
		close(h->listener);
	h->listener = -1;
}
