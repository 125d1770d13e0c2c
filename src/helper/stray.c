/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the helper, after the drop.
 * Reads: the kernel's lists of sockets (listing.h); of those who hold them,
 * descriptors, mapped files and the head of the program, by proc(5).
 */
#include <elf.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>

#include "clock.h"
#include "handoff.h"
#include "listing.h"
#include "message.h"
#include "process.h"
#include "stray.h"

/* Sockets that a look tells apart; what is beyond is left to the next. */
#define SIGHTINGS 64

/* Room for a process's name (proc(5), comm). */
#define NAME 32

/* UDP ports behind it are clients' mostly. */
#define EPHEMERAL 32768

/* Hand-offs less than so many milliseconds apart are counted as a row, which is
 * looked at when it has grown by so many. */
#define ROW_GAP 20000
#define ROW     3

/* How often a row of hand-offs is asked whether their sockets are closed. */
#define DOUBTS 32

/* Milliseconds. */
#define LOOK_AFTER 500   /* the start, or a bind of interest */
#define LOOK_EVERY 60000 /* twice as long each time, up to this */
#define SHORT_RUN  100   /* in which no daemon is started */

enum kind {
	EXPECTED, /* a port the server is expected to bind, and may not have */
	PUBLIC,   /* one of the mappings' */
	OTHER,
};

struct sighting {
	struct listed socket;
	enum kind kind;
	uint16_t mapping; /* of a public port */
	bool judged;
	bool ours;    /* a process of the server holds it */
	pid_t holder; /* 0: not known */
};

/* Of this look, and what was judged at others: an inode has one maker. */
static struct sighting sightings[SIGHTINGS];
static size_t seen;
static struct judgement {
	ino_t inode;
	pid_t holder;
	bool ours;
} judgements[SIGHTINGS];
static size_t judged;

/* ---- What is of interest. */

/* A port is public where some mapping has it, be it that another expects it. */
static bool
classify(const struct handoff *h, struct sighting *s)
{
	const struct pool_variant *v = h->pool->variants;
	const struct pool_variant *end = v + h->pool->count;

	s->kind = OTHER;
	for (; v < end; v++) {
		if (v->protocol != s->socket.protocol)
			continue;
		if (v->endpoint.port == s->socket.endpoint.port) {
			s->kind = PUBLIC;
			s->mapping = v->mapping;
			return true;
		}
		if (v->server_port == s->socket.endpoint.port)
			s->kind = EXPECTED;
	}
	return s->kind == EXPECTED ||
	    (unused_any(&h->unused, s->socket.protocol) &&
		(s->socket.protocol == IPPROTO_TCP ||
		    s->socket.endpoint.port < EPHEMERAL));
}

static void
collect(const struct listed *socket, void *argument)
{
	const struct handoff *h = argument;
	struct sighting *s = &sightings[seen];

	if (seen == SIGHTINGS)
		return;
	*s = (struct sighting){.socket = *socket};
	if (!classify(h, s))
		return;
	/* Others of the host may listen there as often as they like. */
	if (s->kind != PUBLIC && socket->uid != h->plan->uid)
		return;
	if (s->kind == PUBLIC && socket->protocol != IPPROTO_TCP)
		return;
	/* A bind that no mapping covers has been reported already. */
	if (s->kind == EXPECTED &&
	    unused_is_uncovered(&h->unused, socket->endpoint.port,
		socket->protocol))
		return;
	seen++;
}

/* ---- Whose they are. */

static void
recall(struct sighting *s)
{
	size_t i;

	for (i = 0; i < SIGHTINGS && i < judged; i++)
		if (judgements[i].inode == s->socket.inode) {
			s->judged = true;
			s->ours = judgements[i].ours;
			s->holder = judgements[i].holder;
		}
}

static bool
visit_holder(ino_t inode, struct process_descriptor holder, void *argument)
{
	struct sighting *s = sightings, *end = s + seen;

	(void)argument;
	for (; s < end; s++) {
		if (s->judged || s->ours || s->socket.inode != inode)
			continue;
		s->holder = holder.pid;
		s->ours = process_is_descendant(holder.pid);
	}
	return false;
}

static bool
recall_all(const struct handoff *h)
{
	struct sighting *s = sightings, *end = s + seen;
	bool all = true;

	for (; s < end; s++) {
		recall(s);
		if (s->kind == PUBLIC && handoff_is_recent(h, s->socket.inode))
			s->judged = s->ours = true;
		all &= s->judged;
	}
	return all;
}

/* One walk for all that are new.  What a process that cannot be looked at may
 * hold is looked for again. */
