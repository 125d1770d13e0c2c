/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the helper, after the drop.
 * Reads: what it has seen of the server.
 */
#include <errno.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "mapping.h"
#include "message.h"
#include "process.h"
#include "unused.h"

/* A port seen at so many looks is the server's, and not passed by. */
#define LOOKS 2

/* Room for "8080, 9090 and 9443". */
#define PORTS_LISTED 4
#define PORTS_TEXT   (PORTS_LISTED * 16)

#define PRIVILEGED 1024

/* Milliseconds. */
#define REPORT_AFTER 30000

static bool
is_unused(const struct unused *u, size_t i)
{
	return !u->used[i] && !u->reported[i] &&
	    !mapping_by_descriptor(&u->plan->mappings[i]);
}

/* An entrypoint that wants to change its user ends at once: its rights are looked
 * at before. */
void
unused_start(struct unused *u, pid_t server)
{
	u->stuck = u->plan->uid == 0 &&
	    !process_has_capability(server, CAP_SETUID);
	u->due = clock_milliseconds() + REPORT_AFTER;
}

bool
unused_any(const struct unused *u, int protocol)
{
	size_t i;

	for (i = 0; i < u->plan->mapping_count; i++)
		if (is_unused(u, i) &&
		    (protocol == 0 ||
			u->plan->mappings[i].protocol == protocol))
			return true;
	return false;
}

bool
unused_examines(struct unused *u)
{
	return u->examined < UNUSED_EXAMINED && unused_any(u, 0) &&
	    ++u->examined > 0;
}

static struct unused_bind *
bind_of(struct unused *u, uint16_t port, int protocol)
{
	struct unused_bind *b = u->binds, *end = b + u->count;

	for (; b < end; b++)
		if (b->port == port && b->protocol == protocol)
			return b;
	if (u->count == UNUSED_BINDS)
		return NULL;
	u->count++;
	*b = (struct unused_bind){port, (uint16_t)protocol, EADDRINUSE, 0};
	return b;
}

/* One of its public ports, where those are not the server's too. */
static bool
is_public(const struct mapping *m, uint16_t port)
{
	return !mapping_inherited(m) && m->public_port != m->server_port &&
	    (uint32_t)port - m->public_port < m->ports;
}

/* PUBLIC and SERVER were written the wrong way round. */
static bool
is_reversed(const struct mapping *m)
{
	return !mapping_inherited(m) && m->public_port >= PRIVILEGED &&
	    m->server_port < PRIVILEGED;
}

/* The mapping with this port of the server's in place of its own; 0: the public
 * one. */
static const char *
format_other(const struct mapping *m, uint16_t server_port,
    char text[MAPPING_TEXT])
{
	struct mapping other = *m;

	if (server_port != 0) {
		other.server_port = server_port;
	} else if (is_reversed(m)) {
		other.public_port = m->server_port;
		other.server_port = m->public_port;
	} else {
		other.server_port = m->public_port;
	}
	if (other.server_port != other.public_port || m->family != AF_UNSPEC)
		return mapping_format(&other, text);
	snprintf(text, MAPPING_TEXT, "%u%s", other.public_port,
	    m->protocol == IPPROTO_UDP ? "/udp" : "");
	return text;
}

/* How much a bind says of where the server serves: the ports of the best kind
 * are named. */
static int
rank(const struct unused_bind *b, int protocol)
{
	if (b->protocol != protocol)
		return 0;
	if (b->looks > 0)
		return 3;
	return b->error == 0 ? 2 : b->error == UNUSED_UNKNOWN ? 1 : 0;
}

/* Those ports as text; returns the rank, and one of them where it is alone. */
static int
list_ports(const struct unused *u, int protocol, char text[PORTS_TEXT],
    uint16_t *only)
{
	const struct unused_bind *b, *end = u->binds + u->count;
	int best = 0, listed = 0;
	size_t used = 0;

	for (b = u->binds; b < end; b++)
		if (rank(b, protocol) > best)
			best = rank(b, protocol);
	text[0] = '\0';
	for (b = u->binds; best > 0 && b < end; b++) {
		if (rank(b, protocol) != best || listed++ >= PORTS_LISTED)
			continue;
		used += (size_t)snprintf(text + used, PORTS_TEXT - used, "%s%u",
		    used == 0 ? "" : ", ", b->port);
		*only = b->port;
	}
	if (listed > PORTS_LISTED)
		snprintf(text + used, PORTS_TEXT - used, "...");
	if (listed != 1)
		*only = 0;
	return best;
}

