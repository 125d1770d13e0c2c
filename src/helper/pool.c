/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the helper.  pool_fill runs while it holds the capability, the rest
 * after the drop.
 * Reads: a checked plan.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <unistd.h>

#include "diag.h"
#include "message.h"
#include "parking.h"
#include "pool.h"
#include "privilege.h"
#include "socket.h"

#define HEADROOM 5

/* None if the kernel maps the ports: the server's own sockets are bound. */
static size_t
list_variants(const struct plan *plan, const struct mapping *m,
    struct mapping_variant list[MAPPING_VARIANTS_MAX])
{
	return plan->bpf != PLAN_BPF_NO && !mapping_by_descriptor(m)
	    ? 0
	    : mapping_variants(m, list);
}

static unsigned int
spares_of(const struct mapping_variant *v, const struct plan *plan)
{
	return v->common ? plan->spares : 1;
}

/* A socket that is given by descriptor leaves the pool: the server has it
 * alone. */
static bool
is_guarded(const struct mapping *m)
{
	return m->protocol == IPPROTO_UDP && !mapping_by_descriptor(m);
}

unsigned int
pool_size(const struct plan *plan)
{
	struct mapping_variant list[MAPPING_VARIANTS_MAX];
	unsigned int size = 0;
	size_t count, i;

	for (i = 0; i < plan->mapping_count; i++) {
		count = list_variants(plan, &plan->mappings[i], list);
		while (count > 0)
			size += (spares_of(&list[--count], plan) +
				    is_guarded(&plan->mappings[i])) *
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
		    ? PLAN_INHERITED_MAX
		    : list_variants(plan, &plan->mappings[i], list) *
			plan->mappings[i].ports;
	return count;
}

static void
variant_close(struct pool_variant *v)
{
	while (v->count > 0)
		close(v->sockets[--v->count].fd);
	if (v->guard >= 0)
		close(v->guard);
	v->guard = -1;
	v->absent = true;
}

/* The memory is never freed: after the drop, the allocator could make system
 * calls that the helper's filter does not permit (filters.c). */
static bool
variant_open(struct pool_variant *v, unsigned int count, bool guarded)
{
	int fd;

	v->sockets = calloc(count, sizeof(*v->sockets));
	if (v->sockets == NULL)
		return false;
	while (v->count < count) {
		fd = socket_open(&v->endpoint, v->protocol);
		if (fd < 0)
			return false;
		v->sockets[v->count++] = (struct pool_socket){.fd = fd,
		    .variant = v};
	}
	if (guarded)
		v->guard = socket_open(&v->endpoint, v->protocol);
	return !guarded || v->guard >= 0;
}

/* With SO_REUSEADDR, a UDP socket would share the port with others that set
 * it. */
static bool
variant_is_free(struct pool *pool, struct pool_variant *v)
{
	(void)pool;
	return v->protocol != IPPROTO_UDP || v->count == 0 ||
	    socket_is_free(&v->endpoint, v->protocol);
}

/* A socket of this port that is bound alone is in the way of this variant's. */
static bool
overlaps_claimed(const struct pool *pool, const struct pool_variant *v)
{
	const struct pool_variant *other = v;

	while (other-- > pool->variants && other->mapping == v->mapping &&
	    other->endpoint.port == v->endpoint.port)
		if ((other->claimed || other->crowded) &&
		    endpoint_overlaps(&other->endpoint, &v->endpoint))
			return true;
	return false;
}

/*
 * With SO_REUSEADDR, two starts could share a TCP port until one of their
 * servers listens.  So the first socket is bound without it: of two starts, one
 * fails to.  Old connections are in its way too, so it goes on, and the child
 * looks who is there.
 */
static bool
variant_claim(struct pool *pool, struct pool_variant *v)
{
	if (v->protocol == IPPROTO_UDP || v->count == 0 ||
	    overlaps_claimed(pool, v))
		return true;
	v->claimed = socket_bind_alone(v->sockets[0].fd, &v->endpoint) == 0;
	v->crowded = !v->claimed && errno == EADDRINUSE;
	return v->claimed || v->crowded;
}

/* A kernel that cannot park it this way has no guard. */
static bool
bind_guard(struct pool_variant *v)
{
	if (v->guard < 0)
		return true;
	if (socket_bind(v->guard, &v->endpoint) != 0)
		return false;
	if (!parking_begin_guard(v->guard, &v->endpoint)) {
		close(v->guard);
		v->guard = -1;
	}
	return true;
}

/*
 * In gVisor, SO_REUSEADDR of a bound socket counts as it was at its bind(2): those
 * of this port that were bound alone are replaced.  Returns false if there are
 * none.  Meanwhile another start may have taken its share, so the child looks who
 * is there.
 */
static bool
claims_give_up(struct pool *pool, const struct pool_variant *v)
{
	struct pool_variant *other = pool->variants, *end = other + pool->count;
	bool any = false;

	for (; other < end; other++) {
		if (!other->claimed || other->mapping != v->mapping ||
		    other->endpoint.port != v->endpoint.port)
			continue;
		other->crowded = any = true;
		close(other->sockets[0].fd);
		other->sockets[0].fd = socket_open(&other->endpoint,
		    other->protocol);
		if (socket_bind(other->sockets[0].fd, &other->endpoint) != 0)
			return false;
	}
	return any;
}

static bool
bind_beside(struct pool *pool, const struct pool_variant *v, int fd)
{
	return socket_bind(fd, &v->endpoint) == 0 ||
	    (errno == EADDRINUSE && claims_give_up(pool, v) &&
		socket_bind(fd, &v->endpoint) == 0);
}

static bool
variant_bind(struct pool *pool, struct pool_variant *v)
{
	const bool parked = v->protocol == IPPROTO_UDP;
	unsigned int i;

	for (i = v->claimed; i < v->count; i++)
		if (!bind_beside(pool, v, v->sockets[i].fd) ||
		    (parked && !parking_begin(v->sockets[i].fd, &v->endpoint)))
			return false;
	return bind_guard(v);
}

/* They needed SO_REUSEADDR to be bound beside each other. */
static bool
variant_keep_alone(struct pool *pool, struct pool_variant *v)
{
	unsigned int i;

	(void)pool;
	for (i = 0; v->protocol == IPPROTO_UDP && i < v->count; i++)
		socket_keep_alone(v->sockets[i].fd);
	if (v->guard >= 0)
		socket_keep_alone(v->guard);
	return true;
}

static bool
variant_is_alone(struct pool *pool, struct pool_variant *v)
{
	uid_t ignored;

	errno = EADDRINUSE;
	return v->count == 0 || !pool_has_stranger(pool, v, &ignored);
}

/*
 * A host may lack a variant that the user has not named: it has no IPv6
 * (EAFNOSUPPORT), or a loopback without ::1.  Otherwise the mapping has failed.
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
	size_t count = list_variants(plan, m, list), i;
	struct pool_variant *v;

	for (i = 0; i < count && result->outcome == OUTCOME_READY; i++) {
		v = &pool->variants[pool->count++];
		v->guard = -1;
		v->endpoint = list[i].endpoint;
		v->endpoint.port = (uint16_t)(m->public_port + n);
		v->implied = list[i].implied;
		v->protocol = m->protocol;
		v->mapping = mapping;
		v->server_port = mapping_by_descriptor(m)
		    ? 0
		    : (uint16_t)(m->server_port + n);
		if (!variant_open(v, spares_of(&list[i], plan), is_guarded(m)))
			variant_fail(v, result, OUTCOME_NO_SOCKET);
	}
}

static struct pool_range
range_of(const struct pool *pool, const struct plan *plan,
    const struct mapping *m)
{
	struct mapping_variant list[MAPPING_VARIANTS_MAX];

	return (struct pool_range){.first = pool->count,
	    .ports = mapping_by_descriptor(m) ? 0 : m->ports,
	    .server_port = m->server_port,
	    .each = (uint16_t)list_variants(plan, m, list)};
}

/* Each hand-off takes some descriptors more for a moment: they are held back
 * while the sockets are made. */
static void
open_all(struct pool *pool, const struct plan *plan, struct answer *answer)
{
	int reserve[HEADROOM], count = 0;
	uint16_t i, n;

	while (count < HEADROOM && (reserve[count] = dup(STDERR_FILENO)) >= 0)
		count++;
	for (i = 0; i < plan->mapping_count; i++) {
		pool->ranges[i] = range_of(pool, plan, &plan->mappings[i]);
		for (n = 0; n < plan->mappings[i].ports; n++)
			open_port(pool, plan, i, n, &answer->results[i]);
	}
	while (count > 0)
		close(reserve[--count]);
}

/* Returns false with errno if it fails. */
typedef bool step_function(struct pool *, struct pool_variant *);

/* Takes the step with all variants of the mappings that are granted the
 * capability, or with those of the others. */
static void
bind_all(struct pool *pool, const bool *granted, bool capable,
    step_function *step, struct answer *answer)
{
	struct pool_variant *v = pool->variants, *end = v + pool->count;
	struct result *result;

	for (; v < end; v++) {
		result = &answer->results[v->mapping];
		if (granted[v->mapping] != capable ||
		    result->outcome != OUTCOME_READY || step(pool, v))
			continue;
		variant_fail(v, result,
		    errno == EACCES && !capable ? OUTCOME_DENIED
						: OUTCOME_NOT_BOUND);
	}
}

/* Closes the sockets of mappings that have failed; returns whether none has. */
static bool
conclude(struct pool *pool, struct answer *answer)
{
	struct pool_variant *v = pool->variants, *end = v + pool->count;
	bool ready = true;

	for (; v < end; v++) {
		answer->results[v->mapping].crowded |= v->crowded;
		if (answer->results[v->mapping].outcome == OUTCOME_READY)
			continue;
		variant_close(v);
		ready = false;
	}
	return ready;
}

/* A step that binds. */
static void
bind_step(struct pool *pool, const bool *granted, step_function *step,
    struct answer *answer)
{
	bind_all(pool, granted, false, step, answer);
	privilege_raise();
	bind_all(pool, granted, true, step, answer);
	privilege_lower();
}

/* One that takes no capability. */
static void
plain_step(struct pool *pool, const bool *granted, step_function *step,
    struct answer *answer)
{
	bind_all(pool, granted, false, step, answer);
	bind_all(pool, granted, true, step, answer);
}

static bool
expects_udp(const struct plan *plan)
{
	uint32_t i;

	for (i = 0; i < plan->mapping_count; i++)
		if (is_guarded(&plan->mappings[i]) &&
		    !mapping_inherited(&plan->mappings[i]))
			return true;
	return false;
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
	pool->diag = expects_udp(plan) ? diag_open() : -1;
	pool->uid = geteuid();
	open_all(pool, plan, answer);
	/* Whether all are free is seen before any is ours. */
	bind_step(pool, granted, variant_is_free, answer);
	bind_step(pool, granted, variant_claim, answer);
	bind_step(pool, granted, variant_bind, answer);
	plain_step(pool, granted, variant_keep_alone, answer);
	plain_step(pool, granted, variant_is_alone, answer);
	return conclude(pool, answer);
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
	    .guard = -1,
	    .count = 1,
	    .inherited_one = {.fd = socket, .variant = v},
	    .sockets = &v->inherited_one};
	pool->count++;
	pool->inherited++;
	return true;
}

