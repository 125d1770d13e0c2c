/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the helper, before the drop and after it.
 * Reads: answers of sock_diag(7), written by the kernel.
 */
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "diag.h"

/* The kernel puts less into one message. */
#define PIECE 16384

/* A question, with what is looked for. */
struct search {
	const struct endpoint *wanted;
	uid_t own;
	uid_t *stranger;
	bool found;
};

int
diag_open(void)
{
	return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
}

/* sendmsg(2) and recvmsg(2): the helper has no other call for this. */
static bool
ask(int diag, int family, uint16_t port)
{
	struct {
		struct nlmsghdr header;
		struct inet_diag_req_v2 request;
	} question = {
	    .header = {.nlmsg_len = sizeof(question),
		.nlmsg_type = SOCK_DIAG_BY_FAMILY,
		.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
	    .request = {.sdiag_family = (uint8_t)family,
		.sdiag_protocol = IPPROTO_UDP,
		.idiag_states = ~0U,
		.id.idiag_sport = htons(port)},
	};
	struct iovec vector = {&question, sizeof(question)};
	struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};

	return sendmsg(diag, &message, 0) == (ssize_t)sizeof(question);
}

static ssize_t
receive(int diag, void *piece)
{
	struct iovec vector = {piece, PIECE};
	struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};

	return recvmsg(diag, &message, 0);
}

/* The kernel says so of sockets that are bound or listen. */
static bool
is_v6only(const struct nlmsghdr *header)
{
	const struct inet_diag_msg *m = NLMSG_DATA(header);
	const struct rtattr *a = (const void *)(m + 1);
	int left = (int)NLMSG_PAYLOAD(header, sizeof(*m));

	for (; RTA_OK(a, left); a = RTA_NEXT(a, left))
		if (a->rta_type == INET_DIAG_SKV6ONLY)
			return *(const uint8_t *)RTA_DATA(a) != 0;
	return false;
}

static struct endpoint
endpoint_of(const struct nlmsghdr *header)
{
	const struct inet_diag_msg *m = NLMSG_DATA(header);
	struct endpoint e = {.family = m->idiag_family,
	    .port = ntohs(m->id.idiag_sport),
	    .scope = m->id.idiag_if};

	memcpy(e.address, m->id.idiag_src,
	    e.family == AF_INET ? sizeof(struct in_addr) : sizeof(e.address));
	e.v6only = e.family == AF_INET6 && is_v6only(header);
	return e;
}

static void
consider(struct search *search, const struct nlmsghdr *header)
{
	const struct inet_diag_msg *m = NLMSG_DATA(header);
	const struct endpoint there = endpoint_of(header);

	if (m->idiag_uid == search->own || there.port != search->wanted->port ||
	    !endpoint_overlaps(&there, search->wanted))
		return;
	*search->stranger = m->idiag_uid;
	search->found = true;
}

/* False when the last answer was among those of this piece. */
static bool
take(struct search *search, const void *piece, ssize_t length)
{
	const struct nlmsghdr *header = piece;
	unsigned int left = (unsigned int)length;

	for (; NLMSG_OK(header, left); header = NLMSG_NEXT(header, left)) {
		if (header->nlmsg_type != SOCK_DIAG_BY_FAMILY)
			return false;
		consider(search, header);
	}
	return true;
}

static void
look(int diag, struct search *search, int family)
{
	char piece[PIECE] __attribute__((aligned(8)));
	ssize_t length;

	if (!ask(diag, family, search->wanted->port))
		return;
	do
		length = receive(diag, piece);
	while (length > 0 && take(search, piece, length));
}

bool
diag_find_stranger(int diag, uid_t own, const struct endpoint *wanted,
    uid_t *uid)
{
	struct search search = {.wanted = wanted, .own = own, .stranger = uid};

	look(diag, &search, AF_INET);
	look(diag, &search, AF_INET6);
	return search.found;
}
