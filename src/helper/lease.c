/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the helper, after the drop.
 * Reads: who holds which sockets, by proc(5).
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "lease.h"
#include "message.h"
#include "parking.h"
#include "socket.h"
#include "sockstate.h"

/* Milliseconds: a process takes what has been sent to it at once, or soon. */
#define JOURNEY_MAX 2000

/* Milliseconds: a server that binds a UDP socket for a client connects it at
 * once, or soon. */
#define CONNECTED_BY 1000

/* Milliseconds: so long it may be on its way from there to a process that is to
 * serve the client. */
#define PASSED_BY 200

/* Milliseconds: so often it is looked who holds the kept sockets. */
#define REFRESH_EVERY 250

/* Microseconds: so soon it is looked whether a server listens. */
#define GLANCE_AFTER 20

/* Milliseconds: so long a connection may take to end (tcp(7), tcp_fin_timeout).
 */
#define ENDING_MAX 60000

/* Milliseconds: so long a bind waits for that, where there is no other socket. */
#define PATIENCE 50

static void
journey_end(struct pool_socket *s)
{
	if (s->journey > 0)
		close(s->journey);
	s->journey = 0;
}

static void
share(struct pool_variant *v, struct pool_socket *s,
    struct process_descriptor holder)
{
	if (!s->shared)
		v->shared++;
	s->shared = true;
	s->inode = socket_inode(s->fd);
	s->holder = holder;
	s->holding = PROCESS_HOLDS;
	s->unheld = 0;
	s->departed = clock_milliseconds();
}

/* No more than the server's, if it has it. */
static void
let_go(struct pool_variant *v, struct pool_socket *s)
{
	journey_end(s);
	close(s->fd);
	v->shared -= s->shared;
	v->count--;
	memmove(s, s + 1,
	    (size_t)(v->sockets + v->count - s) * sizeof(*v->sockets));
}

static void
note_narrow(const struct pool_variant *v, struct pool_socket *s)
{
	s->narrow |= v->endpoint.family == AF_INET6 &&
	    sockstate_is_connected(s->fd);
}

/*
 * True where there is no connection in the socket that nobody holds.  One that
 * there is begins to end, as by the last close(2).  Its peer may have more to
 * send, to nobody: it is not waited for where a bind is pressed for a socket.
 */
static bool
has_ended(struct pool_socket *s, bool pressed)
{
	const long long now = clock_milliseconds();

	if (!sockstate_is_connected(s->fd))
		return true;
	if (s->ending_since == 0) {
		s->ending_since = now;
		sockstate_end_connection(s->fd);
	}
	switch (sockstate_ending(s->fd)) {
	case SOCKSTATE_ENDED:
		return true;
	case SOCKSTATE_DELIVERED:
		return pressed || now - s->ending_since >= ENDING_MAX;
	default:
		return now - s->ending_since >= ENDING_MAX;
	}
}

static bool
make_fresh(const struct pool_variant *v, struct pool_socket *s)
{
	if (v->protocol != IPPROTO_UDP)
		return sockstate_renew(s->fd, &v->endpoint);
	note_narrow(v, s);
	return sockstate_renew(s->fd, &v->endpoint) &&
	    parking_begin(s->fd, &v->endpoint);
}

/* A socket that nobody holds is made as new.  If that cannot be, it is closed: the
 * next server would find what the last one has left. */
static void
take_back(struct pool_variant *v, struct pool_socket *s)
{
	if (!make_fresh(v, s)) {
		let_go(v, s);
		return;
	}
	v->shared--;
	s->shared = s->looked_for = false;
	s->ending_since = 0;
	/* Its server may have set more of them since. */
	s->altered = true;
}

static struct pool_socket *
pick_unshared(struct pool_variant *v)
{
	struct pool_socket *s = v->sockets, *end = s + v->count, *best = NULL;

	for (; s < end; s++)
		if (!s->shared && (best == NULL || best->narrow > s->narrow))
			best = s;
	return best;
}

/*
 * If we cannot see who holds it, two servers share a socket: better than a server
 * that can never bind again.  But a connection is one peer's alone, SO_REUSEPORT
 * or not, and one that is over has left its marks.
 */
