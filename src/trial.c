/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child, which holds no capability.
 * Reads: the helper's answer.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "channel.h"
#include "seccomp.h"
#include "socket.h"
#include "trial.h"

#define SAY(why, ...) (snprintf(why, EXPLAIN_TEXT, __VA_ARGS__), false)

/* How often two ports are drawn that no mapping has. */
#define DRAWS 8

/* A port nobody has at this moment, 0 where there is none. */
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

bool
trial_add(struct plan *plan)
{
	struct mapping *m = &plan->mappings[plan->mapping_count];
	int draw;

	if (plan->mapping_count == PLAN_MAPPINGS_MAX)
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

static bool
send_heritage(int channel, const struct heritage *heritage)
{
	struct inheritance inheritance;
	unsigned int i;

	for (i = 0; i < heritage->count; i++) {
		inheritance.mapping = heritage->sockets[i].mapping;
		if (!channel_send_inherited(channel, &inheritance,
			heritage->sockets[i].fd))
			return false;
	}
	return true;
}

static bool
install(struct trial *trial, int channel, const struct plan *plan,
    const struct answer *answer, const struct heritage *heritage)
{
	struct seccomp_listener listener = seccomp_listen(answer->observe != 0,
	    plan->baseline != 0);
	struct greeting greeting = {.killable = listener.killable,
	    .inherited = heritage->count};
	bool sent;

	if (listener.fd < 0) {
		explain_no_listener(trial->why, errno);
		return false;
	}
	trial->killable = listener.killable;
	sent = channel_send_listener(channel, &greeting, listener.fd) &&
	    send_heritage(channel, heritage);
	close(listener.fd);
	return sent || SAY(trial->why, "the helper has ended");
}

/* A bind of asked must end at this port. */
static bool
try_bind(const struct endpoint *asked, int protocol, uint16_t public_port,
    char why[EXPLAIN_TEXT])
{
	struct endpoint bound = {0};
	int fd = socket_open(asked, protocol), error = 0;

	if (fd < 0)
		return SAY(why, "cannot make a socket to try the hand-off: %s",
		    strerror(errno));
	if (socket_bind(fd, asked) != 0)
		error = errno;
	else if (!socket_endpoint(fd, &bound))
		bound.port = 0;
	close(fd);
	if (bound.port == public_port)
		return true;
	explain_trial(why, error);
	return false;
}

static bool
try_mapping(const struct mapping *m, char why[EXPLAIN_TEXT])
{
	struct mapping_variant variants[MAPPING_VARIANTS_MAX];

	mapping_variants(m, variants);
	variants[0].endpoint.port = m->server_port;
	return try_bind(&variants[0].endpoint, m->protocol, m->public_port,
	    why);
}

/* By the first socket that was inherited, in the form it has itself. */
static bool
try_heritage(const struct heritage *heritage, const struct plan *plan,
    char why[EXPLAIN_TEXT])
{
	const struct mapping *m = &plan->mappings[heritage->sockets[0].mapping];
	struct endpoint asked;
	uint16_t port;

	if (!socket_endpoint(heritage->sockets[0].fd, &asked))
		return SAY(why, "the socket that was passed is none");
	port = asked.port;
	asked.port = m->server_port;
	return try_bind(&asked, m->protocol, port, why);
}

struct trial
trial_run(int channel, const struct plan *plan, const struct answer *answer,
    const struct heritage *heritage)
{
	struct trial trial = {
	    .why = "no mapping has sockets to try the hand-off with"};
	uint32_t i;

	if (!install(&trial, channel, plan, answer, heritage))
		return trial;
	for (i = 0; i < plan->mapping_count; i++)
		if (answer->results[i].outcome == OUTCOME_READY &&
		    !mapping_by_descriptor(&plan->mappings[i]) &&
		    !mapping_inherited(&plan->mappings[i]))
			break;
	if (i < plan->mapping_count)
		trial.works = try_mapping(&plan->mappings[i], trial.why);
	else if (heritage->count > 0)
		trial.works = try_heritage(heritage, plan, trial.why);
	return trial;
}
