/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the helper, before the drop (parking) and after it (leases).
 * Reads: what the kernel says of the pool's sockets.  Discards unread the data
 * that has come to them.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/uio.h>

#include "constants.h"
#include "socket.h"
#include "sockstate.h"

/* The port of the discard service (RFC 863). */
#define DISCARD 9

/* More datagrams than a queue has: those that keep coming do not hold the
 * helper up for ever. */
#define DRAIN_MAX (1 << 20)

/* More data than the largest datagram has. */
#define TOO_LONG UINT16_MAX

static bool
is_udp(int socket)
{
	return socket_option(socket, SOL_SOCKET, SO_PROTOCOL) == IPPROTO_UDP;
}

/* One of enum in netinet/tcp.h; TCP_CLOSE if the kernel does not say. */
static int
tcp_state(int socket)
{
	uint8_t state = TCP_CLOSE; /* the first byte of struct tcp_info */
	socklen_t size = sizeof(state);

	getsockopt(socket, IPPROTO_TCP, TCP_INFO, &state, &size);
	return state;
}

/* getpeername(2) knows no peer that has not answered yet. */
bool
sockstate_is_connected(int socket)
{
	struct sockaddr_storage peer;
	socklen_t length = sizeof(peer);
	int state;

	if (is_udp(socket))
		return getpeername(socket, (struct sockaddr *)&peer, &length) ==
		    0;
	state = tcp_state(socket);
	return state != TCP_CLOSE && state != TCP_LISTEN;
}

bool
sockstate_is_listening(int socket)
{
	return socket_option(socket, SOL_SOCKET, SO_ACCEPTCONN) != 0;
}

bool
sockstate_is_shut(int socket)
{
	struct pollfd end = {.fd = socket, .events = POLLRDHUP};

	return poll(&end, 1, 0) > 0 && (end.revents & POLLRDHUP) != 0;
}

bool
sockstate_disconnect(int socket)
{
	const struct sockaddr nowhere = {.sa_family = AF_UNSPEC};

	return connect(socket, &nowhere, sizeof(nowhere)) == 0;
}

static void
drain(int socket, int queue)
{
	struct msghdr nothing = {0};
	int left = DRAIN_MAX;

	while (left-- > 0 &&
	    (recvmsg(socket, &nothing, queue | MSG_DONTWAIT) >= 0 ||
		errno != EAGAIN))
		;
}

/* Errors wait there as well as datagrams. */
void
sockstate_discard(int socket)
{
	drain(socket, 0);
	drain(socket, MSG_ERRQUEUE);
}

struct endpoint
sockstate_harmless_peer(const struct endpoint *e)
{
	const struct in_addr ipv4 = {htonl(INADDR_LOOPBACK)};
	struct endpoint place = *e;

	if (endpoint_is_wildcard(e) && e->family == AF_INET)
		memcpy(place.address, &ipv4, sizeof(ipv4));
	else if (endpoint_is_wildcard(e))
		memcpy(place.address, &in6addr_loopback,
		    sizeof(in6addr_loopback));
	place.port = DISCARD;
	return place;
}

/*
 * Has the kernel hold data back for the next call (MSG_MORE).  If it is too
 * long, the kernel throws all away that is held back (udp_sendmsg).  Nothing is
 * sent. False if the socket was shut down for writing, which shows nowhere but
 * here.
 */
static bool
hold_back(int socket, const struct endpoint *peer, size_t length)
{
	static char zeros[TOO_LONG];
	struct iovec data = {zeros, length};
	struct sockaddr_storage address;
	const struct msghdr message = {.msg_name = &address,
	    .msg_namelen = endpoint_to_sockaddr(peer, &address),
	    .msg_iov = &data,
	    .msg_iovlen = 1};

	return sendmsg(socket, &message,
		   MSG_MORE | MSG_DONTWAIT | MSG_NOSIGNAL) >= 0 ||
	    errno != EPIPE;
}

/* Data that the last server held back (MSG_MORE, UDP_CORK) would go out before
 * the next one's, and to the wrong peer. */