static struct pool_socket *
pick_shared(struct pool_variant *v, bool reuseport)
{
	struct pool_socket *s = v->sockets, *end = s + v->count, *best = NULL;

	for (; s < end; s++) {
		if ((s->holding == PROCESS_HOLDS && !reuseport) ||
		    sockstate_is_connected(s->fd) || sockstate_is_shut(s->fd))
			continue;
		if (best == NULL || best->departed > s->departed)
			best = s;
	}
	return best;
}

/* Of those that nobody held at the last look, and that are no connection's any
 * more, the one that has been so longest. */
static bool
take_back_one(struct pool_variant *v)
{
	struct pool_socket *s = v->sockets, *end = s + v->count, *best = NULL;

	for (; s < end; s++)
		if (s->shared && s->unheld > 0 &&
		    (v->protocol == IPPROTO_UDP || has_ended(s, true)) &&
		    (best == NULL || best->unheld_at > s->unheld_at))
			best = s;
	if (best != NULL)
		take_back(v, best);
	return best != NULL;
}

static bool
some_end(const struct pool_variant *v)
{
	const struct pool_socket *s = v->sockets, *end = s + v->count;

	while (s < end && s->ending_since == 0)
		s++;
	return s < end;
}

/* A peer acknowledges the end of a connection after some milliseconds. */
static bool
take_back_soon(struct pool_variant *v)
{
	int left = PATIENCE;

	while (!take_back_one(v)) {
		if (left-- == 0 || !some_end(v))
			return false;
		poll(NULL, 0, 1);
	}
	return true;
}

int
lease_pick(struct pool_variant *v, bool reuseport, int *socket)
{
	const struct pool_socket *s = pick_unshared(v);

	while (s == NULL && take_back_soon(v))
		s = pick_unshared(v);
	if (s == NULL)
		s = pick_shared(v, reuseport);
	if (s == NULL)
		return EADDRINUSE;
	*socket = s->fd;
	return 0;
}

unsigned int
lease_connections(const struct pool_variant *v)
{
	const struct pool_socket *s = v->sockets, *end = s + v->count;
	unsigned int count = 0;

	for (; s < end; s++)
		count += s->shared && sockstate_is_connected(s->fd);
	return count;
}

static struct pool_socket *
socket_of(struct pool_variant *v, int fd)
{
	struct pool_socket *s = v->sockets;

	while (s->fd != fd)
		s++;
	return s;
}

static const struct sockopt_values *
defaults_of(struct pool *pool, const struct pool_variant *v, int fresh)
{
	const size_t ipv6 = v->endpoint.family == AF_INET6;
	const size_t udp = v->protocol == IPPROTO_UDP;
	struct sockopt_values *defaults = &pool->defaults[ipv6][udp];

	if (!pool->defaults_known[ipv6][udp]) {
		sockopt_read(fresh, defaults);
		/* Decides the variant, and cannot be set any more. */
		sockopt_forget(defaults, IPPROTO_IPV6, IPV6_V6ONLY);
	}
	pool->defaults_known[ipv6][udp] = true;
	return defaults;
}

/* O_ASYNC would signal the last server. */
static void
set_nonblocking(int socket, bool nonblocking)
{
	const int flags = fcntl(socket, F_GETFL) & ~(O_NONBLOCK | O_ASYNC);

	fcntl(socket, F_SETFL, nonblocking ? flags | O_NONBLOCK : flags);
}

/*
 * What was not seen to be set is as on a fresh socket.  Each option is set once
 * at the most: others may be using the kept socket at this moment.
 */
void
lease_prepare(struct pool *pool, struct pool_variant *v, int socket,
    const struct sockopt_values *seen, bool nonblocking)
{
	struct pool_socket *s = socket_of(v, socket);
	struct sockopt_values wanted, present;

	if (v->inherited) {
		/* What it was before is the manager's affair. */
		wanted = *seen;
		sockopt_forget(&wanted, IPPROTO_IPV6, IPV6_V6ONLY);
	} else {
		wanted = present = *defaults_of(pool, v, socket);
		sockopt_overlay(&wanted, seen);
	}
	if (s->altered || s->shared || v->inherited)
		sockopt_read(socket, &present);
	if (sockopt_apply(socket, &wanted, &present))
		s->altered = true;
	set_nonblocking(socket, nonblocking);
	/* What somebody has is not parked, and its datagrams are his. */
	if (v->protocol != IPPROTO_UDP || v->inherited ||
	    (s->shared && s->holding == PROCESS_HOLDS))
		return;
	/* Its last server has connected it, or an old kernel's parking. */
	note_narrow(v, s);
	parking_end(socket);
	/* What has come by another interface is not for the server. */
	if (sockopt_apply_device(socket, &wanted))
		sockstate_discard(socket);
	/* Should nobody get it, the next look parks it. */
	share(v, s, (struct process_descriptor){0, -1});
}

