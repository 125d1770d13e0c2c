/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child, as the server's user, when a port is in use.
 * Reads: sock_diag(7), written by the kernel; names of processes.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <limits.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "holder.h"
#include "number.h"
#include "process.h"

/* Bits of idiag_states: states of include/net/tcp_states.h. */
#define STATE_CLOSED 7
#define STATE_LISTEN 10
#define STATE_BOUND  13 /* bound and inactive, Linux 6.8 */

/* How a UDP socket is parked (parking.h). */
#define DISCARD      9
#define NO_INTERFACE INT_MAX

/* What is done with each socket of an answer. */
struct dump {
	int protocol;
	uint32_t states; /* bits of STATE_ */
	uint16_t port;   /* 0: all */
	void (*visit)(const struct inet_diag_msg *, size_t, void *);
	void *argument;
};

struct search {
	const struct endpoint *wanted;
	int protocol;
	struct inet_diag_msg found;
	bool v6only;
	bool any;
};

static bool
ask(int netlink, const struct dump *dump, int family)
{
	struct {
		struct nlmsghdr header;
		struct inet_diag_req_v2 request;
	} message = {
	    .header = {.nlmsg_len = sizeof(message),
		.nlmsg_type = SOCK_DIAG_BY_FAMILY,
		.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
	    .request = {.sdiag_family = (uint8_t)family,
		.sdiag_protocol = (uint8_t)dump->protocol,
		.idiag_states = dump->states,
		.id.idiag_sport = htons(dump->port)},
	};

	return send(netlink, &message, sizeof(message), 0) ==
	    (ssize_t)sizeof(message);
}

/* Both families of TCP at once, as the older request has it: the kernel walks
 * its table of ports but once, which takes a millisecond or some. */
static bool
ask_both(int netlink, const struct dump *dump)
{
	struct {
		struct nlmsghdr header;
		struct inet_diag_req request;
	} message = {
	    .header = {.nlmsg_len = sizeof(message),
		.nlmsg_type = TCPDIAG_GETSOCK,
		.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
	    .request = {.idiag_states = dump->states,
		.id.idiag_sport = htons(dump->port)},
	};

	return send(netlink, &message, sizeof(message), 0) ==
	    (ssize_t)sizeof(message);
}

/* In the form of IPv6, where IPv4 is ::ffff:0:0/96. */
static struct in6_addr
as_ipv6(int family, const void *address)
{
	struct in6_addr wide = {{{0}}};

	if (family == AF_INET6) {
		memcpy(&wide, address, sizeof(wide));
	} else {
		memset(&wide.s6_addr[10], 0xff, 2);
		memcpy(&wide.s6_addr[12], address, 4);
	}
	return wide;
}

/* A [::] that is not of IPv6 alone has every address of IPv4 too. */
static bool
covers(const struct in6_addr *wide, bool v6only, const struct in6_addr *address)
{
	const struct in6_addr ipv4_any = {{{[10] = 0xff, [11] = 0xff}}};

	if (IN6_IS_ADDR_UNSPECIFIED(wide))
		return !v6only || !IN6_IS_ADDR_V4MAPPED(address);
	return IN6_ARE_ADDR_EQUAL(wide, address) ||
	    (IN6_ARE_ADDR_EQUAL(wide, &ipv4_any) &&
		IN6_IS_ADDR_V4MAPPED(address));
}

static bool
in_the_way(const struct endpoint *a, const struct endpoint *b)
{
	struct in6_addr first = as_ipv6(a->family, a->address);
	struct in6_addr second = as_ipv6(b->family, b->address);

	if (a->scope != 0 && b->scope != 0 && a->scope != b->scope)
		return false;
	return a->port == b->port &&
	    (covers(&first, a->v6only, &second) ||
		covers(&second, b->v6only, &first));
}

/* IPV6_V6ONLY is an attribute behind the message: Linux 4.3.  A connection has
 * none, and needs none. */
static bool
is_v6only(const struct inet_diag_msg *m, size_t length)
{
	const char *at = (const char *)m + NLMSG_ALIGN(sizeof(*m));
	const char *end = (const char *)m + length;
	const struct nlattr *attribute;

	while (at + NLA_HDRLEN < end) {
		attribute = (const void *)at;
		if (attribute->nla_len <= NLA_HDRLEN ||
		    attribute->nla_len > end - at)
			return false;
		if (attribute->nla_type == INET_DIAG_SKV6ONLY)
			return at[NLA_HDRLEN] != 0;
		at += NLA_ALIGN(attribute->nla_len);
	}
	return false;
}

static struct endpoint
endpoint_of(const struct inet_diag_msg *m, bool v6only)
{
	struct endpoint e = {.family = m->idiag_family,
	    .port = ntohs(m->id.idiag_sport),
	    .v6only = v6only};

	memcpy(e.address, m->id.idiag_src,
	    e.family == AF_INET6 ? sizeof(struct in6_addr)
				 : sizeof(struct in_addr));
	if (e.family == AF_INET6 &&
	    IN6_IS_ADDR_LINKLOCAL((const struct in6_addr *)m->id.idiag_src))
		e.scope = m->id.idiag_if;
	return e;
}

/* By lowport: to no interface, or to the discard port of its own address. */
static bool
is_parked(const struct inet_diag_msg *m)
{
	return m->id.idiag_if == NO_INTERFACE ||
	    (m->id.idiag_dport == htons(DISCARD) &&
		memcmp(m->id.idiag_src, m->id.idiag_dst,
		    sizeof(m->id.idiag_src)) == 0);
}

/* One that is closed and bound takes the datagrams of UDP, and of TCP
 * nothing. */
static enum holder_state
state_of(const struct inet_diag_msg *m, int protocol)
{
	if (protocol == IPPROTO_UDP && is_parked(m))
		return HOLDER_PARKED;
	switch (m->idiag_state) {
	case STATE_LISTEN:
		return HOLDER_LISTENS;
	case STATE_CLOSED:
	case STATE_BOUND:
		return protocol == IPPROTO_UDP ? HOLDER_LISTENS : HOLDER_BOUND;
	default:
		return HOLDER_CONNECTED;
	}
}

static void
consider(const struct inet_diag_msg *m, size_t length, void *argument)
{
	struct search *search = argument;
	const bool v6only = is_v6only(m, length);
	struct endpoint there = endpoint_of(m, v6only);

	/* Those that are bound only are reported whatever their port is. */
	if (!in_the_way(&there, search->wanted) ||
	    (search->any &&
		state_of(m, search->protocol) >=
		    state_of(&search->found, search->protocol)))
		return;
	search->found = *m;
	search->v6only = v6only;
	search->any = true;
}

/* Takes the answers of one message; false when the last one was among them. */
static bool
take(const struct dump *dump, const void *bytes, size_t length)
{
	const struct nlmsghdr *m = bytes;
	size_t at;

	for (at = 0; at + sizeof(*m) <= length;
	     at += NLMSG_ALIGN(m->nlmsg_len)) {
		m = (const void *)((const char *)bytes + at);
		if ((m->nlmsg_type != SOCK_DIAG_BY_FAMILY &&
			m->nlmsg_type != TCPDIAG_GETSOCK) ||
		    m->nlmsg_len > length - at ||
		    m->nlmsg_len < NLMSG_LENGTH(sizeof(struct inet_diag_msg)))
			return false;
		dump->visit(NLMSG_DATA(m), m->nlmsg_len - NLMSG_HDRLEN,
		    dump->argument);
	}
	return true;
}

static void
dump_sockets(const struct dump *dump, int family)
{
	char bytes[16384] __attribute__((aligned(8)));
	int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC,
	    NETLINK_SOCK_DIAG);
	ssize_t length;

	if (netlink < 0)
		return;
	if (family == AF_UNSPEC ? ask_both(netlink, dump)
				: ask(netlink, dump, family))
		do
			length = recv(netlink, bytes, sizeof(bytes), 0);
		while (length > 0 && take(dump, bytes, (size_t)length));
	close(netlink);
}

static void
read_name(pid_t pid, char name[HOLDER_NAME])
{
	if (process_text(pid, "comm", name, HOLDER_NAME) <= 0)
		strcpy(name, "?");
	name[strcspn(name, "\n")] = '\0';
}

bool
holder_find(struct holder *holder, const struct endpoint *wanted, int protocol)
{
	struct search search = {.wanted = wanted, .protocol = protocol};
	const struct dump dump = {protocol, ~0U, wanted->port, consider,
	    &search};
	struct process_descriptor at;

	/* Its own family first: of two alike, that one is in the way. */
	dump_sockets(&dump, wanted->family);
	dump_sockets(&dump, wanted->family == AF_INET ? AF_INET6 : AF_INET);
	if (!search.any)
		return false;
	*holder = (struct holder){.uid = search.found.idiag_uid,
	    .state = state_of(&search.found, protocol),
	    .endpoint = endpoint_of(&search.found, search.v6only)};
	/* A connection that nobody holds any more has no inode. */
	if (search.found.idiag_inode != 0 &&
	    process_find_anybody(search.found.idiag_inode, &at)) {
		holder->pid = at.pid;
		read_name(at.pid, holder->name);
	}
	return true;
}

/* Sockets of each variant of each port, less those the helper may have. */
struct census {
	const struct plan *plan;
	bool *shared;
	/* One port more, of a trial. */
	int surplus[(PLAN_PORTS_MAX + 1) * MAPPING_VARIANTS_MAX];
};

static unsigned int
expected_of(const struct plan *plan, const struct mapping *m,
    const struct mapping_variant *v)
{
	/* By descriptor, the helper has one a port, and that listens by now. */
	if (mapping_by_descriptor(m))
		return 0;
	return v->common ? plan->spares : 1;
}

/* Counts it where it may be the helper's; false where it cannot be. */
static bool
count_own(struct census *census, const struct endpoint *there, bool *shared)
{
	struct mapping_variant list[MAPPING_VARIANTS_MAX];
	int *surplus = census->surplus;
	const struct mapping *m = census->plan->mappings;
	const struct mapping *end = m + census->plan->mapping_count;
	size_t count, i, at;

	for (; m < end; m++, shared++) {
		at = (size_t)(there->port - m->public_port);
		count = m->protocol == IPPROTO_TCP && !mapping_inherited(m) &&
			there->port >= m->public_port && at < m->ports
		    ? mapping_variants(m, list)
		    : 0;
		for (i = 0; i < count; i++) {
			if (!endpoint_same_address(&list[i].endpoint, there))
				continue;
			if (++surplus[at * MAPPING_VARIANTS_MAX + i] >
			    (int)expected_of(census->plan, m, &list[i]))
				*shared = true;
			return true;
		}
		surplus += m->ports * MAPPING_VARIANTS_MAX;
	}
	return false;
}

static void
mark_shared(struct census *census, const struct endpoint *there)
{
	struct mapping_variant list[MAPPING_VARIANTS_MAX];
	const struct mapping *m;
	size_t count, i;
	uint32_t k;

	for (k = 0; k < census->plan->mapping_count; k++) {
		m = &census->plan->mappings[k];
		if (m->protocol != IPPROTO_TCP || mapping_inherited(m) ||
		    there->port < m->public_port ||
		    there->port - m->public_port >= (int)m->ports)
			continue;
		count = mapping_variants(m, list);
		for (i = 0; i < count; i++) {
			list[i].endpoint.port = there->port;
			if (in_the_way(&list[i].endpoint, there))
				census->shared[k] = true;
		}
	}
}

static void
take_census(const struct inet_diag_msg *m, size_t length, void *argument)
{
	struct census *census = argument;
	struct endpoint there = endpoint_of(m, is_v6only(m, length));

	if (m->idiag_state != STATE_CLOSED && m->idiag_state != STATE_BOUND)
		return;
	if (!count_own(census, &there, census->shared))
		mark_shared(census, &there);
}

void
holder_find_rivals(const struct plan *plan, bool shared[PLAN_MAPPINGS_MAX])
{
	static struct census census;
	const struct dump dump = {IPPROTO_TCP, 1U << STATE_BOUND, 0,
	    take_census, &census};
	bool tcp = false;
	uint32_t i;

	memset(&census, 0, sizeof(census));
	census.plan = plan;
	census.shared = shared;
	memset(shared, 0, PLAN_MAPPINGS_MAX * sizeof(*shared));
	for (i = 0; i < plan->mapping_count; i++)
		tcp |= plan->mappings[i].protocol == IPPROTO_TCP &&
		    !mapping_inherited(&plan->mappings[i]);
	if (tcp)
		dump_sockets(&dump, AF_UNSPEC);
}

/* By its name: the helper of another lowport does not show its descriptors. */
bool
holder_find_lowport(struct holder *holder)
{
	DIR *directory = opendir("/proc");
	const struct dirent *entry;
	char name[HOLDER_NAME] = "";
	bool found = false;
	unsigned long pid = 0;

	while (directory != NULL && !found &&
	    (entry = readdir(directory)) != NULL) {
		if (!number_parse(&pid, entry->d_name, 1, INT_MAX) ||
		    (pid_t)pid == getpid() || (pid_t)pid == getppid())
			continue;
		read_name((pid_t)pid, name);
		found = strcmp(name, "lowport") == 0;
	}
	if (directory != NULL)
		closedir(directory);
	if (!found)
		return false;
	holder->pid = (pid_t)pid;
	strcpy(holder->name, name);
	return true;
}
