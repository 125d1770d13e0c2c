/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the helper, before the drop and after it; the child, as the server's
 * user.
 * Reads: answers of sock_diag(7), written by the kernel.
 */
#include <linux/inet_diag.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "diag.h"

int
diag_open(void)
{
	return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
}

/* By sendmsg(2): the confined helper has no other call for this. */
static bool
send_request(int diag, uint16_t type, void *request, size_t size)
{
	struct nlmsghdr header = {.nlmsg_len = (uint32_t)NLMSG_LENGTH(size),
	    .nlmsg_type = type,
	    .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP};
	struct iovec vector[] = {{&header, NLMSG_HDRLEN}, {request, size}};
	struct msghdr message = {.msg_iov = vector, .msg_iovlen = 2};

	return sendmsg(diag, &message, 0) == (ssize_t)header.nlmsg_len;
}

void
diag_ask(struct diag_answer *answer, int diag, const struct diag_query *query)
{
	struct inet_diag_req_v2 one = {.sdiag_family = (uint8_t)query->family,
	    .sdiag_protocol = (uint8_t)query->protocol,
	    .idiag_states = query->states,
	    .id.idiag_sport = htons(query->port)};
	struct inet_diag_req both = {.idiag_states = query->states,
	    .id.idiag_sport = htons(query->port)};
	const bool asked = query->family == AF_UNSPEC
	    ? send_request(diag, TCPDIAG_GETSOCK, &both, sizeof(both))
	    : send_request(diag, SOCK_DIAG_BY_FAMILY, &one, sizeof(one));

	answer->diag = asked ? diag : -1;
	answer->left = 0;
}

/* By recvmsg(2), likewise. */
static bool
receive(struct diag_answer *answer)
{
	struct iovec vector = {answer->piece, sizeof(answer->piece)};
	struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
	ssize_t length = recvmsg(answer->diag, &message, 0);

	answer->next = (const void *)answer->piece;
	answer->left = length > 0 ? (unsigned int)length : 0;
	return NLMSG_OK(answer->next, answer->left);
}

/* Linux 4.3 has this attribute of sockets that are bound or listen. */
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
endpoint_of(const struct inet_diag_msg *m, const void *address, uint16_t port)
{
	struct endpoint e = {.family = m->idiag_family, .port = ntohs(port)};

	memcpy(e.address, address,
	    e.family == AF_INET ? sizeof(struct in_addr) : sizeof(e.address));
	if (e.family == AF_INET6 &&
	    IN6_IS_ADDR_LINKLOCAL((const struct in6_addr *)address))
		e.scope = m->id.idiag_if;
	return e;
}

static struct diag_socket
socket_of(const struct nlmsghdr *header)
{
	const struct inet_diag_msg *m = NLMSG_DATA(header);
	struct diag_socket s = {
	    .local = endpoint_of(m, m->id.idiag_src, m->id.idiag_sport),
	    .peer = endpoint_of(m, m->id.idiag_dst, m->id.idiag_dport),
	    .interface = m->id.idiag_if,
	    .state = m->idiag_state,
	    .uid = m->idiag_uid,
	    .inode = m->idiag_inode,
	};

	s.local.v6only = s.local.family == AF_INET6 && is_v6only(header);
	return s;
}

bool
diag_next(struct diag_answer *answer, struct diag_socket *socket)
{
	const struct nlmsghdr *header;

	if (!NLMSG_OK(answer->next, answer->left) && !receive(answer))
		return false;
	header = answer->next;
	/* NLMSG_DONE or NLMSG_ERROR. */
	if ((header->nlmsg_type != SOCK_DIAG_BY_FAMILY &&
		header->nlmsg_type != TCPDIAG_GETSOCK) ||
	    header->nlmsg_len < NLMSG_LENGTH(sizeof(struct inet_diag_msg)))
		return false;
	*socket = socket_of(header);
	answer->next = NLMSG_NEXT(header, answer->left);
	return true;
}

bool
diag_find_stranger(int diag, uid_t own, const struct endpoint *wanted,
    uid_t *uid)
{
	struct diag_query query = {.protocol = IPPROTO_UDP,
	    .states = ~0U,
	    .port = wanted->port};
	static const int families[] = {AF_INET, AF_INET6};
	struct diag_answer answer;
	struct diag_socket s;
	bool found = false;
	size_t i;

	for (i = 0; i < 2; i++) {
		query.family = families[i];
		diag_ask(&answer, diag, &query);
		while (diag_next(&answer, &s))
			if (s.uid != own && s.local.port == wanted->port &&
			    endpoint_overlaps(&s.local, wanted)) {
				*uid = s.uid;
				found = true;
			}
	}
	return found;
}
