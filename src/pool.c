/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the helper.  pool_fill runs while it holds the capability, the rest
 * after the drop.
 * Reads: a checked plan.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "message.h"
#include "pool.h"
#include "privilege.h"
#include "socket.h"

#define HEADROOM 4

/* Milliseconds: a process takes what has been sent to it at once, or soon. */
#define JOURNEY_MAX 2000

/* Milliseconds: a server that binds a UDP socket for a client connects it at
 * once, or soon. */
#define CONNECTED_BY 1000

/* Milliseconds: so long it may be on its way from there to a process that is to
 * serve the client. */
#define PASSED_BY 200

static unsigned int
spares_of(const struct mapping_variant *v, const struct plan *plan)
{
	return v->common ? plan->spares : 1;
}

unsigned int
pool_size(const struct plan *plan)
{
	struct mapping_variant list[MAPPING_VARIANTS_MAX];
	unsigned int size = 0;
	size_t count, i;

	for (i = 0; i < plan->mapping_count; i++) {
		count = mapping_variants(&plan->mappings[i], list);
		while (count > 0)
			size += spares_of(&list[--count], plan) *
			    plan->mappings[i].ports;
	}
	return size;
}

static size_t
count_variants(const struct plan *plan)
{
	struct mapping_variant list[MAPPING_VARIANTS_MAX];
	size_t count = 0, i;

	for (i = 0; i < plan->mapping_count; i++)
		count += mapping_inherited(&plan->mappings[i])
		    ? POOL_INHERITED_MAX
		    : mapping_variants(&plan->mappings[i], list) *
			plan->mappings[i].ports;
	return count;
}

static void
variant_close(struct pool_variant *v)
{
	while (v->count > 0)
		close(v->sockets[--v->count].fd);
	free(v->sockets);
	v->sockets = NULL;
}

static bool
variant_open(struct pool_variant *v, unsigned int count)
{
	v->sockets = calloc(count, sizeof(*v->sockets));
	if (v->sockets == NULL)
		return false;
	for (; v->count < count; v->count++) {
		v->sockets[v->count].fd = socket_open(&v->endpoint,
		    v->protocol);
		if (v->sockets[v->count].fd < 0)
			return false;
	}
	return true;
}

/* SO_REUSEADDR would share a UDP port with whoever has it and set that, too. */
static bool
variant_is_free(struct pool_variant *v)
{
	return v->protocol != IPPROTO_UDP || v->count == 0 ||
	    socket_is_free(&v->endpoint, v->protocol);
}

static bool
bind_one(int socket, const struct pool_variant *v)
{
	return socket_bind(socket, &v->endpoint) == 0 &&
	    (v->protocol != IPPROTO_UDP || socket_park(socket, &v->endpoint));
}

static bool
variant_bind(struct pool_variant *v)
{
	unsigned int i;

	for (i = 0; i < v->count; i++)
		if (!bind_one(v->sockets[i].fd, v))
			return false;
	return true;
}

/*
 * One that the user has not named may be missing: a host without IPv6
 * (EAFNOSUPPORT), a loopback without ::1.  Else the mapping has failed.
 */
static void
variant_fail(struct pool_variant *v, struct result *result,
    enum outcome outcome)
{
	const int error = errno;

	variant_close(v);
	if (!v->implied || (error != EAFNOSUPPORT && error != EADDRNOTAVAIL))
		*result = (struct result){outcome, error, v->endpoint};
}

/* The variants of the n-th port of a mapping. */
static void
open_port(struct pool *pool, const struct plan *plan, uint16_t mapping,
    uint16_t n, struct result *result)
{
	const struct mapping *m = &plan->mappings[mapping];
	struct mapping_variant list[MAPPING_VARIANTS_MAX];
	size_t count = mapping_variants(m, list), i;
	struct pool_variant *v;

	for (i = 0; i < count && result->outcome == OUTCOME_READY; i++) {
		v = &pool->variants[pool->count++];
		v->endpoint = list[i].endpoint;
		v->endpoint.port = (uint16_t)(m->public_port + n);
		v->implied = list[i].implied;
		v->protocol = m->protocol;
		v->mapping = mapping;
		v->server_port = mapping_by_descriptor(m)
		    ? 0
		    : (uint16_t)(m->server_port + n);
		if (!variant_open(v, spares_of(&list[i], plan)))
			variant_fail(v, result, OUTCOME_NO_SOCKET);
	}
}

static void
open_mapping(struct pool *pool, const struct plan *plan, uint16_t mapping,
    struct result *result)
{
	uint16_t n;

	for (n = 0; n < plan->mappings[mapping].ports; n++)
		open_port(pool, plan, mapping, n, result);
}

/* The hand-offs take some descriptors more, each for a moment: hold some back
 * while the sockets are made. */
static void
open_all(struct pool *pool, const struct plan *plan, struct answer *answer)
{
	int reserve[HEADROOM], count = 0;
	uint16_t i;

	while (count < HEADROOM && (reserve[count] = dup(STDERR_FILENO)) >= 0)
		count++;
	for (i = 0; i < plan->mapping_count; i++)
		open_mapping(pool, plan, i, &answer->results[i]);
	while (count > 0)
		close(reserve[--count]);
}

