/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the helper, after the drop.
 * Reads: who holds which sockets, by proc(5).
 */
#include <netinet/in.h>
#include <poll.h>
#include <unistd.h>

#include "clock.h"
#include "holding.h"
#include "process.h"
#include "search.h"
#include "sockstate.h"

/* Milliseconds: a process takes what was sent to it at once, or soon. */
#define DELIVERY_MAX 2000

/* One look before a hand-off is for so many closed sockets. */
#define TOGETHER 8

void
holding_end_delivery(struct pool_socket *s)
{
	if (s->delivery > 0)
		close(s->delivery);
	s->delivery = 0;
}

/*
 * Until a socket is delivered, no process is seen to hold it.  A process that
 * was forked meanwhile may keep the delivery's descriptor open, so this lasts
 * no longer than DELIVERY_MAX.
 */
static bool
is_on_its_way(const struct pool_socket *s)
{
	/* Nothing is ever sent there, so it is readable when it hangs up.
	 * (gVisor reports no POLLHUP.) */
	struct pollfd end = {.fd = s->delivery, .events = POLLIN};

	return s->delivery > 0 &&
	    clock_microseconds() - s->lent_at < DELIVERY_MAX * 1000LL &&
	    poll(&end, 1, 0) == 0;
}

/* One poll(2) shows of all that they do not: a socket that neither listens nor is
 * connected has hung up.  The others are asked one by one, as all are if poll(2)
 * fails (poll_one_by_one), or if only one is lent. */
void
holding_note_listening(struct pool_variant *v)
{
	static struct pollfd fds[PLAN_SPARES_MAX];
	struct pool_socket *s = v->sockets;
	unsigned int i;
	bool polled;

	for (i = 0; i < v->count; i++)
		fds[i].fd = s[i].lent ? s[i].fd : -1;
	polled = v->lent > 1 && poll(fds, v->count, 0) >= 0;
	for (i = 0; i < v->count; i++)
		s[i].listens = s[i].lent &&
		    !(polled && (fds[i].revents & POLLHUP) != 0) &&
		    sockstate_is_listening(s[i].fd);
}

/*
 * A TCP socket that neither listens nor is connected is in nobody's way: it is
 * looked for when several have come together, at one look alone, or when no other
 * is left.
 */
static bool
is_looked_for(const struct pool_socket *s, bool all)
{
	const struct pool_variant *v = s->variant;

	if (!s->lent || all || v->lent == v->count)
		return s->lent;
	if (v->protocol == IPPROTO_UDP)
		return !sockstate_is_connected(s->fd);
	return s->listens ||
	    (v->lent % TOGETHER == 0 && s->lent_at >= v->looked_at &&
		!sockstate_is_connected(s->fd));
}

/* The delivery is checked first: otherwise a socket that arrives between the
 * two would look as if it were given back. */
static bool
has_usual_holder(struct pool_socket *s)
{
	if (!is_on_its_way(s))
		holding_end_delivery(s);
	return process_socket(s->holder.pid, s->holder.fd) == s->inode;
}

static void
choose(struct pool_variant *v, bool all)
{
	struct pool_socket *s = v->sockets, *end = s + v->count;

	if (v->protocol != IPPROTO_UDP && !all)
		holding_note_listening(v);
	for (; s < end; s++)
		s->looked_for = is_looked_for(s, all);
	if (v->lent % TOGETHER == 0)
		v->looked_at = clock_microseconds();
}

/* Puts those that are looked for, and that their usual holder does not hold, before
 * a list of others. */
static struct pool_socket *
list_missing(struct pool_variant *v, struct pool_socket *missing)
{
	struct pool_socket *s = v->sockets, *end = s + v->count;

	for (; s < end; s++) {
		if (!s->looked_for)
			continue;
		s->holding = PROCESS_HOLDS;
		if (has_usual_holder(s))
			continue;
		s->next_missing = missing;
		missing = s;
	}
	return missing;
}

static void
note_holder(struct pool_socket **at, ino_t inode,
    struct process_descriptor holder)
{
	while (*at != NULL && (*at)->inode != inode)
		at = &(*at)->next_missing;
	if (*at == NULL)
		return;
	(*at)->holder = holder;
	*at = (*at)->next_missing;
}

/* To ask the usual holder takes one readlink(2); to find all the others, one
 * walk of /proc. */
void
holding_look(struct pool *pool, const struct pool_variant *wanted)
{
	struct pool_variant *v = pool_lent(pool);
	struct pool_socket *missing = NULL;
	struct process_descriptor holder;
	enum process_holding others;
	struct search search;
	ino_t inode;

	for (; v != NULL; v = v->next_lent)
		if (pool_in_the_way(v, wanted)) {
			choose(v, wanted == NULL);
			missing = list_missing(v, missing);
		}
	if (missing == NULL)
		return;
	/* A server may have passed one to a process that is not below it.  That
	 * takes a walk of the whole machine: not at each bind. */
	search_begin(&search, wanted == NULL);
	while (missing != NULL && search_next(&search, &inode, &holder))
		note_holder(&missing, inode, holder);
	others = search_end(&search);
	for (; missing != NULL; missing = missing->next_missing)
		missing->holding = others;
}
