/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the helper, after the drop.
 * Reads: the kernel's lists of sockets (listing.h); descriptors, mapped files
 * and the program's head of the processes that hold them, by proc(5).
 */
#include <elf.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>

#include "clock.h"
#include "descendants.h"
#include "handoff.h"
#include "listing.h"
#include "message.h"
#include "process.h"
#include "remedy.h"
#include "search.h"
#include "stray.h"
#include "task.h"

/* Sockets that one look tells apart; the next may see others. */
#define SIGHTINGS 64

/* Most UDP ports from here on are clients'. */
#define EPHEMERAL 32768

/* Hand-offs in a row have less than so many milliseconds between them; a row is
 * looked at when it has grown by so many. */
#define ROW_GAP 20000
#define ROW     3

/* So often a row is searched for sockets that are held. */
#define SEARCHES 32

/* Milliseconds. */
#define LOOK_AFTER   500   /* the start, or a bind of interest */
#define LOOK_EVERY   60000 /* until then, twice as long each time */
#define SHORT_RUN    100   /* no daemon starts within */
#define REPORT_AFTER 30000 /* "is unused" */

enum kind {
	EXPECTED, /* a port that the server is expected to ask for */
	PUBLIC, /* a port of a mapping's, even if another mapping expects it */
	OTHER,
};

struct sighting {
	struct listed socket;
	enum kind kind;
	uint16_t mapping; /* of a public port */
	bool known;       /* what follows is final */
	bool ours;        /* a process of the server holds it */
	pid_t holder;     /* 0: none that can be looked at */
};

/* Those of this look, and those of any look whose holder is known: the process
 * that made a socket is the same for good. */
static struct sighting sightings[SIGHTINGS], known[SIGHTINGS];
static size_t seen, known_count;

/* ---- What is of interest. */

static void
classify_by_plan(const struct handoff *h, struct sighting *s)
{
	const uint32_t port = s->socket.endpoint.port;
	const struct mapping *m = h->plan->mappings;
	uint16_t i;

	for (i = 0; i < h->plan->mapping_count && s->kind != PUBLIC; i++, m++) {
		if (m->protocol != s->socket.protocol)
			continue;
		if (port - m->public_port < m->ports) {
			s->kind = PUBLIC;
			s->mapping = i;
		} else if (!mapping_by_descriptor(m) &&
		    port - m->server_port < m->ports) {
			s->kind = EXPECTED;
		}
	}
}

/* The plan does not have the port of a socket that was inherited. */
static void
classify(const struct handoff *h, struct sighting *s)
{
	const struct pool_variant *end = h->pool->variants + h->pool->count;
	const struct pool_variant *v = end - h->pool->inherited;

	s->kind = OTHER;
	classify_by_plan(h, s);
	for (; v < end && s->kind != PUBLIC; v++)
		if (v->protocol == s->socket.protocol &&
		    v->endpoint.port == s->socket.endpoint.port) {
			s->kind = PUBLIC;
			s->mapping = v->mapping;
		}
}

/* Other users may listen at any port, but for public ones. */
static bool
is_of_interest(const struct handoff *h, const struct sighting *s)
{
	const int protocol = s->socket.protocol;
	const uint16_t port = s->socket.endpoint.port;
	const bool own = s->socket.uid == h->plan->uid;

	switch (s->kind) {
	case PUBLIC:
		return protocol == IPPROTO_TCP;
	case EXPECTED:
		/* A bind that no mapping covers has been reported. */
		return own && !unused_is_uncovered(&h->unused, port, protocol);
	default:
		return own && unused_any(&h->unused, protocol) &&
		    (protocol == IPPROTO_TCP || port < EPHEMERAL);
	}
}

static void
collect(const struct listed *socket, void *argument)
{
	struct sighting *s = &sightings[seen];

	if (seen == SIGHTINGS)
		return;
	*s = (struct sighting){.socket = *socket};
	classify(argument, s);
	seen += is_of_interest(argument, s);
}

/* ---- Whose they are. */

static void
recall(struct sighting *s)
{
	const struct sighting *k = known;

	for (; k < known + SIGHTINGS && k < known + known_count; k++)
		if (k->socket.inode == s->socket.inode) {
			s->known = true;
			s->ours = k->ours;
			s->holder = k->holder;
		}
}