static void
judge(const struct handoff *h)
{
	struct sighting *s = sightings, *end = s + seen;
	enum process_holding others;

	if (recall_all(h))
		return;
	others = process_each_socket_anywhere(visit_holder, NULL);
	for (; s < end; s++) {
		if (s->judged || (!s->ours && others == PROCESS_MAY_HOLD))
			continue;
		s->judged = true;
		judgements[judged++ %
		    SIGHTINGS] = (struct judgement){s->socket.inode, s->holder,
		    s->ours};
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

/* Why the helper was not asked, and what to do. */
static const char *
cause_of(const struct handoff *h, pid_t process)
{
	if (is_foreign_program(process))
		return "it is a 32-bit program, whose bind(2) lowport cannot "
		       "serve; use a 64-bit one, or configure the public port";
	if (h->by_preload && !process_maps(process, "liblowport.so"))
		return process_maps(process, "/ld-")
		    ? "the preload library is not in it (an environment "
		      "without LD_PRELOAD); stop it, and use --method notify "
		      "or configure the public port"
		    : "the preload library is not in it (a static program); "
		      "stop it, and use --method notify or configure the "
		      "public port";
	if (process_has_link(process, "anon_inode:[io_uring]"))
		return "it binds by io_uring, which lowport does not see; "
		       "turn io_uring off in it";
	return h->by_preload
	    ? "its bind(2) passes by the C library; use --method notify"
	    : "its bind(2) was not seen (a 32-bit system call, or a socket "
	      "that another process has bound)";
}

static struct unused_holder
holder_of(const struct sighting *s)
{
	return (struct unused_holder){s->holder, s->socket.endpoint.port,
	    (uint16_t)s->socket.protocol};
}

static void
tell_stray(struct handoff *h, const struct sighting *s)
{
	const uint64_t cause[] = {(uint64_t)s->holder,
	    process_started(s->holder), s->socket.endpoint.port,
	    (uint64_t)s->socket.protocol};

	h->unused.stray = holder_of(s);
	if (warned_first(&h->warned, WARNED_STRAY, cause, sizeof(cause)))
		alertx("process %d has %s %u itself: %s", s->holder,
		    s->socket.protocol == IPPROTO_UDP ? "UDP port" : "port",
		    s->socket.endpoint.port, cause_of(h, s->holder));
}

/* That a process could not be looked at has been reported, by notify. */
static void
tell_hidden_stray(struct handoff *h, const struct sighting *s)
{
	if (h->warned.rates[WARNED_UNREADABLE].lately == 0 &&
	    warned_first_endpoint(&h->warned, WARNED_STRAY, &s->socket.endpoint,
		s->socket.protocol, 0))
		alertx("a process of the server's user has port %u itself; it "
		       "may be one of the server's, some of which cannot be "
		       "looked at (not dumpable, or changed their user)",
		    s->socket.endpoint.port);
}

/* ---- Rivals. */

/* A socket of IPv4 and one of IPv6 are in each other's way where one is for
 * every address. */
static bool
is_in_the_way(const struct endpoint *rival, const struct endpoint *handed)
{
	if (rival->port != handed->port)
		return false;
	return endpoint_is_wildcard(rival) || endpoint_is_wildcard(handed) ||
	    endpoint_same_address(rival, handed);
}

static void
tell_rival(struct handoff *h, const struct sighting *s)
{
	char text[ENDPOINT_TEXT], name[NAME] = "?";

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
	if (process_text(s->holder, "comm", name, sizeof(name)) > 0)
		name[strcspn(name, "\n")] = '\0';
	alertx("process %d (%s) listens at %s: the server, which has bound "
	       "that port too, cannot (EADDRINUSE); stop it, or map another "
	       "address or port",
	    s->holder, name, text);
}

/* One that listens where a server has had a socket, and never listened. */
static void
consider_rival(struct handoff *h, const struct sighting *s)
{
	const struct stray_use *use = &h->stray.uses[s->mapping];

	if (use->handed > 0 && !use->listened &&
	    is_in_the_way(&s->socket.endpoint, &use->endpoint))
		tell_rival(h, s);
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

struct of_mapping {
	const struct handoff *handoff;
	uint32_t mapping;
};

static bool
visit_handed(ino_t inode, struct process_descriptor holder, void *argument)
{
	const struct of_mapping *of = argument;

	(void)holder;
	return handoff_is_of(of->handoff, inode, of->mapping);
}

/* One of some ports may listen for one connection, as FTP's do. */
static bool
may_cycle(const struct handoff *h, uint32_t i)
{
	const struct mapping *m = &h->plan->mappings[i];
	const struct stray_use *use = &h->stray.uses[i];

	return m->protocol == IPPROTO_TCP && !h->plan->show_expected &&
	    !(use->listened && m->ports > 1) && use->doubts < DOUBTS &&
	    use->handed >= use->examined + ROW;
}

/* Some listen for a moment (node's cluster, round robin), some never do.
 * Others bind all, and listen later, or rebind what they go on with: it is held
 * when it is looked for.  That one listens says nothing, as the pool may have
 * it (lease.h). */
static void
consider_cycle(struct handoff *h, uint32_t i)
{
	struct stray_use *use = &h->stray.uses[i];
	struct of_mapping of = {h, i};

	if (!may_cycle(h, i))
		return;
	use->examined = use->handed;
	if (listing_connected(use->endpoint.port))
		return;
	use->doubts++;
	if (process_each_socket(visit_handed, &of) != PROCESS_NONE_HOLDS)
		return;
	use->doubts = DOUBTS;
	warnx("the server has bound port %u %u times, and closed the socket "
	      "each time within seconds: if it compares getsockname(2) with "
	      "its configuration, as node's cluster does, use "
	      "--show-expected-port",
	    h->plan->mappings[i].server_port, use->handed);
}

/* ---- */

static void
consider(struct handoff *h, const struct sighting *s)
{
	struct unused *u = &h->unused;
	const uint16_t port = s->socket.endpoint.port;

	if (s->kind == PUBLIC && !s->ours)
		consider_rival(h, s);
	else if (s->kind != EXPECTED && s->ours)
		unused_note_listener(u, port, s->socket.protocol);
	else if (s->kind == EXPECTED && s->ours)
		tell_stray(h, s);
	else if (s->kind == EXPECTED && !s->judged)
		tell_hidden_stray(h, s);
	else if (s->kind == EXPECTED && s->holder != 0)
		u->foreign = holder_of(s);
}

/* Before what others have is judged, all that the server has is known. */
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

	seen = 0;
	listing_each(collect, h);
	judge(h);
	note_listening(h);
	for (n = 0; n < seen; n++)
		consider(h, &sightings[n]);
	/* The end closes all of them. */
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
