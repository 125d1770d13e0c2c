/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child, as the server's user, when a port is in use.
 * Reads: sock_diag(7), written by the kernel; names of processes.
 */
#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "holder.h"
#include "process.h"

/* Bits of idiag_states: states of include/net/tcp_states.h. */
#define STATE_CLOSED 7
#define STATE_LISTEN 10
#define STATE_BOUND  13 /* bound and inactive, Linux 6.8 */

struct search {
	const struct endpoint *wanted;
	int protocol;
	struct inet_diag_msg found;
	bool any;
};

static bool
ask(int netlink, const struct search *search, int family)
{
	struct {
		struct nlmsghdr header;
		struct inet_diag_req_v2 request;
	} message = {
	    .header = {.nlmsg_len = sizeof(message),
		.nlmsg_type = SOCK_DIAG_BY_FAMILY,
		.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
	    .request = {.sdiag_family = (uint8_t)family,
		.sdiag_protocol = (uint8_t)search->protocol,
		.idiag_states = ~0U,
		.id.idiag_sport = htons(search->wanted->port)},
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

static bool
covers(const struct in6_addr *wide, const struct in6_addr *address)
{
	const struct in6_addr ipv4_any = {{{[10] = 0xff, [11] = 0xff}}};

	return IN6_IS_ADDR_UNSPECIFIED(wide) ||
	    IN6_ARE_ADDR_EQUAL(wide, address) ||
	    (IN6_ARE_ADDR_EQUAL(wide, &ipv4_any) &&
		IN6_IS_ADDR_V4MAPPED(address));
}

/* One that is closed and bound takes the datagrams of UDP, and of TCP
 * nothing. */
static enum holder_state
state_of(const struct inet_diag_msg *m, int protocol)
{
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
consider(struct search *search, const struct inet_diag_msg *m)
{
	struct in6_addr there = as_ipv6(m->idiag_family, m->id.idiag_src);
	struct in6_addr here = as_ipv6(search->wanted->family,
	    search->wanted->address);

	/* Those that are bound only are told whatever their port is. */
	if (ntohs(m->id.idiag_sport) != search->wanted->port)
		return;
	if (!covers(&there, &here) && !covers(&here, &there))
		return;
	if (search->any &&
	    state_of(m, search->protocol) >=
		state_of(&search->found, search->protocol))
		return;
	search->found = *m;
	search->any = true;
}

/* Takes the answers of one message; false when the last one was among them. */
static bool
take(struct search *search, const void *bytes, size_t length)
{
	const struct nlmsghdr *m = bytes;
	size_t at;

	for (at = 0; at + sizeof(*m) <= length;
	     at += NLMSG_ALIGN(m->nlmsg_len)) {
		m = (const void *)((const char *)bytes + at);
		if (m->nlmsg_type != SOCK_DIAG_BY_FAMILY ||
		    m->nlmsg_len > length - at)
			return false;
		consider(search, NLMSG_DATA(m));
	}
	return true;
}

static void
dump(struct search *search, int family)
{
	char bytes[16384] __attribute__((aligned(8)));
	int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC,
	    NETLINK_SOCK_DIAG);
	ssize_t length;

	if (netlink < 0)
		return;
	if (ask(netlink, search, family))
		do
			length = recv(netlink, bytes, sizeof(bytes), 0);
		while (length > 0 && take(search, bytes, (size_t)length));
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
	struct process_descriptor at;

	/* Its own family first: a [::] of IPv6 alone is not in the way. */
	dump(&search, wanted->family);
	if (!search.any)
		dump(&search, wanted->family == AF_INET ? AF_INET6 : AF_INET);
	if (!search.any)
		return false;
	*holder = (struct holder){.uid = search.found.idiag_uid,
	    .state = state_of(&search.found, protocol)};
	/* A connection that nobody holds any more has no inode. */
	if (search.found.idiag_inode != 0 &&
	    process_find_holder(search.found.idiag_inode, &at) ==
		PROCESS_HOLDS) {
		holder->pid = at.pid;
		read_name(at.pid, holder->name);
	}
	return true;
}
