/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the helper, after the drop.
 * Reads: a copy of the address that the server's bind(2) names; what is known of
 * its socket.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "channel.h"
#include "constants.h"
#include "handoff.h"
#include "lease.h"
#include "message.h"
#include "remedy.h"
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

/* A Multipath TCP socket is replaced by one of TCP: the pool has no others. */
static int
protocol_of(const struct server_socket *own)
{
	return own->protocol == IPPROTO_MPTCP ? IPPROTO_TCP : own->protocol;
}

/* Returns a mapping that expects this port, of this protocol if there is one. */
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

/* Returns the mapping that would have covered this bind. */
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
	/* A passed socket of the other protocol expects the port; or a mapping
	 * of it does, and has no address either. */
	if (m == NULL || (m->family == AF_UNSPEC && m->protocol != protocol))
		return suggested;
	suggested.family = asked->family;
	suggested.scope = asked->scope;
	memcpy(suggested.address, asked->address, sizeof(asked->address));
	return suggested;
}

/* A server of one family would misread the client addresses of the other. */
static void
tell_other_family(const char *asked, const struct pool_variant *v)
{
	const struct endpoint missing = {.port = v->endpoint.port,
	    .family = v->endpoint.family == AF_INET6 ? AF_INET : AF_INET6};
	char passed[ENDPOINT_TEXT], text[ENDPOINT_TEXT];

	alertx("the server binds %s, and keeps that port: the socket that was "
	       "passed for it, %s, is of another family; pass one of that too "
	       "(ListenStream=%s and BindIPv6Only=ipv6-only)",
	    asked, endpoint_format(&v->endpoint, passed),
	    endpoint_format(&missing, text));
}

/* Returns true if no mapping would help: no socket can have this address. */
static bool
is_hopeless(int error)
{
	return error > 0 && error != EACCES && error != EPERM &&
	    error != EADDRINUSE;
}

/* Only a bind that has succeeded (0) is said to keep the port. */
static void
tell_suggestion(const char *asked, bool wildcard, const char *advice, int error)
{
	if (error == 0)
		alertx("the server binds %s, which no mapping covers, and "
		       "keeps that port; %s",
		    asked, advice);
	else if (error > 0)
		alertx("the server asks for %s, which no mapping covers, and "
		       "is refused: %s; %s",
		    asked, message_error(error), advice);
	else if (wildcard)
		alertx("the server asks for %s, which no mapping covers, and "
		       "has that port itself if the kernel permits it; %s",
		    asked, advice);
	else
		alertx("the server asks for %s, which no mapping covers, and "
		       "has that port itself if the kernel permits it; if the "
		       "host has that address, %s",
		    asked, advice);
}

static void
suggest_mapping(const struct handoff *h, const struct endpoint *e, int protocol,
    int error)
{
	const struct mapping suggested = mapping_suggested(h, e, protocol);
	const struct mapping *other = h->plan->mappings;
	const struct mapping *end = other + h->plan->mapping_count;
	char asked[ENDPOINT_TEXT], wanted[MAPPING_TEXT], present[MAPPING_TEXT];
	char advice[REASON_TEXT];

	endpoint_format(e, asked);
	mapping_format(&suggested, wanted);
	while (other < end && !mapping_conflicts(other, &suggested))
		other++;
	if (other == end) {
		reason_say(advice, "give it -p '%s'", wanted);
	} else if (strcmp(wanted, mapping_format(other, present)) == 0) {
		alertx("mapping '%s' has no socket for the server's bind of "
		       "%s: the address was missing when lowport started; "
		       "start it anew",
		    present, asked);
		return;
	} else {
		reason_say(advice, "give it -p '%s' in place of '%s'", wanted,
		    present);
	}
	tell_suggestion(asked, endpoint_is_wildcard(e), advice, error);
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
	else if (protocol != IPPROTO_TCP && protocol != IPPROTO_UDP)
		alertx("the server's bind of %s is for another protocol than "
		       "TCP and UDP; no mapping can be for it",
		    text);
	else if (inherited != NULL)
		tell_other_family(text, inherited);
	else
		suggest_mapping(h, e, protocol, error);
}

/* Milliseconds in which the kernel carries out what was let through. */
#define BIND_WAIT 20

/* Waits until the server's socket is bound; socket is a duplicate, or -1. */
static int
wait_for_bind(int socket)
{
	struct endpoint e = {.port = 0};
	int left = BIND_WAIT;

	if (socket < 0)
		return UNUSED_UNKNOWN;
	while (socket_endpoint(socket, &e) && e.port == 0 && left-- > 0)
		poll(NULL, 0, 1);
	return e.port != 0 ? 0 : UNUSED_UNKNOWN;
}

static void
note_uncovered(struct handoff *h, const struct handoff_bind *b, int protocol,
    int error)
{
	const struct endpoint *e = &b->asked;

	if (!warned_first_endpoint(&h->warned, WARNED_UNCOVERED, e, protocol,
		error))
		return;
	if (error == UNUSED_UNKNOWN)
		error = wait_for_bind(b->own.fd);
	tell_uncovered(h, e, protocol, error);
	/* If it has failed, a process found there later is another one. */
	if (!is_hopeless(error))
		unused_note_uncovered(&h->unused, e->port, protocol);
}

void
handoff_note_let_through(struct handoff *h, const struct handoff_bind *b,
    int error)
{
	const int protocol = protocol_of(&b->own);

	if (h->in_trial)
		return;
	h->stray.look_wanted |= unused_any(&h->unused, 0);
	if (b->uncovered)
		note_uncovered(h, b, protocol, error);
	else if (!pool_expects(h->pool, b->asked.port))
		unused_note(&h->unused, b->asked.port, protocol, error);
}

