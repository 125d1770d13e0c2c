/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the helper, after the drop.
 * Reads: nothing but what holding.h has seen.
 */
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "holding.h"
#include "lease.h"
#include "lease_udp.h"
#include "process.h"
#include "socket.h"
#include "sockstate.h"

/* Milliseconds: a server may pass a connected socket on to another of its
 * processes; it arrives within this time. */
#define PASSED_BY 200

/* Looks that are less apart are one, for what they find. */
#define ONE_LOOK 5

/* So many looks for every lent socket, in a row, have to find nobody. */
#define LOOKS 2

/* Milliseconds from one look who holds the lent sockets to the next. */
#define REFRESH_EVERY 250

/* Microseconds from a hand-off to the first look whether the server listens. */
#define LISTENING_AFTER 20

/* Milliseconds that a connection may take to end (tcp(7), tcp_fin_timeout). */
#define ENDING_MAX 60000

/* Microseconds from a hand-off until options are restored: servers that bind again
 * and again do not wait for it. */
#define RESTORE_AFTER 1000

/* Once to set the defaults, and once to see that nothing differs. */
#define RESTORE_TIMES 2

/* Milliseconds a bind waits for such an end, if there is no other socket. */
#define PATIENCE 50

static void
set_restore(struct pool_socket *s, unsigned int times)
{
	s->variant->restore += (times > 0) - (s->restore > 0);
	s->restore = times;
}

static void
lend(struct pool *pool, struct pool_socket *s, struct process_descriptor holder)
{
	pool_note_lent(pool, s->variant);
	s->variant->lent += !s->lent;
	s->lent = true;
	set_restore(s, 0);
	s->lent_at = clock_microseconds();
	pool_inode(s);
	s->holder = holder;
	s->holding = PROCESS_HOLDS;
	s->unheld = 0;
}

/* The server keeps the socket, if it has it. */
static void
let_go(struct pool_socket *s)
{
	struct pool_variant *v = s->variant;

	holding_end_delivery(s);
	close(s->fd);
	v->lent -= s->lent;
	v->count--;
	memmove(s, s + 1, (size_t)(v->sockets + v->count - s) * sizeof(*s));
}

/*
 * True if a socket that nobody holds has no connection any more.  One that it
 * has begins to end, as by the last close(2).  The peer may have more to send,
 * to nobody: a bind that needs the socket does not wait for that.
 */
static bool
has_ended(struct pool_socket *s, bool needed)
{
	const long long now = clock_milliseconds();
	enum sockstate_ending ending;

	if (s->variant->protocol == IPPROTO_UDP ||
	    !sockstate_is_connected(s->fd))
		return true;
	if (s->ending_since == 0) {
		s->ending_since = now;
		sockstate_end_connection(s->fd);
	}
	ending = sockstate_ending(s->fd);
	return ending == SOCKSTATE_ENDED ||
	    (ending == SOCKSTATE_DELIVERED && needed) ||
	    now - s->ending_since >= ENDING_MAX;
}

/* Makes a socket that nobody holds as new.  If that cannot be, it is closed:
 * the next server would find what the last one has left. */
static void
take_back(struct pool_socket *s)
{
	const struct pool_variant *v = s->variant;

	if (!(v->protocol == IPPROTO_UDP
		    ? lease_udp_renew(s)
		    : sockstate_renew(s->fd, &v->endpoint))) {
		let_go(s);
		return;
	}
	s->variant->lent--;
	s->lent = s->looked_for = false;
	s->ending_since = 0;
	/* Its server may have set more options since. */
	s->altered = true;
	set_restore(s, RESTORE_TIMES);
}

/* To hand out one that is not as at first takes more system calls. */
static int
drawbacks(const struct pool_socket *s)
{
	return 2 * s->hears_one_peer + s->altered;
}

static struct pool_socket *
pick_fresh(struct pool_variant *v)
{
	struct pool_socket *s = v->sockets, *end = s + v->count, *best = NULL;

	for (; s < end; s++)
		if (!s->lent &&
		    (best == NULL || drawbacks(best) > drawbacks(s)))
			best = s;
	return best;
}

/*
 * If we cannot see who holds it, two servers share a socket: better than a
 * server that can never bind again.  But a connected socket serves one peer
 * alone, SO_REUSEPORT or not, and one that was shut down serves nobody.
 */
static struct pool_socket *
pick_lent(struct pool_variant *v, bool reuseport)
{
	struct pool_socket *s = v->sockets, *end = s + v->count, *best = NULL;

	for (; s < end; s++) {
		if ((s->holding == PROCESS_HOLDS && !reuseport) ||
		    sockstate_is_connected(s->fd) || sockstate_is_shut(s->fd))
			continue;
		if (best == NULL || best->lent_at > s->lent_at)
			best = s;
	}
	return best;
}

/* Connected sockets are first looked for when all are lent, and one look finds
 * many unheld: the one that was lent last may be on its way to another process of
 * the server, the first has been closed. */
