/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child, which holds no capability but those of --keep-caps.
 * Reads: the helper's answer.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ask.h"
#include "confinement.h"
#include "explain.h"
#include "remedy.h"
#include "socket.h"
#include "trial.h"

/* The limit of draws of two ports, until no mapping has them. */
#define DRAWS 8

/* Returns a port that nobody has at this moment, or 0. */
static uint16_t
free_port(void)
{
	struct endpoint e = {.family = AF_INET};
	int fd = socket_open(&e, IPPROTO_TCP);
	uint16_t port = 0;

	if (fd < 0)
		return 0;
	if (socket_bind(fd, &e) == 0 && socket_endpoint(fd, &e))
		port = e.port;
	close(fd);
	return port;
}

static bool
is_free(const struct plan *plan, const struct mapping *m)
{
	uint32_t i;

	for (i = 0; i < plan->mapping_count; i++)
		if (mapping_conflicts(m, &plan->mappings[i]))
			return false;
	return m->public_port != 0 && m->server_port != 0 &&
	    m->public_port != m->server_port;
}

bool
trial_needed(const struct plan *plan)
{
	uint32_t i;

	for (i = 0; i < plan->mapping_count; i++)
		if (!mapping_by_descriptor(&plan->mappings[i]))
			return true;
	return false;
}

/* For one mapping more, of one port. */
static bool
has_room(const struct plan *plan)
{
	uint32_t i, ports = 0;

	for (i = 0; i < plan->mapping_count; i++)
		ports += plan->mappings[i].ports;
	return plan->mapping_count < PLAN_MAPPINGS_MAX &&
	    ports < PLAN_PORTS_MAX;
}

bool
trial_add(struct plan *plan)
{
	struct mapping *m = &plan->mappings[plan->mapping_count];
	int draw;

	if (!has_room(plan))
		return false;
	for (draw = 0; draw < DRAWS; draw++) {
		*m = (struct mapping){.family = AF_INET,
		    .protocol = IPPROTO_TCP,
		    .ports = 1,
		    .public_port = free_port(),
		    .server_port = free_port()};
		if (is_free(plan, m)) {
			plan->mapping_count++;
			return true;
		}
	}
	memset(m, 0, sizeof(*m));
	return false;
}

/* Returns 0 or an errno(3) value. */
static int
bind_as_server(const struct rendezvous *place, int fd,
    const struct endpoint *asked)
{
	struct sockaddr_storage storage;
	socklen_t length;

	if (place == NULL)
		return socket_bind(fd, asked) == 0 ? 0 : errno;
	length = endpoint_to_sockaddr(asked, &storage);
	return ask_bind(place, fd, &storage, length);
}

/* By preload this process asks for its port itself, and the kernel tells nobody
 * what a sandbox around lowport forbids. */
static bool
explain_sandbox(char why[REASON_TEXT], const struct endpoint *asked,
    int protocol)
{
	struct sockaddr_storage storage;

	endpoint_to_sockaddr(asked, &storage);
	if (!ask_is_forbidden(protocol, &storage))
		return false;
	remedy_set(false); /* it forbids that bind as well */
	reason_say(why,
	    "a sandbox around lowport (landlock(7))%s forbids to bind TCP port "
	    "%u, and preload asks it; have it permit that port, beside the "
	    "public one",
	    confinement_of(getpid()).enforced
		? ", or the security module that confines lowport,"
		: "",
	    asked->port);
	return true;
}

/* The inode must change.  The right port alone proves nothing: the kernel may
 * have bound it. */
static bool
try_bind(const struct rendezvous *place, const struct endpoint *asked,
    int protocol, char why[REASON_TEXT])
{
	int fd = socket_open(asked, protocol), error;
	ino_t own = socket_inode(fd);
	bool replaced;

	if (fd < 0)
		return reason_say(why,
		    "cannot make a socket to try the hand-off: %s",
		    strerror(errno));
	error = bind_as_server(place, fd, asked);
	replaced = error == 0 && socket_inode(fd) != own;
	close(fd);
	if (!replaced &&
	    !(place != NULL && error == EACCES &&
		explain_sandbox(why, asked, protocol)))
		explain_trial(why, error == REQUEST_PASS ? 0 : error,
		    place == NULL);
	return replaced;
}

static bool
try_mapping(const struct rendezvous *place, const struct mapping *m,
    char why[REASON_TEXT])
{
	struct mapping_variant variants[MAPPING_VARIANTS_MAX];

	mapping_variants(m, variants);
	variants[0].endpoint.port = m->server_port;
	return try_bind(place, &variants[0].endpoint, m->protocol, why);
}

/* Tries the first socket that was passed, with an address of its own form. */
static bool
try_passed_socket(const struct rendezvous *place,
    const struct passed_sockets *passed, const struct plan *plan,
    char why[REASON_TEXT])
{
	const struct mapping *m = &plan->mappings[passed->sockets[0].mapping];
	struct endpoint asked;

	if (!socket_endpoint(passed->sockets[0].fd, &asked))
		return reason_say(why,
		    "descriptor %d, passed to lowport, is no socket with an "
		    "address",
		    passed->sockets[0].fd);
	asked.port = m->server_port;
	return try_bind(place, &asked, m->protocol, why);
}

bool
trial_run(const struct rendezvous *place, const struct plan *plan,
    const struct answer *answer, const struct passed_sockets *passed,
    char why[REASON_TEXT])
{
	uint32_t i;

	for (i = 0; i < plan->mapping_count; i++)
		if (answer->results[i].outcome == OUTCOME_READY &&
		    !mapping_by_descriptor(&plan->mappings[i]) &&
		    !mapping_inherited(&plan->mappings[i]))
			return try_mapping(place, &plan->mappings[i], why);
	if (passed->count > 0)
		return try_passed_socket(place, passed, plan, why);
	remedy_set(false); /* it needs the ports as well */
	return reason_say(why,
	    "no mapping has sockets to try the hand-off with");
}