static void
note_holder(ino_t inode, pid_t holder)
{
	struct sighting *s = sightings, *end = s + seen;

	for (; s < end; s++) {
		if (s->known || s->ours || s->socket.inode != inode)
			continue;
		s->holder = holder;
		s->ours = descendants_have(holder);
	}
}

static bool
recall_all(const struct handoff *h)
{
	struct sighting *s = sightings, *end = s + seen;
	bool all = true;

	for (; s < end; s++) {
		recall(s);
		if (s->kind == PUBLIC && handoff_is_recent(h, s->socket.inode))
			s->known = s->ours = true;
		all &= s->known;
	}
	return all;
}

/* One walk for all that are new.  A socket that may be held by a process that
 * cannot be looked at is looked for again. */
static void
find_holders(const struct handoff *h)
{
	struct sighting *s = sightings, *end = s + seen;
	struct process_descriptor holder;
	struct search walk;
	enum process_holding others;
	ino_t inode;

	if (recall_all(h))
		return;
	search_begin(&walk, true);
	while (search_next(&walk, &inode, &holder))
		note_holder(inode, holder.pid);
	others = search_end(&walk);
	for (; s < end; s++) {
		if (s->known || (!s->ours && others == PROCESS_MAY_HOLD))
			continue;
		s->known = true;
		known[known_count++ % SIGHTINGS] = *s;
	}
}

/* ---- Strays. */

static bool
is_foreign_program(pid_t process)
{
	char head[EI_NIDENT + 1];

	return sizeof(void *) == 8 &&
	    process_text(process, "exe", head, sizeof(head)) == EI_NIDENT &&
	    memcmp(head, ELFMAG, SELFMAG) == 0 && head[EI_CLASS] == ELFCLASS32;
}

#define ABSENT "the preload library is not in it ("
#define ASK    "); stop it, and use --method notify or configure the public port"

static const char *
cause_of_absence(pid_t process)
{
	if (!task_maps(process, "/ld-"))
		return ABSENT "a static program" ASK;
	if (task_same_label(process))
		return ABSENT "an environment without LD_PRELOAD" ASK;
	/* AT_SECURE of ld.so(8). */
	return ABSENT "a security module has changed its domain without "
		      "noatsecure, as AppArmor's Px does, so the loader "
		      "ignores LD_PRELOAD; or the environment has none" ASK;
}

/* The reason for which the helper was not asked, and the remedy. */
static const char *
cause_of(const struct handoff *h, pid_t process)
{
	if (h->group.counts != NULL)
		return "no mapping covers its address, or a process outside of "
		       "lowport has bound the socket";
	if (is_foreign_program(process))
		return "it is a 32-bit program, whose bind(2) lowport cannot "
		       "serve; use a 64-bit one, or configure the public port";
	if (h->by_preload && !task_maps(process, "liblowport.so"))
		return cause_of_absence(process);
	if (task_has_link(process, "anon_inode:[io_uring]"))
		return "it binds by io_uring, which lowport does not see; "
		       "turn io_uring off in it";
	if (h->by_preload)
		return "its bind(2) passes by the C library; use --method "
		       "notify";
	return "its bind(2) was not seen (a 32-bit system call, or a socket "
	       "that another process has bound)";
}

static struct unused_holder
holder_of(const struct sighting *s)
{
	return (struct unused_holder){s->holder, s->socket.endpoint.port,
	    (uint16_t)s->socket.protocol};
}

static void
warn_stray(struct handoff *h, const struct sighting *s)
{
	const uint16_t port = s->socket.endpoint.port;
	const uint64_t key[] = {(uint64_t)s->holder, task_started(s->holder),
	    port, (uint64_t)s->socket.protocol};
	const char *cause;

	h->unused.stray = holder_of(s);
	if (!warned_first(&h->warned, WARNED_STRAY, key, sizeof(key)))
		return;
	cause = cause_of(h, s->holder);
	if (s->socket.protocol == IPPROTO_UDP)
		alertx("process %d has UDP port %u itself: %s%s", s->holder,
		    port, cause, remedy_bpf());
	else
		alertx("process %d has port %u itself: %s%s", s->holder, port,
		    cause, remedy_bpf());
}

