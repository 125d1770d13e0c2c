/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the helper, after the drop.
 * Reads: an address the server's bind(2) names, a copy; what is known of its
 * socket.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "handoff.h"
#include "lease.h"
#include "message.h"
#include "socket.h"

static bool
is_recent(const struct handoff *h, ino_t inode)
{
	size_t i;

	for (i = 0; i < HANDOFF_RECENT; i++)
		if (h->recent[i] == inode)
			return true;
	return false;
}

static void
remember(struct handoff *h, int socket)
{
	h->recent[h->handed++ % HANDOFF_RECENT] = socket_inode(socket);
}

/* A Multipath TCP listener is answered with what the pool has, a TCP one. */
static int
protocol_of(const struct target *target)
{
	return target->protocol == IPPROTO_MPTCP ? IPPROTO_TCP
						 : target->protocol;
}

static bool
can_be_mapped(int protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP;
}

/* The mapping that would have covered this bind. */
static struct mapping
mapping_suggested(const struct handoff *h, const struct endpoint *asked,
    int protocol)
{
	const struct mapping *m = h->plan->mappings;
	const struct mapping *end = m + h->plan->mapping_count;
	struct mapping suggested = {.protocol = (uint16_t)protocol,
	    .public_port = asked->port,
	    .server_port = asked->port,
	    .ports = 1};

	while (m < end && mapping_public_port(m, asked->port) == 0)
		m++;
	if (m == end) /* inherited, of the other protocol */
		return suggested;
	suggested.public_port = mapping_public_port(m, asked->port);
	/* Of the other protocol, the same mapping will do. */
	if (m->family == AF_UNSPEC && m->protocol != protocol)
		return suggested;
	suggested.family = asked->family;
	suggested.scope = asked->scope;
	memcpy(suggested.address, asked->address, sizeof(asked->address));
	return suggested;
}

