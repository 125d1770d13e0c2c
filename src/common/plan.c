/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the helper, with the capability.  Computes only.
 * Reads: the plan, hostile.
 */
#include <netinet/in.h>

#include "bytes.h"
#include "message.h"
#include "plan.h"

static bool
ports_check(const struct mapping *m)
{
	return (m->protocol == IPPROTO_TCP || m->protocol == IPPROTO_UDP) &&
	    m->ports >= 1 && m->ports <= PLAN_PORTS_MAX &&
	    !(mapping_inherited(m) && mapping_by_descriptor(m)) &&
	    (!mapping_inherited(m) || m->ports == 1) &&
	    m->public_port + m->ports - 1 <= UINT16_MAX &&
	    m->server_port + m->ports - 1 <= UINT16_MAX;
}

/* With two forms, two mappings might own one address.  So no IPv4 address is
 * written as an IPv6 one, and an interface is named if the kernel looks at it,
 * and only then. */
static bool
address_has_one_form(const struct mapping *m)
{
	const struct in6_addr *in6 = (const struct in6_addr *)m->address;

	if (m->family != AF_INET6)
		return m->scope == 0;
	return !IN6_IS_ADDR_V4MAPPED(in6) &&
	    (m->scope != 0) == IN6_IS_ADDR_LINKLOCAL(in6);
}

static bool
mapping_check(const struct mapping *m)
{
	size_t unused;

	switch (m->family) {
	case AF_UNSPEC:
		unused = sizeof(m->address);
		break;
	case AF_INET:
		unused = sizeof(m->address) - sizeof(struct in_addr);
		break;
	case AF_INET6:
		unused = 0;
		break;
	default:
		return false;
	}
	return ports_check(m) && address_has_one_form(m) &&
	    bytes_zero(m->address + sizeof(m->address) - unused, unused);
}

static bool
mappings_check(const struct plan *plan)
{
	uint32_t ports = 0;
	size_t i, j;

	for (i = 0; i < plan->mapping_count; i++) {
		if (!mapping_check(&plan->mappings[i]))
			return false;
		ports += plan->mappings[i].ports;
		if (ports > PLAN_PORTS_MAX)
			return false;
		for (j = 0; j < i; j++)
			if (mapping_conflicts(&plan->mappings[i],
				&plan->mappings[j]))
				return false;
	}
	return true;
}

static bool
supervision_check(const struct supervision *s)
{
	size_t i;

	for (i = 0; i < SIGNAL_MAX; i++)
		if (s->rewrite[i] > SIGNAL_DROPPED)
			return false;
	return s->group <= 1 && s->warn <= 1 && s->pdeathsig <= SIGNAL_MAX &&
	    (s->pdeathsig == 0 || signal_forwarded((int)s->pdeathsig));
}

bool
plan_check(const struct plan *plan, uid_t uid, gid_t gid)
{
	if (plan->magic != PLAN_MAGIC)
		return false;
	if (plan->uid == (uid_t)-1 || plan->gid == (gid_t)-1)
		return false;
	if (uid != 0 && (plan->uid != uid || plan->gid != gid))
		return false;
	if (plan->spares < 1 || plan->spares > PLAN_SPARES_MAX)
		return false;
	if (plan->verbosity > VERBOSITY_VERBOSE || plan->journal > 1 ||
	    plan->observe > 1 || plan->show_expected > 1 ||
	    plan->baseline > 1 || plan->keep_kill > 1 ||
	    plan->bpf > PLAN_BPF_ALONE || plan->dry > 1)
		return false;
	if (plan->mapping_count < 1 || plan->mapping_count > PLAN_MAPPINGS_MAX)
		return false;
	return supervision_check(&plan->supervision) && mappings_check(plan);
}