static bool
renew_udp(int socket, const struct endpoint *e)
{
	const struct endpoint peer = sockstate_harmless_peer(e);
	bool open = !sockstate_is_shut(socket);

	hold_back(socket, &peer, TOO_LONG);
	open &= hold_back(socket, &peer, 1);
	hold_back(socket, &peer, TOO_LONG);
	sockstate_discard(socket);
	return open;
}

/* gVisor undoes listening, by shutdown(2), but no connection. */
static bool
renew_tcp(int socket)
{
	const bool listened = sockstate_is_listening(socket);

	if (listened)
		shutdown(socket, SHUT_RDWR);
	if (!sockstate_disconnect(socket) && !listened &&
	    tcp_state(socket) != TCP_CLOSE)
		return false;
	drain(socket, MSG_ERRQUEUE);
	return true;
}

/* Without a filter there is nothing to detach (ENOENT). */
static bool
detach(int socket, int name)
{
	const int ignored = 0;

	return setsockopt(socket, SOL_SOCKET, name, &ignored,
		   sizeof(ignored)) == 0 ||
	    errno != EPERM;
}

/* Only if there are any: setting them changes what TCP_MAXSEG shows. */
static void
clear_ip_options(int socket)
{
	uint8_t options[40]; /* the most that a header has room for */
	socklen_t size = sizeof(options);

	if (getsockopt(socket, IPPROTO_IP, IP_OPTIONS, options, &size) == 0 &&
	    size > 0)
		setsockopt(socket, IPPROTO_IP, IP_OPTIONS, NULL, 0);
}

/*
 * Options that nobody sees to differ (sockopt.h): they cannot be read, or not as
 * they were set.
 */
static const struct {
	int level, name;
	socklen_t size;
} unseen[] = {
    /* Turns off both forms: SO_TIMESTAMP does not show that of 32-bit programs. */
    {SOL_SOCKET, SO_TIMESTAMP, sizeof(int)},
    {IPPROTO_IPV6, IPV6_2292PKTOPTIONS, 0}, /* every header, as IPV6_RTHDR */
    {IPPROTO_IPV6, IPV6_PKTINFO, sizeof(struct in6_pktinfo)},
    {IPPROTO_IPV6, IPV6_MTU, sizeof(int)},
};

static void
clear_unseen(int socket, int family)
{
	static const struct in6_pktinfo zeros;
	size_t i;

	for (i = 0; i < sizeof(unseen) / sizeof(unseen[0]); i++)
		if (unseen[i].level != IPPROTO_IPV6 || family == AF_INET6)
			setsockopt(socket, unseen[i].level, unseen[i].name,
			    &zeros, unseen[i].size);
}

bool
sockstate_renew(int socket, const struct endpoint *e)
{
	const bool udp = is_udp(socket);
	bool renewed = udp ? renew_udp(socket, e) : renew_tcp(socket);

	/* SO_REUSEADDR as it was in the pool. */
	if (udp)
		socket_keep_alone(socket);
	else
		socket_let_share(socket);
	clear_ip_options(socket);
	clear_unseen(socket, e->family);
	/* Reading an error clears it. */
	socket_option(socket, SOL_SOCKET, SO_ERROR);
	renewed &= detach(socket, SO_DETACH_FILTER);
	renewed &= detach(socket, SO_DETACH_REUSEPORT_BPF);
	return renewed;
}

void
sockstate_end_connection(int socket)
{
	struct linger linger = {0};
	socklen_t size = sizeof(linger);

	getsockopt(socket, SOL_SOCKET, SO_LINGER, &linger, &size);
	if (linger.l_onoff == 0 || linger.l_linger != 0 ||
	    !sockstate_disconnect(socket))
		shutdown(socket, SHUT_RDWR);
}

enum sockstate_ending
sockstate_ending(int socket)
{
	switch (tcp_state(socket)) {
	case TCP_CLOSE:
	case TCP_SYN_SENT:
		return SOCKSTATE_ENDED;
	case TCP_FIN_WAIT2:
		return SOCKSTATE_DELIVERED;
	default:
		return SOCKSTATE_ENDING;
	}
}