/* Returns whether it was already. */
static bool
note_told(struct handoff *h, const struct endpoint *e, int protocol)
{
	struct handoff_told *told = h->told;

	for (; told < h->told + HANDOFF_TOLD; told++)
		if (told->endpoint.port == e->port &&
		    endpoint_same_address(&told->endpoint, e) &&
		    told->protocol == protocol)
			return true;
	h->told[h->told_count++ % HANDOFF_TOLD] = (struct handoff_told){*e,
	    protocol};
	return false;
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

static void
tell_suggestion(const struct handoff *h, const char *asked,
    const struct mapping *suggested)
{
	const struct mapping *other = mapping_in_its_way(h, suggested);
	char mapping[MAPPING_TEXT], present[MAPPING_TEXT] = "";

	if (other != NULL)
		mapping_format(other, present);
	alertx("the server binds %s, which no mapping covers, and keeps that "
	       "port; give it -p '%s'%s%s%s",
	    asked, mapping_format(suggested, mapping),
	    other == NULL ? "" : " in place of '", present,
	    other == NULL ? "" : "'");
}

static void
tell_uncovered(struct handoff *h, const struct handoff_bind *b, int protocol)
{
	const struct pool_variant *inherited = pool_find_inherited(h->pool,
	    b->asked.port, protocol);
	struct mapping suggested;
	char text[ENDPOINT_TEXT];

	if (note_told(h, &b->asked, protocol))
		return;
	endpoint_format(&b->asked, text);
	if (!can_be_mapped(protocol)) {
		alertx("the server binds %s for another protocol than TCP and "
		       "UDP, and keeps that port; no mapping can be for it",
		    text);
		return;
	}
	if (inherited != NULL) {
		tell_other_family(text, inherited);
		return;
	}
	suggested = mapping_suggested(h, &b->asked, protocol);
	tell_suggestion(h, text, &suggested);
}

static void
tell_handed(const struct handoff *h, const struct handoff_bind *b,
    const struct pool_variant *v)
{
	char asked[ENDPOINT_TEXT], given[ENDPOINT_TEXT];

	verbose("process %d asked for %s and got %s%s", b->task,
	    endpoint_format(&b->asked, asked),
	    endpoint_format(&v->endpoint, given), h->trying ? " (trial)" : "");
}

/* Of TCP it is what a second server of one port sees anywhere. */
static void
tell_in_use(struct handoff *h, const struct pool_variant *v)
{
	char text[ENDPOINT_TEXT];

	if (v->protocol != IPPROTO_UDP || h->told_in_use)
		return;
	h->told_in_use = true;
	warnx("all UDP sockets for %s are in use, and bind(2) fails "
	      "(EADDRINUSE) until one is closed; --spares gives more",
	    endpoint_format(&v->endpoint, text));
}

/* Prepares a socket of the variant for the server: never the unmapped port in
 * silence. */
static struct handoff_decision
hand_over(struct handoff *h, const struct handoff_bind *b,
    struct pool_variant *v)
{
	struct handoff_decision d = {HANDOFF_HAND_OVER, .variant = v};
	const struct target *target = &b->target;

	lease_refresh(h->pool, 1);
	d.error = lease_pick(v,
	    sockopt_integer(&target->options, SOL_SOCKET, SO_REUSEPORT) != 0,
	    &d.socket);
	if (d.error != 0) {
		tell_in_use(h, v);
		d.outcome = HANDOFF_ANSWER;
	} else if (!h->trying) {
		/* What the trial borrows goes back as it was. */
		lease_prepare(h->pool, v, d.socket, &target->options,
		    (target->flags & O_NONBLOCK) != 0);
	}
	return d;
}

static void
resolve_v6only(struct endpoint *asked, const struct target *target)
{
	asked->v6only = asked->family == AF_INET6 &&
	    sockopt_integer(&target->options, IPPROTO_IPV6, IPV6_V6ONLY) != 0;
}

struct handoff_decision
handoff_decide(struct handoff *h, struct handoff_bind *b)
{
	const int protocol = protocol_of(&b->target);
	struct pool_variant *v = NULL;

	if (b->target.family != b->asked.family)
		return (struct handoff_decision){HANDOFF_LET_THROUGH};
	resolve_v6only(&b->asked, &b->target);
	v = pool_find(h->pool, &b->asked, protocol);
	if (v == NULL) {
		tell_uncovered(h, b, protocol);
		return (struct handoff_decision){HANDOFF_LET_THROUGH};
	}
	/* A call that a signal repeated has been answered already; otherwise it
	 * is a second bind of one socket. */
	if (is_recent(h, b->target.inode))
		return (struct handoff_decision){HANDOFF_ANSWER,
		    .error = h->killable ? EINVAL : 0};
	return hand_over(h, b, v);
}

void
handoff_commit(struct handoff *h, struct handoff_bind *b,
    const struct handoff_decision *d)
{
	remember(h, d->socket);
	tell_handed(h, b, d->variant);
	if (h->trying)
		return;
	h->used[d->variant->mapping] = true;
	lease_commit(d->variant, d->socket,
	    (struct process_descriptor){b->task, b->fd}, &b->journey);
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
handoff_close(struct handoff *h)
{
	if (h->listener >= 0)
		close(h->listener);
	h->listener = -1;
}

void
handoff_report_unused(struct handoff *h, const char *when)
{
	char text[MAPPING_TEXT];
	size_t i;

	for (i = 0; i < h->plan->mapping_count; i++) {
		const struct mapping *m = &h->plan->mappings[i];

		if (!h->used[i] && !mapping_by_descriptor(m))
			warnx("%s%s was not used: the server %s bound %s %u%s "
			      "as it covers it; is it configured so?",
			    mapping_inherited(m) ? "a socket that was passed"
						 : "mapping ",
			    mapping_inherited(m) ? "" : mapping_format(m, text),
			    when,
			    m->protocol == IPPROTO_UDP ? "UDP port" : "port",
			    m->server_port, m->ports == 1 ? "" : " or so");
		h->used[i] = true;
	}
}