/* A property of the server's own socket that the pool's lacks, for a message. */
static const char *
drawback_of(const struct handoff_bind *b)
{
	if (b->own.protocol == IPPROTO_MPTCP)
		return ", which is of TCP, not Multipath TCP";
	if (b->own.protocol == IPPROTO_UDP &&
	    sockopt_integer(&b->own.options, SOL_SOCKET, SO_REUSEPORT) != 0)
		return ", and of several with SO_REUSEPORT the last takes all "
		       "datagrams";
	return "";
}

static void
tell_handed(const struct handoff *h, const struct handoff_bind *b,
    const struct pool_variant *v)
{
	const char *drawback = drawback_of(b);
	char asked[ENDPOINT_TEXT], given[ENDPOINT_TEXT];

	if (!message_is_verbose())
		return;
	endpoint_format(&b->asked, asked);
	endpoint_format(&v->endpoint, given);
	if (h->in_trial)
		verbose("process %d asked for %s and got %s (trial)", b->task,
		    asked, given);
	else
		verbose("process %d asked for %s and got %s%s%s", b->task,
		    asked, given, drawback,
		    *drawback == '\0' ? "" : remedy_bpf());
}

/* A second TCP server that listens at one port fails without lowport too: this is
 * not reported. */
static void
tell_in_use(struct handoff *h, const struct pool_variant *v)
{
	const char *protocol = v->protocol == IPPROTO_UDP ? "UDP" : "TCP";
	const unsigned int connections = lease_connections(v);
	char text[ENDPOINT_TEXT];

	if (v->protocol == IPPROTO_TCP && connections == 0 && v->count > 0)
		return;
	if (!warned_first_endpoint(&h->warned, WARNED_IN_USE, &v->endpoint,
		v->protocol, 0))
		return;
	endpoint_format(&v->endpoint, text);
	if (v->count == 0)
		warnx("no socket for %s is left that could be used again: the "
		      "server has shut down or locked all of them, and bind(2) "
		      "fails (EADDRINUSE); start it anew, or with more "
		      "--spares%s",
		    text, remedy_bpf());
	else
		warnx("all %s sockets for %s are in use, %u of them connected, "
		      "and bind(2) fails (EADDRINUSE) until one is closed; "
		      "--spares gives more%s",
		    protocol, text, connections, remedy_bpf());
}

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

/* Picks a socket of the variant and prepares it.  If there is none, bind(2)
 * fails: the server never gets the expected port in silence. */
static struct handoff_decision
hand_over(struct handoff *h, struct handoff_bind *b, struct pool_variant *v)
{
	struct handoff_decision d = {HANDOFF_HAND_OVER};
	struct server_socket *own = &b->own;
	uid_t stranger;

	if (pool_has_stranger(h->pool, v, &stranger)) {
		tell_stranger(h, v, stranger);
		return (struct handoff_decision){HANDOFF_ANSWER,
		    .error = EADDRINUSE};
	}
	lease_refresh(h->pool, v);
	d.socket = lease_pick(v,
	    sockopt_integer(&own->options, SOL_SOCKET, SO_REUSEPORT) != 0);
	if (d.socket == NULL) {
		tell_in_use(h, v);
		d.outcome = HANDOFF_ANSWER;
		d.error = EADDRINUSE;
	} else if (!h->in_trial) {
		/* A trial gives the socket back unchanged. */
		server_socket_learn_options(own);
		lease_prepare(h->pool, d.socket, &own->options,
		    (own->flags & O_NONBLOCK) != 0);
	}
	return d;
}

struct handoff_decision
handoff_decide(struct handoff *h, struct handoff_bind *b)
{
	const int protocol = protocol_of(&b->own);
	struct pool_variant *v = NULL;

	if (b->own.family != b->asked.family)
		return (struct handoff_decision){HANDOFF_LET_THROUGH};
	b->asked.v6only = b->asked.family == AF_INET6 &&
	    sockopt_integer(&b->own.options, IPPROTO_IPV6, IPV6_V6ONLY) != 0;
	v = pool_find(h->pool, &b->asked, protocol);
	if (v == NULL) {
		b->uncovered = true;
		return (struct handoff_decision){HANDOFF_LET_THROUGH};
	}
	/* It has one of the pool's already: a second bind of one socket. */
	if (handoff_is_recent(h, b->own.inode))
		return (
		    struct handoff_decision){HANDOFF_ANSWER, .error = EINVAL};
	return hand_over(h, b, v);
}

void
handoff_commit(struct handoff *h, struct handoff_bind *b,
    const struct handoff_decision *d)
{
	const struct pool_variant *v = d->socket->variant;
	struct handoff_recent *last = &h->recent[h->handed++ % HANDOFF_RECENT];

	*last = (struct handoff_recent){pool_inode(d->socket), v->mapping};
	tell_handed(h, b, v);
	if (h->in_trial)
		return;
	h->unused.used[v->mapping] = true;
	stray_note_use(&h->stray, v);
	lease_commit(h->pool, d->socket,
	    (struct process_descriptor){b->task, b->fd}, &b->delivery);
}

void
handoff_cancel(struct handoff *h, const struct handoff_decision *d)
{
	lease_refresh(h->pool, d->socket->variant);
}

/* Returns a passed socket as a mapping of the port it has. */
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
	/* A signal does not have the library ask again. */
	h->notify.interruptible = !h->by_preload && offer->interruptible != 0;
}

void
handoff_close(struct handoff *h)
{
	if (h->listener >= 0)
		close(h->listener);
	h->listener = -1;
}
