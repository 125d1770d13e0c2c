/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the helper, after the drop.
 * Reads: names of processes, by proc(5).
 */
#include <errno.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "mapping.h"
#include "message.h"
#include "process.h"
#include "task.h"
#include "unused.h"

/* A server that listens at a port at so many looks goes on to. */
#define LOOKS 2

/* Room for "8080, 9090, 9443, 10443...", and for "9990-10000". */
#define PORTS_LISTED 4
#define PORTS_TEXT   (PORTS_LISTED * 16)

static bool
is_unused(const struct unused *u, size_t i)
{
	return !u->used[i] && !u->reported[i] &&
	    !mapping_by_descriptor(&u->plan->mappings[i]);
}

/* An entrypoint that cannot change its user ends at once: its capabilities are
 * looked at before. */
void
unused_start(struct unused *u, pid_t server)
{
	u->stuck = u->plan->uid == 0 &&
	    !task_has_capability(server, CAP_SETUID);
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
	*b = (struct unused_bind){.port = port,
	    .protocol = (uint16_t)protocol,
	    .error = EADDRINUSE};
	return b;
}

static bool
is_expected(const struct mapping *m, uint16_t port, int protocol)
{
	return m->protocol == protocol &&
	    (uint32_t)port - m->server_port < m->ports;
}

/* The mapping for a server that is configured for the public port; if it looks
 * reversed, the other way round. */
static const char *
format_public(const struct mapping *m, char text[MAPPING_TEXT])
{
	struct mapping other = *m;

	other.server_port = m->public_port;
	if (mapping_looks_reversed(m))
		other.public_port = m->server_port;
	return mapping_format(&other, text);
}

static bool
is_public(const struct plan *plan, uint16_t port, int protocol)
{
	const struct mapping *m = plan->mappings;
	const struct mapping *end = m + plan->mapping_count;

	for (; m < end; m++)
		if (m->protocol == protocol &&
		    (uint32_t)port - m->public_port < m->ports)
			return true;
	return false;
}

/* The likelihood that the server serves at the port of this bind; 0: none.  A
 * public port is about the mapping that has it. */
static int
rank(const struct unused *u, const struct unused_bind *b, int protocol)
{
	if (b->protocol != protocol || is_public(u->plan, b->port, protocol))
		return 0;
	if (b->looks > 0)
		return 3;
	if (b->error == 0)
		return 2;
	return b->error == UNUSED_UNKNOWN;
}

/* Writes the ports of the highest rank.  Returns how many there are; one of
 * them is stored. */
static int
list_ports(const struct unused *u, int protocol, char text[PORTS_TEXT],
    uint16_t *port)
{
	const struct unused_bind *b, *end = u->binds + u->count;
	int best = 1, listed = 0;
	size_t used = 0;

	for (b = u->binds; b < end; b++)
		if (rank(u, b, protocol) > best)
			best = rank(u, b, protocol);
	for (b = u->binds; b < end; b++) {
		if (rank(u, b, protocol) != best || listed++ >= PORTS_LISTED)
			continue;
		used += (size_t)snprintf(text + used, PORTS_TEXT - used, "%s%u",
		    used == 0 ? "" : ", ", b->port);
		*port = b->port;
	}
	if (listed > PORTS_LISTED)
		snprintf(text + used, PORTS_TEXT - used, "...");
	return listed;
}

/* A bind of one of its public ports, if those are not the server's too. */
static const struct unused_bind *
find_public(const struct unused *u, const struct mapping *m)
{
	const struct unused_bind *b = u->binds, *end = b + u->count;

	if (mapping_inherited(m) || m->public_port == m->server_port)
		return NULL;
	for (; b < end; b++)
		if (b->protocol == m->protocol &&
		    (uint32_t)b->port - m->public_port < m->ports)
			return b;
	return NULL;
}

static const char *
format_name(const struct mapping *m, char text[MAPPING_TEXT])
{
	char mapping[MAPPING_TEXT];

	if (mapping_inherited(m))
		return strcpy(text, "a socket that was passed");
	snprintf(text, MAPPING_TEXT, "mapping %.80s",
	    mapping_format(m, mapping));
	return text;
}

/* The ports it expects. */
static const char *
format_expected(const struct mapping *m, char text[PORTS_TEXT])
{
	const int written = snprintf(text, PORTS_TEXT, "%u", m->server_port);

	if (m->ports > 1)
		snprintf(text + written, PORTS_TEXT - written, "-%u",
		    m->server_port + m->ports - 1);
	return text;
}

/* The server is configured for the public port itself. */
static void
report_public(const char *name, const struct mapping *m,
    const struct unused_bind *b)
{
	char other[MAPPING_TEXT];

	format_public(m, other);
	if (b->below)
		warnx("%s is unused: in a control group below the server's a "
		      "lowport maps to %u first, or a process asked for it "
		      "itself; leave that lowport out, or use -p %s",
		    name, b->port, other);
	else if (b->error > 0 && b->looks == 0)
		warnx("%s is unused: the server asked for %u itself, and was "
		      "refused (%s); use -p %s",
		    name, b->port, message_error(b->error), other);
	else
		warnx("%s is unused: the server asked for %u itself; use -p %s",
		    name, b->port, other);
}