/* Not for one client or peer, to which its server connects it. */
static bool
is_for_everybody(const struct pool_variant *v, const struct pool_socket *s)
{
	return v->protocol == IPPROTO_UDP
	    ? clock_milliseconds() - s->departed >= CONNECTED_BY &&
		!sockstate_is_connected(s->fd)
	    : sockstate_is_listening(s->fd);
}

static bool
is_young(const struct pool_socket *s)
{
	return clock_milliseconds() - s->departed < REFRESH_EVERY;
}

void
lease_commit(struct pool *pool, struct pool_variant *v, int socket,
    struct process_descriptor holder, int *journey)
{
	struct pool_socket *s = socket_of(v, socket);

	if (v->inherited)
		return;
	share(v, s, holder);
	if (v->count > 1 && is_for_everybody(v, s)) {
		let_go(v, s);
		return;
	}
	pool->glance_wait = GLANCE_AFTER;
	pool->glance_at = clock_microseconds() + GLANCE_AFTER;
	if (*journey < 0)
		return;
	journey_end(s);
	s->journey = *journey;
	*journey = -1;
}

/*
 * Until then, nobody is seen to hold it who will.  A process that was forked in
 * that moment may have the descriptor too, and keep it open: so no longer than
 * JOURNEY_MAX.
 */
static bool
is_on_its_way(const struct pool_socket *s)
{
	/* Nothing is ever sent there: readable is its end.  (gVisor does not
	 * call that POLLHUP.) */
	struct pollfd end = {.fd = s->journey, .events = POLLIN};

	return s->journey > 0 &&
	    clock_milliseconds() - s->departed < JOURNEY_MAX &&
	    poll(&end, 1, 0) == 0;
}

static bool
visit_held(ino_t inode, struct process_descriptor holder, void *argument)
{
	struct pool_socket **first = argument, **at = first, *s;

	while (*at != NULL && (*at)->inode != inode)
		at = &(*at)->next;
	s = *at;
	if (s != NULL) {
		s->holder = holder;
		s->holding = PROCESS_HOLDS;
		*at = s->next;
	}
	return *first == NULL;
}

static bool
is_to_be_looked_for(const struct pool_variant *v, const struct pool_socket *s,
    unsigned int looks)
{
	return s->shared &&
	    (looks > 1 || v->shared == v->count ||
		!sockstate_is_connected(s->fd));
}

/* The usual holder first: it needs one readlink(2).  All the others need one
 * walk of /proc. */
static void
look(struct pool *pool, unsigned int looks)
{
	struct pool_variant *v = pool->variants, *end = v + pool->count;
	struct pool_socket *missing = NULL, *s;
	enum process_holding others;

	for (; v < end; v++)
		for (s = v->sockets; v->shared > 0 && s < v->sockets + v->count;
		     s++) {
			s->looked_for = is_to_be_looked_for(v, s, looks);
			if (!s->looked_for)
				continue;
			/* One that arrives while this looks is not taken for
			 * given back: first, whether it is there to be seen. */
			if (!is_on_its_way(s))
				journey_end(s);
			s->holding = PROCESS_HOLDS;
			if (process_socket(s->holder.pid, s->holder.fd) ==
			    s->inode)
				continue;
			s->next = missing;
			missing = s;
		}
	if (missing == NULL)
		return;
	/* A server may have passed one to a process that is not below it: that
	 * takes a walk of the whole machine, not at each bind. */
	others = looks > 1 ? process_each_socket_anywhere(visit_held, &missing)
			   : process_each_socket(visit_held, &missing);
	for (; missing != NULL; missing = missing->next)
		missing->holding = others;
}