bool
pool_has_stranger(const struct pool *pool, const struct pool_variant *v,
    uid_t *uid)
{
	return v->protocol == IPPROTO_UDP && !v->inherited && pool->diag >= 0 &&
	    diag_find_stranger(pool->diag, pool->uid, &v->endpoint, uid);
}

/* Those of the n-th mapping that may expect this port; after the last mapping's,
 * the inherited ones. */
static struct pool_variant *
range_begin(const struct pool *pool, size_t n, uint16_t server_port,
    struct pool_variant **end)
{
	const struct pool_range *r = &pool->ranges[n];
	uint32_t port;

	if (n == PLAN_MAPPINGS_MAX) {
		*end = pool->variants + pool->count;
		return *end - pool->inherited;
	}
	port = (uint32_t)server_port - r->server_port;
	*end = pool->variants;
	if (port >= r->ports)
		return *end;
	*end += r->first + (port + 1) * r->each;
	return *end - r->each;
}

bool
pool_expects(const struct pool *pool, uint16_t server_port)
{
	struct pool_variant *v, *end;
	size_t i;

	for (i = 0; i <= PLAN_MAPPINGS_MAX; i++)
		for (v = range_begin(pool, i, server_port, &end); v < end; v++)
			if (v->server_port == server_port)
				return server_port != 0;
	return false;
}