static const struct unused_bind *
find_public(const struct unused *u, const struct mapping *m)
{
	const struct unused_bind *b = u->binds, *end = b + u->count;

	for (; b < end; b++)
		if (b->protocol == m->protocol && is_public(m, b->port))
			return b;
	return NULL;
}

static const char *
name_of(const struct mapping *m, char text[MAPPING_TEXT])
{
	char mapping[MAPPING_TEXT];

	if (mapping_inherited(m))
		return strcpy(text, "a socket that was passed");
	snprintf(text, MAPPING_TEXT, "mapping %.80s",
	    mapping_format(m, mapping));
	return text;
}

/* It is configured for the public port itself. */
static void
tell_public(const struct mapping *m, const struct unused_bind *b)
{
	char name[MAPPING_TEXT], other[MAPPING_TEXT], refused[64] = "";
	const bool bound = b->error == 0 || b->looks > 0;

	if (!bound && b->error != UNUSED_UNKNOWN)
		snprintf(refused, sizeof(refused), ", and was refused (%s)",
		    message_error(b->error));
	warnx("%s is unused: the server %s %u itself%s; %s%s", name_of(m, name),
	    bound ? "bound" : "asked for", b->port, refused,
	    m->ports == 1 ? "use -p " : "the server's ports stand second",
	    m->ports == 1 ? format_other(m, 0, other) : "");
}

/* It has bound other ports. */
static void
tell_elsewhere(const struct mapping *m, enum unused_when when, int how,
    const char *ports, uint16_t only)
{
	char name[MAPPING_TEXT], other[MAPPING_TEXT];
	const bool inherited = mapping_inherited(m);

	warnx("%s is unused: the server %s %s, not %s%u%s%s%s%s",
	    name_of(m, name), how == 1 ? "asked for" : "bound", ports,
	    m->ports == 1 ? "" : "a port from ", m->server_port,
	    m->ports == 1 ? "" : " on",
	    when == UNUSED_NEVER     ? ""
		: when == UNUSED_YET ? " yet"
				     : " so far",
	    inherited || only == 0 || m->ports != 1
		? "; name the port it serves at behind the colon"
		: when == UNUSED_NEVER ? "; use -p "
				       : "; if it serves there, use -p ",
	    inherited || only == 0 || m->ports != 1
		? ""
		: format_other(m, only, other));
}

static bool
has_port_of(const struct unused_holder *holder, const struct mapping *m)
{
	return holder->process != 0 && holder->protocol == m->protocol &&
	    (uint32_t)holder->port - m->server_port < m->ports;
}

/* What may be the cause where nothing was seen. */
static void
explain_nothing(const struct unused *u, const struct mapping *m, int status,
    char why[REASON_TEXT])
{
	const struct unused_holder *foreign = &u->foreign;
	char other[MAPPING_TEXT], command[32] = "";

	if (has_port_of(foreign, m)) {
		process_text(foreign->process, "comm", command,
		    sizeof(command));
		command[strcspn(command, "\n")] = '\0';
		reason_say(why,
		    "; process %d (%s), which is not below lowport, has port "
		    "%u: if it is a daemon that runs the server, start that "
		    "daemon under lowport",
		    foreign->process, command, foreign->port);
	} else if (u->unreadable)
		reason_say(why,
		    ", as far as can be seen: a process could not be looked "
		    "at");
	else if (u->stuck && status != 0)
		reason_say(why,
		    "; it is root without the capability to change its user: "
		    "use -u with the user it wants, or --keep-caps "
		    "setuid,setgid");
	else if (is_reversed(m))
		reason_say(why, "; if it is configured for port %u, use -p %s",
		    m->public_port, format_other(m, 0, other));
	else if (mapping_inherited(m) || m->ports > 1)
		reason_say(why, "; is it configured for another port?");
	else
		reason_say(why,
		    "; is it configured for another port (-p %u:PORT)%s?",
		    m->public_port,
		    status != 0 ? "" : ", or run by a daemon outside lowport");
}