static bool
is_unheld_longer(const struct pool_socket *s, const struct pool_socket *other)
{
	const long long apart = s->unheld_since - other->unheld_since;

	return apart < -ONE_LOOK * 1000LL ||
	    (apart < ONE_LOOK * 1000LL && s->lent_at < other->lent_at);
}

/* Of those without a connection, takes back the one unheld for longest. */
static bool
take_back_one(struct pool_variant *v)
{
	struct pool_socket *s = v->sockets, *end = s + v->count, *best = NULL;

	for (; s < end; s++)
		if (s->lent && s->unheld > 0 && has_ended(s, true) &&
		    (best == NULL || is_unheld_longer(s, best)))
			best = s;
	if (best != NULL)
		take_back(best);
	return best != NULL;
}

static bool
some_connection_ends(const struct pool_variant *v)
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
		if (left-- == 0 || !some_connection_ends(v))
			return false;
		poll(NULL, 0, 1);
	}
	return true;
}

struct pool_socket *
lease_pick(struct pool_variant *v, bool reuseport)
{
	struct pool_socket *s = pick_fresh(v);

	while (s == NULL && take_back_soon(v))
		s = pick_fresh(v);
	return s != NULL ? s : pick_lent(v, reuseport);
}

unsigned int
lease_connections(const struct pool_variant *v)
{
	const struct pool_socket *s = v->sockets, *end = s + v->count;
	unsigned int count = 0;

	for (; s < end; s++)
		count += s->lent && sockstate_is_connected(s->fd);
	return count;
}

static const struct sockopt_values *
defaults_of(struct pool *pool, const struct pool_socket *fresh)
{
	const size_t ipv6 = fresh->variant->endpoint.family == AF_INET6;
	const size_t udp = fresh->variant->protocol == IPPROTO_UDP;
	struct sockopt_values *defaults = &pool->defaults[ipv6][udp];

	if (!pool->defaults_known[ipv6][udp]) {
		sockopt_read(fresh->fd, defaults);
		/* It decides the variant, and cannot be set any more. */
		sockopt_forget(defaults, IPPROTO_IPV6, IPV6_V6ONLY);
	}
	pool->defaults_known[ipv6][udp] = true;
	return defaults;
}

/* O_ASYNC would signal the last server. */
static void
set_nonblocking(int socket, bool nonblocking)
{
	const int flags = fcntl(socket, F_GETFL);
	const int wanted = (flags & ~(O_NONBLOCK | O_ASYNC)) |
	    (nonblocking ? O_NONBLOCK : 0);

	if (wanted != flags)
		fcntl(socket, F_SETFL, wanted);
}

/*
 * An option that the server was not seen to set is as on a fresh socket.  Each
 * is set once at the most: other processes may be using a lent socket right
 * now.
 */
void
lease_prepare(struct pool *pool, struct pool_socket *s,
    const struct sockopt_values *seen, bool nonblocking)
{
	const struct pool_variant *v = s->variant;
	struct sockopt_values wanted, present;

	if (v->inherited) {
		/* The service manager has set the others. */
		wanted = *seen;
		sockopt_forget(&wanted, IPPROTO_IPV6, IPV6_V6ONLY);
	} else {
		wanted = present = *defaults_of(pool, s);
		sockopt_overlay(&wanted, seen);
	}
	if (s->altered || s->lent || v->inherited)
		sockopt_read(s->fd, &present);
	if (sockopt_apply(s->fd, &wanted, &present))
		s->altered = true;
	set_nonblocking(s->fd, nonblocking);
	/* If somebody holds it, it is not parked, and its datagrams are his. */
	if (v->protocol != IPPROTO_UDP || v->inherited ||
	    (s->lent && s->holding == PROCESS_HOLDS))
		return;
	lease_udp_prepare(s, &wanted);
	/* If nobody receives it, the next look parks it. */
	lend(pool, s, (struct process_descriptor){0, -1});
}

/* The last time, the options are seen to be the defaults; or one of them cannot be
 * set, and lease_prepare looks again. */
static void
restore(struct pool *pool, struct pool_socket *s)
{
	const struct sockopt_values *defaults = defaults_of(pool, s);
	struct sockopt_values present;

	sockopt_read(s->fd, &present);
	s->altered = sockopt_apply(s->fd, defaults, &present);
	set_restore(s, s->altered ? s->restore - 1 : 0);
}

/* False if its server connects it to one client or peer, or may yet. */
static bool
is_for_everybody(const struct pool_socket *s)
{
	return s->variant->protocol == IPPROTO_UDP
	    ? lease_udp_is_for_everybody(s)
	    : sockstate_is_listening(s->fd);
}

void
lease_commit(struct pool *pool, struct pool_socket *s,
    struct process_descriptor holder, int *delivery)
{
	if (s->variant->inherited)
		return;
	lend(pool, s, holder);
	pool->restore_at = s->lent_at + RESTORE_AFTER;
	if (s->variant->count > 1 && is_for_everybody(s)) {
		let_go(s);
		return;
	}
	pool->listening_wait = LISTENING_AFTER;
	pool->listening_at = s->lent_at + LISTENING_AFTER;
	if (*delivery < 0)
		return;
	holding_end_delivery(s);
	s->delivery = *delivery;
	*delivery = -1;
}