/* An inherited one is for a bind of any address of its family. */
static bool
covers(const struct pool_variant *v, const struct endpoint *asked, int protocol)
{
	if (v->absent || v->server_port != asked->port ||
	    v->protocol != protocol)
		return false;
	return v->inherited ? v->endpoint.family == asked->family
			    : endpoint_same_address(&v->endpoint, asked);
}

struct pool_variant *
pool_find(struct pool *pool, const struct endpoint *asked, int protocol)
{
	struct pool_variant *v, *end;
	size_t i;

	for (i = 0; i <= PLAN_MAPPINGS_MAX; i++)
		for (v = range_begin(pool, i, asked->port, &end); v < end; v++)
			if (covers(v, asked, protocol))
				return v;
	return NULL;
}

ino_t
pool_inode(struct pool_socket *s)
{
	if (s->inode == 0)
		s->inode = socket_inode(s->fd);
	return s->inode;
}

bool
pool_in_the_way(const struct pool_variant *v, const struct pool_variant *wanted)
{
	return wanted == NULL ||
	    (v->endpoint.port == wanted->endpoint.port &&
		v->protocol == wanted->protocol);
}

void
pool_note_lent(struct pool *pool, struct pool_variant *v)
{
	if (v->listed)
		return;
	v->listed = true;
	v->next_lent = pool->lent;
	pool->lent = v;
}

struct pool_variant *
pool_lent(struct pool *pool)
{
	struct pool_variant **at = &pool->lent;

	while (*at != NULL)
		if ((*at)->lent > 0 || (*at)->restore > 0) {
			at = &(*at)->next_lent;
		} else {
			(*at)->listed = false;
			*at = (*at)->next_lent;
		}
	return pool->lent;
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
		/* One socket: that of both families, or else that of IPv4. */
		variant_close(v);
	}
	if (taken >= 0 &&
	    socket_option(taken, SOL_SOCKET, SO_PROTOCOL) == IPPROTO_UDP)
		parking_end(taken);
	return taken;
}
