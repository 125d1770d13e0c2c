/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child, before it becomes the server; with --check in the helper,
 * which has no CAP_NET_BIND_SERVICE effective then.
 * Reads: a checked plan.
 */
#include <errno.h>
#include <netinet/in.h>
#include <unistd.h>

#include "mapped.h"
#include "socket.h"

/* Under --show-expected-port the kernel answers with the server's. */
static bool
try_mapping(const struct plan *plan, const struct mapping *m,
    struct result *result)
{
	struct mapping_variant variants[MAPPING_VARIANTS_MAX];
	struct endpoint *e = &variants[0].endpoint, bound = {.port = 0};
	const uint16_t wanted = plan->show_expected ? m->server_port
						    : m->public_port;
	int fd;

	mapping_variants(m, variants);
	result->endpoint = *e;
	e->port = m->server_port;
	fd = socket_open(e, m->protocol);
	/* Otherwise it would share the port with others that set it. */
	if (m->protocol == IPPROTO_UDP)
		socket_keep_alone(fd);
	if (fd >= 0 && socket_bind(fd, e) == 0 && socket_endpoint(fd, &bound))
		errno = bound.port == wanted ? 0 : EPROTO;
	if (bound.port != wanted) {
		result->outcome = fd < 0 ? OUTCOME_NO_SOCKET
					 : OUTCOME_NOT_BOUND;
		result->error = errno;
	}
	close(fd);
	return bound.port == wanted;
}

size_t
mapped_try(const struct plan *plan, struct result *results)
{
	size_t i, first = plan->mapping_count;

	for (i = plan->mapping_count; i-- > 0;)
		if (!mapping_by_descriptor(&plan->mappings[i]) &&
		    !mapping_inherited(&plan->mappings[i]) &&
		    !try_mapping(plan, &plan->mappings[i], &results[i]))
			first = i;
	return first;
}