static bool
may_be_passed(const struct pool_socket *s)
{
	return clock_microseconds() - s->unheld_since < PASSED_BY * 1000LL &&
	    sockstate_is_connected(s->fd);
}

static void
count_look(struct pool_socket *s)
{
	if (s->delivery > 0 && s->holding != PROCESS_HOLDS)
		s->holding = PROCESS_HOLDS;
	else
		holding_end_delivery(s);
	if (s->holding != PROCESS_NONE_HOLDS)
		s->unheld = 0;
	else if (s->unheld++ == 0)
		s->unheld_since = clock_microseconds();
}

/* Takes the socket back, or leaves it to its server alone, or keeps it lent. */
static void
refresh_one(struct pool_socket *s, unsigned int looks)
{
	count_look(s);
	if (s->unheld >= looks && !may_be_passed(s) && has_ended(s, false)) {
		take_back(s);
	} else if (s->unheld == 0 && is_for_everybody(s)) {
		lease_udp_warn(s);
		if (s->variant->count > 1)
			let_go(s);
	}
}

void
lease_refresh(struct pool *pool, const struct pool_variant *wanted)
{
	const unsigned int looks = wanted == NULL ? LOOKS : 1;
	struct pool_variant *v;
	unsigned int i;

	holding_look(pool, wanted);
	for (v = pool_lent(pool); v != NULL; v = v->next_lent)
		for (i = pool_in_the_way(v, wanted) ? v->count : 0; i-- > 0;)
			if (v->sockets[i].looked_for)
				refresh_one(&v->sockets[i], looks);
}

/* A look is of use for a lent socket if we can see who holds it, or if it may
 * soon be left to its server. */
static bool
wants_look(struct pool *pool)
{
	const struct pool_variant *v = pool_lent(pool);
	const long long now = clock_microseconds();
	const struct pool_socket *s;
	unsigned int i;

	for (; v != NULL; v = v->next_lent)
		for (i = v->count; i-- > 0;) {
			s = &v->sockets[i];
			if (s->lent &&
			    (s->holding != PROCESS_MAY_HOLD ||
				(v->count > 1 &&
				    now - s->lent_at <
					LEASE_UDP_CONNECTED_BY * 1000LL)))
				return true;
		}
	return false;
}

/* Leaves the sockets that listen by now to their server; true if another was
 * lent so lately that it may begin to. */
static bool
let_listeners_go(struct pool_variant *v)
{
	bool may_begin = false;
	struct pool_socket *s;
	unsigned int i;

	if (v->count > 1)
		holding_note_listening(v);
	for (i = v->count; i-- > 0 && v->count > 1;) {
		s = &v->sockets[i];
		if (s->listens)
			let_go(s);
		else
			may_begin |= s->lent &&
			    clock_microseconds() - s->lent_at <
				REFRESH_EVERY * 1000LL;
	}
	return may_begin;
}

static void
look_for_listeners(struct pool *pool, long long now)
{
	struct pool_variant *v = pool_lent(pool);
	bool may_begin = false;

	for (; v != NULL; v = v->next_lent)
		if (v->protocol != IPPROTO_UDP)
			may_begin |= let_listeners_go(v);
	pool->listening_wait *= 2;
	pool->listening_at = may_begin ? now + pool->listening_wait : 0;
}

static bool
wants_restoring(struct pool *pool)
{
	const struct pool_variant *v = pool_lent(pool);

	while (v != NULL && v->restore == 0)
		v = v->next_lent;
	return v != NULL;
}

void
lease_restore_one(struct pool *pool)
{
	struct pool_variant *v = pool_lent(pool);
	struct pool_socket *s, *end;

	if (clock_microseconds() < pool->restore_at)
		return;
	for (; v != NULL; v = v->next_lent) {
		if (v->restore == 0)
			continue;
		for (s = v->sockets, end = s + v->count; s < end; s++)
			if (s->restore > 0) {
				restore(pool, s);
				return;
			}
	}
}

long long
lease_due(struct pool *pool)
{
	const long long now = clock_microseconds();
	long long next;

	if (pool->refresh_at == 0 && wants_look(pool))
		pool->refresh_at = now + REFRESH_EVERY * 1000LL;
	next = pool->refresh_at;
	if (pool->listening_at != 0 && (next == 0 || pool->listening_at < next))
		next = pool->listening_at;
	if (wants_restoring(pool) && (next == 0 || pool->restore_at < next))
		next = pool->restore_at;
	if (next == 0)
		return -1;
	return next > now ? next - now : 0;
}

void
lease_visit(struct pool *pool)
{
	const long long now = clock_microseconds();

	if (pool->listening_at != 0 && now >= pool->listening_at)
		look_for_listeners(pool, now);
	if (pool->refresh_at != 0 && now >= pool->refresh_at) {
		lease_refresh(pool, NULL);
		pool->refresh_at = 0;
	}
}