/* Does this to all variants of the mappings that are granted the capability, or
 * of those that are not. */
static void
bind_all(struct pool *pool, const bool *granted, bool capable,
    bool (*step)(struct pool_variant *), struct answer *answer)
{
	struct pool_variant *v = pool->variants, *end = v + pool->count;
	struct result *result;

	for (; v < end; v++) {
		result = &answer->results[v->mapping];
		if (granted[v->mapping] != capable ||
		    result->outcome != OUTCOME_READY || step(v))
			continue;
		variant_fail(v, result,
		    errno == EACCES && !capable ? OUTCOME_DENIED
						: OUTCOME_NOT_BOUND);
	}
}

static bool
close_failed(struct pool *pool, const struct answer *answer)
{
	struct pool_variant *v = pool->variants, *end = v + pool->count;
	bool failed = false;

	for (; v < end; v++) {
		if (answer->results[v->mapping].outcome == OUTCOME_READY)
			continue;
		variant_close(v);
		failed = true;
	}
	return failed;
}

static void
bind_step(struct pool *pool, const bool *granted,
    bool (*step)(struct pool_variant *), struct answer *answer)
{
	bind_all(pool, granted, false, step, answer);
	privilege_raise();
	bind_all(pool, granted, true, step, answer);
	privilege_lower();
}

bool
pool_fill(struct pool *pool, const struct plan *plan,
    const bool granted[PLAN_MAPPINGS_MAX], struct answer *answer)
{
	answer->sockets = pool_size(plan);
	pool->room = count_variants(plan);
	pool->variants = calloc(pool->room, sizeof(*pool->variants));
	if (pool->variants == NULL)
		fatal("cannot keep %u sockets", answer->sockets);
	open_all(pool, plan, answer);
	/* All of them are free, or some are not, before any is ours. */
	bind_step(pool, granted, variant_is_free, answer);
	bind_step(pool, granted, variant_bind, answer);
	return !close_failed(pool, answer);
}

bool
pool_inherit(struct pool *pool, const struct plan *plan, size_t mapping,
    int socket)
{
	struct pool_variant *v = &pool->variants[pool->count];
	struct endpoint bound;

	if (pool->count == pool->room || mapping >= plan->mapping_count ||
	    !mapping_inherited(&plan->mappings[mapping]) ||
	    !socket_endpoint(socket, &bound) || bound.port == 0 ||
	    socket_option(socket, SOL_SOCKET, SO_PROTOCOL) !=
		plan->mappings[mapping].protocol)
		return false;
	*v = (struct pool_variant){.endpoint = bound,
	    .protocol = plan->mappings[mapping].protocol,
	    .server_port = plan->mappings[mapping].server_port,
	    .mapping = (uint16_t)mapping,
	    .inherited = true,
	    .count = 1,
	    .inherited_one = {.fd = socket},
	    .sockets = &v->inherited_one};
	pool->count++;
	return true;
}

bool
pool_expects(const struct pool *pool, uint16_t server_port)
{
	size_t i;

	for (i = 0; i < pool->count; i++)
		if (pool->variants[i].server_port == server_port)
			return server_port != 0;
	return false;
}

/* An inherited one is for a bind of any address of its family. */
struct pool_variant *
pool_find(struct pool *pool, const struct endpoint *asked, int protocol)
{
	struct pool_variant *v = pool->variants, *end = v + pool->count;

	for (; v < end; v++) {
		if (v->count == 0 || v->server_port != asked->port ||
		    v->protocol != protocol)
			continue;
		if (v->inherited ? v->endpoint.family == asked->family
				 : endpoint_same_address(&v->endpoint, asked))
			return v;
	}
	return NULL;
}

const struct pool_variant *
pool_find_inherited(const struct pool *pool, uint16_t server_port, int protocol)
{
	const struct pool_variant *v = pool->variants, *end = v + pool->count;

	for (; v < end; v++)
		if (v->inherited && v->server_port == server_port &&
		    v->protocol == protocol)
			return v;
	return NULL;
}

int
pool_take(struct pool *pool, size_t mapping, uint32_t n)
{
	struct pool_variant *v = pool->variants, *end = v + pool->count;
	const struct pool_variant *first = NULL;
	int taken = -1;

	for (; v < end; v++) {
		if (v->mapping != mapping)
			continue;
		if (first == NULL)
			first = v;
		if (v->endpoint.port != (uint16_t)(first->endpoint.port + n))
			continue;
		if (taken < 0 && v->count > 0)
			taken = v->sockets[--v->count].fd;
		/* One for both families, or else the one for IPv4. */
		variant_close(v);
	}
	if (taken >= 0 &&
	    socket_option(taken, SOL_SOCKET, SO_PROTOCOL) == IPPROTO_UDP)
		socket_unpark(taken);
	return taken;
}

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
	    socket_is_connected(s->fd);
}

