/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the helper.  pool_fill runs while it holds the capability, the rest
 * after the drop.
 * Reads: a checked plan.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <unistd.h>

#include "message.h"
#include "pool.h"
#include "privilege.h"
#include "socket.h"

static bool
report(struct answer *answer, enum outcome outcome, const struct endpoint *e)
{
	answer->outcome = outcome;
	answer->error = errno;
	answer->endpoint = *e;
	return false;
}

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
			size += spares_of(&list[--count], plan);
	}
	return size;
}

static bool
variant_open(struct pool_variant *v, const struct mapping_variant *kind,
    unsigned int count)
{
	v->endpoint = kind->endpoint;
	v->sockets = calloc(count, sizeof(*v->sockets));
	if (v->sockets == NULL)
		return false;
	for (v->count = 0; v->count < count; v->count++) {
		v->sockets[v->count] = socket_open(&v->endpoint);
		if (v->sockets[v->count] < 0)
			return false;
	}
	return true;
}

static void
variant_close(struct pool_variant *v)
{
	while (v->count > 0)
		close(v->sockets[--v->count]);
	free(v->sockets);
	v->sockets = NULL;
}

static bool
variant_bind(const struct pool_variant *v)
{
	unsigned int i;

	for (i = 0; i < v->count; i++)
		if (socket_bind(v->sockets[i], &v->endpoint) != 0)
			return false;
	return true;
}

/* A host without IPv6 (EAFNOSUPPORT), or a loopback without ::1. */
static bool
host_lacks(const struct mapping_variant *kind)
{
	return kind->implied &&
	    (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL);
}

static bool
fill_variant(struct pool *pool, const struct mapping_variant *kind,
    unsigned int count, struct answer *answer)
{
	struct pool_variant *v = &pool->variants[pool->count];
	enum outcome outcome = OUTCOME_NO_SOCKET;

	if (variant_open(v, kind, count)) {
		outcome = OUTCOME_NOT_BOUND;
		privilege_raise();
		if (variant_bind(v)) {
			privilege_lower();
			pool->count++;
			return true;
		}
		privilege_lower();
	}
	report(answer, outcome, &kind->endpoint);
	errno = answer->error;
	variant_close(v);
	return host_lacks(kind);
}

static bool
fill_mapping(struct pool *pool, const struct plan *plan, uint16_t mapping,
    struct answer *answer)
{
	struct mapping_variant list[MAPPING_VARIANTS_MAX];
	size_t count = mapping_variants(&plan->mappings[mapping], list), i;

	for (i = 0; i < count; i++) {
		struct pool_variant *v = &pool->variants[pool->count];

		v->mapping = mapping;
		v->server_port = plan->mappings[mapping].server_port;
		if (!fill_variant(pool, &list[i], spares_of(&list[i], plan),
			answer))
			return false;
	}
	return true;
}

bool
pool_fill(struct pool *pool, const struct plan *plan, struct answer *answer)
{
	uint16_t i;

	answer->sockets = pool_size(plan);
	for (i = 0; i < plan->mapping_count; i++)
		if (!fill_mapping(pool, plan, i, answer))
			return false;
	answer->outcome = OUTCOME_READY;
	return true;
}

bool
pool_expects(const struct pool *pool, uint16_t server_port)
{
	size_t i;

	for (i = 0; i < pool->count; i++)
		if (pool->variants[i].server_port == server_port)
			return true;
	return false;
}

struct pool_variant *
pool_find(struct pool *pool, const struct endpoint *asked)
{
	struct pool_variant *v = pool->variants, *end = v + pool->count;

	for (; v < end; v++)
		if (v->server_port == asked->port &&
		    endpoint_same_address(&v->endpoint, asked))
			return v;
	return NULL;
}

/* The usual holder first: it needs one readlink(2), not a walk of /proc. */
static bool
kept_is_held(struct pool_variant *v)
{
	ino_t inode = socket_inode(v->sockets[0]);

	return process_socket(v->holder.pid, v->holder.fd) == inode ||
	    process_find_holder(inode, &v->holder);
}

int
pool_pick(struct pool_variant *v, bool reuseport, int *socket)
{
	*socket = v->sockets[v->count - 1];
	return v->count == 1 && v->shared && !reuseport ? EADDRINUSE : 0;
}

static const struct sockopt_values *
defaults_of(struct pool *pool, int family, int fresh)
{
	size_t i = family == AF_INET6;

	if (!pool->defaults_known[i])
		sockopt_read(fresh, &pool->defaults[i]);
	pool->defaults_known[i] = true;
	return &pool->defaults[i];
}

static void
set_nonblocking(int socket, bool nonblocking)
{
	int flags = fcntl(socket, F_GETFL);

	fcntl(socket, F_SETFL,
	    nonblocking ? flags | O_NONBLOCK : flags & ~O_NONBLOCK);
}

void
pool_prepare(struct pool *pool, const struct pool_variant *v, int socket,
    const struct sockopt_values *wanted, bool complete, bool nonblocking)
{
	const struct sockopt_values *defaults =
	    defaults_of(pool, v->endpoint.family, socket);
	struct sockopt_values present;

	if (v->count == 1 && v->altered) {
		sockopt_read(socket, &present);
		if (!complete)
			sockopt_apply(socket, defaults, &present);
		defaults = &present;
	}
	sockopt_apply(socket, wanted, defaults);
	set_nonblocking(socket, nonblocking);
}

void
pool_commit(struct pool_variant *v, int socket,
    struct process_descriptor holder)
{
	if (v->count > 1) {
		close(socket);
		v->count--;
		return;
	}
	v->shared = v->altered = true;
	v->holder = holder;
}

bool
pool_shares(const struct pool *pool)
{
	size_t i;

	for (i = 0; i < pool->count; i++)
		if (pool->variants[i].shared)
			return true;
	return false;
}

void
pool_refresh(struct pool *pool)
{
	struct pool_variant *v = pool->variants, *end = v + pool->count;

	for (; v < end; v++)
		if (v->shared && !kept_is_held(v)) {
			socket_unlisten(v->sockets[0]);
			v->shared = false;
		}
}