/* The server serves at other ports; if there is but one, that is port. */
static void
report_others(const char *name, const struct mapping *m, const char *ports,
    uint16_t port)
{
	char expected[PORTS_TEXT], text[MAPPING_TEXT];
	struct mapping other = *m;

	format_expected(m, expected);
	other.server_port = port;
	if (port == 0 || m->ports > 1 || mapping_inherited(m))
		warnx("%s is unused: the server asked for %s, not %s; name the "
		      "port it serves at behind the colon",
		    name, ports, expected);
	else
		warnx("%s is unused: the server asked for %s, not %s; if it "
		      "serves there, use -p %s",
		    name, ports, expected, mapping_format(&other, text));
}

static bool
has_port_of(const struct unused_holder *holder, const struct mapping *m)
{
	return holder->process != 0 &&
	    is_expected(m, holder->port, holder->protocol);
}

static void
report_foreign(const char *name, const struct unused_holder *foreign)
{
	char command[PROCESS_NAME];

	warnx("%s is unused: process %d (%s), which is not below lowport, has "
	      "port %u; if it is a daemon that runs the server, start that "
	      "daemon under lowport",
	    name, foreign->process, process_name(foreign->process, command),
	    foreign->port);
}

/* The server was not seen to bind any port: names a likely cause. */
static void
report_nothing(const struct unused *u, const char *name,
    const struct mapping *m, int status)
{
	char expected[PORTS_TEXT], other[MAPPING_TEXT];

	format_expected(m, expected);
	if (has_port_of(&u->foreign, m))
		report_foreign(name, &u->foreign);
	else if (u->unreadable)
		warnx("%s is unused, as far as can be seen: a process could "
		      "not be looked at",
		    name);
	else if (u->stuck && status != 0)
		warnx("%s is unused: the server ended before it bound port %s; "
		      "it is root without the capability to change its user: "
		      "use -u with the user it wants, or --keep-caps "
		      "setuid,setgid",
		    name, expected);
	else if (mapping_looks_reversed(m))
		warnx("%s is unused: the server has not bound port %s; if it "
		      "is configured for port %u, use -p %s",
		    name, expected, m->public_port, format_public(m, other));
	else if (status != 0)
		warnx("%s is unused: the server has not bound port %s; if it "
		      "is configured for another port, name that behind the "
		      "colon",
		    name, expected);
	else
		warnx("%s is unused: the server has not bound port %s; if it "
		      "is configured for another port, name that behind the "
		      "colon; if a daemon runs it, start that under lowport",
		    name, expected);
}

/* A bind of its port was reported: of an address that no mapping covers. */
static bool
is_elsewhere(const struct unused *u, const struct mapping *m)
{
	const struct unused_uncovered *asked = u->uncovered;

	for (; asked < u->uncovered + UNUSED_UNCOVERED; asked++)
		if (is_expected(m, asked->port, asked->protocol))
			return true;
	return false;
}

static void
report(struct unused *u, size_t i, int status)
{
	const struct mapping *m = &u->plan->mappings[i];
	const struct unused_bind *public = find_public(u, m);
	char name[MAPPING_TEXT], ports[PORTS_TEXT];
	uint16_t port = 0;
	int count = list_ports(u, m->protocol, ports, &port);

	u->reported[i] = true;
	format_name(m, name);
	if (public != NULL)
		report_public(name, m, public);
	else if (has_port_of(&u->stray, m))
		warnx("%s is unused: process %d has port %u itself", name,
		    u->stray.process, u->stray.port);
	else if (is_elsewhere(u, m))
		warnx("%s is unused: the server asked for port %u of other "
		      "addresses alone",
		    name, m->server_port);
	else if (count > 0)
		report_others(name, m, ports, count == 1 ? port : 0);
	else
		report_nothing(u, name, m, status);
}

/* The server is configured for another port, and nothing that comes later
 * changes that: it has asked for the public one, or goes on to listen.  A bind
 * from a group below may be that of another lowport's trial. */
static bool
serves_elsewhere(const struct unused *u, const struct mapping *m)
{
	const struct unused_bind *b = u->binds, *end = b + u->count;
	const struct unused_bind *public = find_public(u, m);

	for (; b < end; b++)
		if (b->looks >= LOOKS && rank(u, b, m->protocol) > 0)
			return true;
	return public != NULL && (!public->below || public->looks >= LOOKS);
}

void
unused_look(struct unused *u)
{
	size_t i;

	for (i = 0; i < u->plan->mapping_count; i++)
		if (is_unused(u, i) &&
		    serves_elsewhere(u, &u->plan->mappings[i]))
			report(u, i, 0);
}

void
unused_note(struct unused *u, uint16_t port, int protocol, int error)
{
	struct unused_bind *b;

	if (port == 0 || (protocol != IPPROTO_TCP && protocol != IPPROTO_UDP))
		return;
	b = bind_of(u, port, protocol);
	/* A bind that succeeds says more than one that failed. */
	if (b != NULL && b->error != 0)
		b->error = error;
	if (b != NULL)
		b->below = false;
	unused_look(u);
}

void
unused_note_below(struct unused *u, uint16_t port, int protocol)
{
	const size_t before = u->count;
	struct unused_bind *b = bind_of(u, port, protocol);

	if (b != NULL && u->count > before)
		b->below = true;
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
unused_report(struct unused *u, int status)
{
	size_t i;

	for (i = 0; i < u->plan->mapping_count; i++)
		if (is_unused(u, i))
			report(u, i, status);
}