/* Unless notify has reported that it could not look at a process. */
static void
warn_hidden_stray(struct handoff *h, const struct sighting *s)
{
	if (h->warned.rates[WARNED_UNREADABLE].lately == 0 &&
	    warned_first_endpoint(&h->warned, WARNED_STRAY, &s->socket.endpoint,
		s->socket.protocol, 0))
		alertx("a process of the server's user has port %u itself; it "
		       "may be one of the server's, some of which cannot be "
		       "looked at (not dumpable, or changed their user)%s",
		    s->socket.endpoint.port, remedy_bpf());
}

/* ---- Rivals. */

static void
warn_rival(struct handoff *h, const struct sighting *s)
{
	char text[ENDPOINT_TEXT], name[PROCESS_NAME];

	if (!warned_first(&h->warned, WARNED_RIVAL, &s->socket.inode,
		sizeof(s->socket.inode)))
		return;
	endpoint_format(&s->socket.endpoint, text);
	if (s->holder == 0) {
		alertx("a process of user %u listens at %s: the server, which "
		       "has bound that port too, cannot (EADDRINUSE); stop it, "
		       "or map another address or port",
		    s->socket.uid, text);
		return;
	}
	alertx("process %d (%s) listens at %s: the server, which has bound "
	       "that port too, cannot (EADDRINUSE); stop it, or map another "
	       "address or port",
	    s->holder, process_name(s->holder, name), text);
}

/* It listens in the way of a socket that the server has got, and at which the
 * server does not listen. */
static void
consider_rival(struct handoff *h, const struct sighting *s)
{
	const struct stray_use *use = &h->stray.uses[s->mapping];
	const struct endpoint *rival = &s->socket.endpoint;

	if (use->handed > 0 && !use->listened &&
	    rival->port == use->endpoint.port &&
	    endpoint_overlaps(rival, &use->endpoint))
		warn_rival(h, s);
}

/* ---- Sockets that are closed again and again. */

static void
count_in_row(struct stray_use *use)
{
	const long long time = clock_milliseconds();

	if (time - use->handed_at > ROW_GAP)
		use->handed = use->examined = 0;
	use->handed_at = time;
	use->handed++;
}

void
stray_note_use(struct stray *stray, const struct pool_variant *v)
{
	struct stray_use *use = &stray->uses[v->mapping];

	use->endpoint = v->endpoint;
	count_in_row(use);
	stray->look_wanted |= v->protocol == IPPROTO_TCP &&
	    (!use->listened || use->handed % ROW == 0);
}

/* True if a process holds one of the mapping's, or may. */
static bool
is_held(const struct handoff *h, uint32_t mapping)
{
	struct process_descriptor holder;
	struct search walk;
	bool found = false;
	ino_t inode;

	search_begin(&walk, false);
	while (!found && search_next(&walk, &inode, &holder))
		found = handoff_is_of(h, inode, mapping);
	return search_end(&walk) != PROCESS_NONE_HOLDS;
}

/* A mapping of several ports may have sockets that listen for one connection,
 * as FTP's do. */
static bool
may_cycle(const struct handoff *h, uint32_t i)
{
	const struct mapping *m = &h->plan->mappings[i];
	const struct stray_use *use = &h->stray.uses[i];

	return m->protocol == IPPROTO_TCP && !h->plan->show_expected &&
	    !(use->listened && m->ports > 1) && use->searches < SEARCHES &&
	    use->handed >= use->examined + ROW;
}

/* Sockets of node's cluster listen for a moment, or never.  Other servers bind
 * many sockets and listen later, or replace the one they use: such a socket is
 * held when it is looked for.  A socket that listens shows nothing, as the pool
 * may hold it (lease.h). */
static void
consider_cycle(struct handoff *h, uint32_t i)
{
	struct stray_use *use = &h->stray.uses[i];

	if (!may_cycle(h, i))
		return;
	use->examined = use->handed;
	if (listing_connected(use->endpoint.port))
		return;
	use->searches++;
	if (is_held(h, i))
		return;
	use->searches = SEARCHES;
	warnx("the server has bound port %u %u times, and closed the socket "
	      "each time within seconds: if it compares getsockname(2) with "
	      "its configuration, as node's cluster does, use "
	      "--show-expected-port",
	    h->plan->mappings[i].server_port, use->handed);
}