static void
tell_narrow(const struct pool_variant *v, struct pool_socket *s)
{
	char text[ENDPOINT_TEXT];

	warnx("the server may get no datagrams at %s but of one address: the "
	      "socket was connected to it, which the kernel does not undo "
	      "for IPv6; start it anew, with more --spares, or with Linux 5.7 "
	      "or later",
	    endpoint_format(&v->endpoint, text));
	s->narrow = false;
}

/* A server may pass a client's socket on to another of its processes. */
static bool
may_be_passed(const struct pool_socket *s)
{
	return clock_milliseconds() - s->unheld_at < PASSED_BY &&
	    sockstate_is_connected(s->fd);
}

/* What a server has that is for everybody is closed here, but for the last. */
static void
settle(struct pool_variant *v, struct pool_socket *s, unsigned int looks)
{
	if (s->journey > 0 && s->holding != PROCESS_HOLDS)
		s->holding = PROCESS_HOLDS;
	else
		journey_end(s);
	if (s->holding != PROCESS_NONE_HOLDS)
		s->unheld = 0;
	else if (s->unheld++ == 0)
		s->unheld_at = clock_milliseconds();
	if (s->unheld >= looks && !may_be_passed(s) &&
	    (v->protocol == IPPROTO_UDP || has_ended(s, false)))
		take_back(v, s);
	if (!s->shared || s->unheld > 0 || !is_for_everybody(v, s))
		return;
	if (s->narrow)
		tell_narrow(v, s);
	if (v->count > 1)
		let_go(v, s);
}

void
lease_refresh(struct pool *pool, unsigned int looks)
{
	struct pool_variant *v = pool->variants, *end = v + pool->count;
	unsigned int i;

	look(pool, looks);
	for (; v < end; v++)
		for (i = v->shared > 0 ? v->count : 0; i-- > 0;)
			if (v->sockets[i].looked_for)
				settle(v, &v->sockets[i], looks);
}

static bool
wants_looks(const struct pool_variant *v, const struct pool_socket *s)
{
	return s->shared &&
	    (s->holding != PROCESS_MAY_HOLD ||
		(v->count > 1 &&
		    clock_milliseconds() - s->departed < CONNECTED_BY));
}

/* True when it is known whether a process holds a kept socket that is out, or
 * one has been out for so short that it may be closed here. */
static bool
some_may_return(const struct pool *pool)
{
	const struct pool_variant *v = pool->variants, *end = v + pool->count;
	unsigned int i;

	for (; v < end; v++)
		for (i = v->shared > 0 ? v->count : 0; i-- > 0;)
			if (wants_looks(v, &v->sockets[i]))
				return true;
	return false;
}

/* Closes what listens by now; true where another is young enough to begin. */
static bool
let_listeners_go(struct pool_variant *v)
{
	bool young = false;
	unsigned int i;

	for (i = v->shared > 0 ? v->count : 0; i-- > 0 && v->count > 1;)
		if (v->sockets[i].shared && is_for_everybody(v, &v->sockets[i]))
			let_go(v, &v->sockets[i]);
		else
			young |= v->sockets[i].shared &&
			    is_young(&v->sockets[i]);
	return young;
}

static void
glance(struct pool *pool, long long now)
{
	struct pool_variant *v = pool->variants, *end = v + pool->count;
	bool young = false;

	for (; v < end; v++)
		if (v->protocol != IPPROTO_UDP)
			young |= let_listeners_go(v);
	pool->glance_wait *= 2;
	pool->glance_at = young ? now + pool->glance_wait : 0;
}

long long
lease_due(struct pool *pool)
{
	const long long now = clock_microseconds();
	long long next;

	if (pool->refresh_at == 0 && some_may_return(pool))
		pool->refresh_at = now + REFRESH_EVERY * 1000LL;
	next = pool->refresh_at;
	if (pool->glance_at != 0 && (next == 0 || pool->glance_at < next))
		next = pool->glance_at;
	if (next == 0)
		return -1;
	return next > now ? next - now : 0;
}

void
lease_visit(struct pool *pool)
{
	const long long now = clock_microseconds();

	if (pool->glance_at != 0 && now >= pool->glance_at)
		glance(pool, now);
	if (pool->refresh_at != 0 && now >= pool->refresh_at) {
		lease_refresh(pool, LEASE_LOOKS);
		pool->refresh_at = 0;
	}
}