/* What nobody holds is as new, unless its server has shut it down for good. */
static void
take_back(struct pool_variant *v, struct pool_socket *s)
{
	if (v->protocol != IPPROTO_UDP) {
		socket_unlisten(s->fd);
	} else {
		note_narrow(v, s);
		if ((socket_is_shut(s->fd) ||
			!socket_park(s->fd, &v->endpoint)) &&
		    v->count > 1) {
			let_go(v, s);
			return;
		}
	}
	v->shared--;
	s->shared = s->looked_for = false;
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

/* A client that has been there for long may have left, a listener has not. */
static bool
is_rather_free(const struct pool_socket *s, const struct pool_socket *other)
{
	const bool connected = socket_is_connected(s->fd);

	return connected == socket_is_connected(other->fd)
	    ? s->departed < other->departed
	    : connected;
}

/*
 * Where nobody can tell, rather two servers on one socket than a server that
 * can never bind again.  What is known to be held, and connected to a client, is
 * no other's, SO_REUSEPORT or not.
 */
static struct pool_socket *
pick_shared(struct pool_variant *v, bool reuseport)
{
	struct pool_socket *s = v->sockets, *end = s + v->count, *best = NULL;

	for (; s < end; s++) {
		if (s->holding == PROCESS_HOLDS &&
		    (!reuseport || socket_is_connected(s->fd)))
			continue;
		if (best == NULL || is_rather_free(s, best))
			best = s;
	}
	return best;
}

/* Of those that nobody held at the last look, the one that has been so longest.
 */
static bool
take_back_one(struct pool_variant *v)
{
	struct pool_socket *s = v->sockets, *end = s + v->count, *best = NULL;

	for (; s < end; s++)
		if (s->shared && s->unheld > 0 &&
		    (best == NULL || best->unheld_at > s->unheld_at))
			best = s;
	if (best != NULL)
		take_back(v, best);
	return best != NULL;
}

int
pool_pick(struct pool_variant *v, bool reuseport, int *socket)
{
	const struct pool_socket *s = pick_unshared(v);

	while (s == NULL && take_back_one(v))
		s = pick_unshared(v);
	if (s == NULL)
		s = pick_shared(v, reuseport);
	if (s == NULL)
		return EADDRINUSE;
	*socket = s->fd;
	return 0;
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

static void
set_nonblocking(int socket, bool nonblocking)
{
	int flags = fcntl(socket, F_GETFL);

	fcntl(socket, F_SETFL,
	    nonblocking ? flags | O_NONBLOCK : flags & ~O_NONBLOCK);
}

/*
 * What was not seen to be set is as on a fresh socket.  Each option is set once
 * at the most: others may be using the kept socket at this moment.
 */
void
pool_prepare(struct pool *pool, struct pool_variant *v, int socket,
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
	if (s->shared)
		note_narrow(v, s);
	socket_unpark(socket);
	/* What has come by another interface is not for the server. */
	if (sockopt_apply_device(socket, &wanted))
		socket_discard(socket);
	/* Should nobody get it, the next look parks it. */
	share(v, s, (struct process_descriptor){0, -1});
}

/* Not for one client, which its server would have connected it to. */
static bool
is_for_everybody(const struct pool_variant *v, const struct pool_socket *s)
{
	return v->protocol != IPPROTO_UDP ||
	    (clock_milliseconds() - s->departed >= CONNECTED_BY &&
		!socket_is_connected(s->fd));
}

void
pool_commit(struct pool_variant *v, int socket,
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
	    (looks > 1 || v->protocol != IPPROTO_UDP || v->shared == v->count ||
		!socket_is_connected(s->fd));
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
	others = process_each_socket(visit_held, &missing);
	for (; missing != NULL; missing = missing->next)
		missing->holding = others;
}

static void
tell_narrow(const struct pool_variant *v, struct pool_socket *s)
{
	char text[ENDPOINT_TEXT];

	warnx("the server gets no datagrams at %s, but of one client: the "
	      "socket was connected to it, which the kernel does not undo "
	      "for IPv6; start it anew, with more --spares",
	    endpoint_format(&v->endpoint, text));
	s->narrow = false;
}

/* A server may pass a client's socket on to another of its processes. */
static bool
may_be_passed(const struct pool_variant *v, const struct pool_socket *s)
{
	return v->protocol == IPPROTO_UDP &&
	    clock_milliseconds() - s->unheld_at < PASSED_BY &&
	    socket_is_connected(s->fd);
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
	if (s->unheld >= looks && !may_be_passed(v, s))
		take_back(v, s);
	if (!s->shared || s->unheld > 0 || !is_for_everybody(v, s))
		return;
	if (s->narrow)
		tell_narrow(v, s);
	if (v->count > 1)
		let_go(v, s);
}

void
pool_refresh(struct pool *pool, unsigned int looks)
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

bool
pool_shares(const struct pool *pool)
{
	const struct pool_variant *v = pool->variants, *end = v + pool->count;
	unsigned int i;

	for (; v < end; v++)
		for (i = v->shared > 0 ? v->count : 0; i-- > 0;)
			if (wants_looks(v, &v->sockets[i]))
				return true;
	return false;
}