/* ---- */

static void
consider_expected(struct handoff *h, const struct sighting *s)
{
	if (s->ours)
		warn_stray(h, s);
	else if (!s->known)
		warn_hidden_stray(h, s);
	else if (s->holder != 0)
		h->unused.foreign = holder_of(s);
}

static bool
is_used(const struct handoff *h, size_t mapping)
{
	return h->unused.used[mapping] ||
	    mapping_by_descriptor(&h->plan->mappings[mapping]);
}

/* The server listens there because a mapping that it uses gives it the port:
 * this is no bind in place of another mapping's. */
static bool
is_given(const struct handoff *h, const struct sighting *s)
{
	const struct pool_variant *v = h->pool->variants;
	const struct pool_variant *end = v + h->pool->count;
	const uint32_t port = s->socket.endpoint.port;
	const struct mapping *m = h->plan->mappings;
	uint32_t i;

	for (i = 0; i < h->plan->mapping_count; i++, m++)
		if (is_used(h, i) && m->protocol == s->socket.protocol &&
		    port - m->public_port < m->ports)
			return true;
	for (; v < end; v++)
		if (v->inherited && is_used(h, v->mapping) &&
		    v->protocol == s->socket.protocol &&
		    v->endpoint.port == port)
			return true;
	return false;
}

static void
consider(struct handoff *h, const struct sighting *s)
{
	if (s->kind == EXPECTED)
		consider_expected(h, s);
	else if (s->ours && is_given(h, s))
		return;
	else if (s->ours)
		unused_note_listener(&h->unused, s->socket.endpoint.port,
		    s->socket.protocol);
	else if (s->kind == PUBLIC)
		consider_rival(h, s);
}

/* To be called for all before one is considered as a rival. */
static void
note_listening(struct handoff *h)
{
	const struct sighting *s = sightings, *end = s + seen;

	for (; s < end; s++)
		if (s->kind == PUBLIC && s->ours &&
		    h->stray.uses[s->mapping].handed > 0)
			h->stray.uses[s->mapping].listened = true;
}

static void
look(struct handoff *h, bool ended)
{
	uint32_t i;
	size_t n;

	server_group_look(h);
	/* The kernel takes no other socket for the server's. */
	if (h->group.counts != NULL && !unused_any(&h->unused, 0))
		return;
	seen = 0;
	listing_each(collect, h);
	/* Again: by now the programs have counted what listens there. */
	server_group_look(h);
	find_holders(h);
	note_listening(h);
	for (n = 0; n < seen; n++)
		consider(h, &sightings[n]);
	/* The end of the server has closed all sockets. */
	for (i = 0; !ended && i < h->plan->mapping_count; i++)
		consider_cycle(h, i);
	unused_look(&h->unused);
}

/* ---- When to look. */

void
stray_start(struct stray *stray)
{
	stray->began = clock_milliseconds();
	stray->interval = LOOK_AFTER;
	stray->due = stray->began + LOOK_AFTER;
}

void
stray_visit(struct handoff *h)
{
	const long long time = clock_milliseconds();
	struct stray *s = &h->stray;

	if (s->look_wanted && s->due > time + LOOK_AFTER) {
		s->interval = LOOK_AFTER;
		s->due = time + LOOK_AFTER;
	}
	s->look_wanted = false;
	if (s->due == 0 || time < s->due)
		return;
	look(h, false);
	if (time - s->began >= REPORT_AFTER)
		unused_report(&h->unused, 0);
	/* A server that has yet to use a mapping may listen at any moment. */
	if (!unused_any(&h->unused, 0))
		s->interval *= 2;
	if (s->interval > LOOK_EVERY)
		s->interval = LOOK_EVERY;
	s->due = time + s->interval;
}

void
stray_end(struct handoff *h)
{
	if (h->stray.due != 0 &&
	    clock_milliseconds() - h->stray.began >= SHORT_RUN)
		look(h, true);
}