/* Its port was asked for, of other addresses, and that was reported. */
static bool
is_elsewhere(const struct unused *u, const struct mapping *m)
{
	const struct unused_uncovered *asked = u->uncovered;

	for (; asked < u->uncovered + UNUSED_UNCOVERED; asked++)
		if (asked->protocol == m->protocol &&
		    (uint32_t)asked->port - m->server_port < m->ports)
			return true;
	return false;
}

static void
tell_nothing(const struct unused *u, const struct mapping *m,
    enum unused_when when, int status)
{
	char name[MAPPING_TEXT], why[REASON_TEXT];

	explain_nothing(u, m, status, why);
	warnx("%s is unused: the server %s bound %s %u%s%s", name_of(m, name),
	    when == UNUSED_NEVER ? "never" : "has not yet",
	    m->protocol == IPPROTO_UDP ? "UDP port" : "port", m->server_port,
	    m->ports == 1 ? "" : " or one of those behind it", why);
}

/* What has been reported already is the cause. */
static void
tell_reported(const struct unused *u, const struct mapping *m)
{
	const struct unused_holder *stray = &u->stray;
	char name[MAPPING_TEXT];

	name_of(m, name);
	if (has_port_of(stray, m))
		warnx("%s is unused: process %d has port %u itself", name,
		    stray->process, stray->port);
	else
		warnx("%s is unused: the server asked for port %u of other "
		      "addresses alone",
		    name, m->server_port);
}

static void
tell(struct unused *u, size_t i, enum unused_when when, int status)
{
	const struct mapping *m = &u->plan->mappings[i];
	const struct unused_bind *public = find_public(u, m);
	char ports[PORTS_TEXT];
	uint16_t only = 0;
	int how = list_ports(u, m->protocol, ports, &only);

	u->reported[i] = true;
	if (public != NULL)
		tell_public(m, public);
	else if (has_port_of(&u->stray, m) || is_elsewhere(u, m))
		tell_reported(u, m);
	else if (how > 0)
		tell_elsewhere(m, when, how, ports, only);
	else
		tell_nothing(u, m, when, status);
}

/* One that has the public port itself is configured so, whatever comes. */
static void
tell_public_ones(struct unused *u)
{
	size_t i;

	for (i = 0; i < u->plan->mapping_count; i++)
		if (is_unused(u, i) &&
		    find_public(u, &u->plan->mappings[i]) != NULL)
			tell(u, i, UNUSED_SO_FAR, 0);
}

void
unused_note(struct unused *u, uint16_t port, int protocol, int error)
{
	struct unused_bind *b;

	if (port == 0 || (protocol != IPPROTO_TCP && protocol != IPPROTO_UDP))
		return;
	b = bind_of(u, port, protocol);
	/* One that succeeds is worth more than one that has failed. */
	if (b != NULL && b->error != 0)
		b->error = error;
	tell_public_ones(u);
}

void
unused_note_uncovered(struct unused *u, uint16_t port, int protocol)
{
	u->uncovered[u->uncovered_count++ %
	    UNUSED_UNCOVERED] = (struct unused_uncovered){port,
	    (uint16_t)protocol};
}

bool
unused_is_uncovered(const struct unused *u, uint16_t port, int protocol)
{
	size_t i;

	for (i = 0; i < UNUSED_UNCOVERED; i++)
		if (u->uncovered[i].port == port &&
		    u->uncovered[i].protocol == protocol)
			return true;
	return false;
}

void
unused_note_listener(struct unused *u, uint16_t port, int protocol)
{
	struct unused_bind *b = bind_of(u, port, protocol);

	if (b != NULL)
		b->looks++;
}

void
unused_look(struct unused *u)
{
	const struct unused_bind *b, *end = u->binds + u->count;
	size_t i;

	tell_public_ones(u);
	for (b = u->binds; b < end; b++)
		for (i = 0; i < u->plan->mapping_count; i++)
			if (b->looks >= LOOKS && is_unused(u, i) &&
			    u->plan->mappings[i].protocol == b->protocol)
				tell(u, i, UNUSED_SO_FAR, 0);
}

void
unused_report(struct unused *u, enum unused_when when, int status)
{
	size_t i;

	for (i = 0; i < u->plan->mapping_count; i++)
		if (is_unused(u, i))
			tell(u, i, when, status);
}

void
unused_visit(struct unused *u)
{
	if (u->due == 0 || clock_milliseconds() < u->due)
		return;
	u->due = 0;
	unused_report(u, UNUSED_YET, 0);
}
