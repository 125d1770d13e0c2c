/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the helper, before the drop (the pool) and after it (letting a bind
 * through); the child (the trial, inherited sockets, the library's socket).
 * Reads: endpoints of a checked plan, or that a server asked for.
 */
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "constants.h"
#include "socket.h"

/* The port of the discard service (RFC 863). */
#define DISCARD 9

/* More datagrams than a queue has, so that no other can be had for ever. */
#define DRAIN_MAX (1 << 20)

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* Nothing is sent yet, and nothing waits. */
#define HOLD_BACK (MSG_MORE | MSG_DONTWAIT | MSG_NOSIGNAL)

/* The index of an interface that no host has. */
#define NO_INTERFACE INT_MAX

static bool
set_on(int socket, int level, int name)
{
	const int on = 1;

	return setsockopt(socket, level, name, &on, sizeof(on)) == 0;
}

/* The default of IPV6_V6ONLY is a sysctl (ipv6(7), bindv6only): set it. */
static bool
set_v6only(int socket, const struct endpoint *e)
{
	const int value = e->v6only;

	return e->family != AF_INET6 ||
	    setsockopt(socket, IPPROTO_IPV6, IPV6_V6ONLY, &value,
		sizeof(value)) == 0;
}

static int
open_plain(const struct endpoint *e, int protocol)
{
	const int type = protocol == IPPROTO_UDP ? SOCK_DGRAM : SOCK_STREAM;
	int fd = socket(e->family, type | SOCK_CLOEXEC, protocol);

	if (fd < 0 || set_v6only(fd, e))
		return fd;
	close(fd);
	return -1;
}

int
socket_open(const struct endpoint *e, int protocol)
{
	int fd = open_plain(e, protocol);

	if (fd < 0 || set_on(fd, SOL_SOCKET, SO_REUSEADDR))
		return fd;
	close(fd);
	return -1;
}

int
socket_bind_bytes(int socket, const void *address, socklen_t length)
{
	return bind(socket, address, length);
}

int
socket_bind(int socket, const struct endpoint *e)
{
	struct sockaddr_storage storage;
	socklen_t length = endpoint_to_sockaddr(e, &storage);

	return socket_bind_bytes(socket, &storage, length);
}

void
socket_keep_alone(int socket)
{
	const int off = 0;

	setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &off, sizeof(off));
}

int
socket_bind_alone(int socket, const struct endpoint *e)
{
	int status, error;

	socket_keep_alone(socket);
	status = socket_bind(socket, e);
	error = errno;
	set_on(socket, SOL_SOCKET, SO_REUSEADDR);
	errno = error;
	return status;
}

bool
socket_endpoint(int socket, struct endpoint *e)
{
	struct sockaddr_storage storage;
	socklen_t length = sizeof(storage);

	return getsockname(socket, (struct sockaddr *)&storage, &length) == 0 &&
	    endpoint_from_sockaddr(e, &storage, length);
}

ino_t
socket_inode(int socket)
{
	struct stat status;

	return fstat(socket, &status) == 0 ? status.st_ino : 0;
}

uint64_t
socket_network(int socket)
{
	uint64_t cookie = 0;
	socklen_t size = sizeof(cookie);

	getsockopt(socket, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size);
	return cookie;
}

int
socket_option(int socket, int level, int name)
{
	int value = 0;
	socklen_t size = sizeof(value);

	return getsockopt(socket, level, name, &value, &size) == 0 ? value : 0;
}

static bool
is_udp(int socket)
{
	return socket_option(socket, SOL_SOCKET, SO_PROTOCOL) == IPPROTO_UDP;
}

/* Its state, of enum in netinet/tcp.h; that of a closed one where it cannot be
 * had. */
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
socket_is_connected(int socket)
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
socket_is_listening(int socket)
{
	return socket_option(socket, SOL_SOCKET, SO_ACCEPTCONN) != 0;
}

bool
socket_is_shut(int socket)
{
	struct pollfd end = {.fd = socket, .events = POLLRDHUP};

	return poll(&end, 1, 0) > 0 && (end.revents & POLLRDHUP) != 0;
}

bool
socket_is_free(const struct endpoint *e, int protocol)
{
	int fd = open_plain(e, protocol), error;
	bool bound;

	if (fd < 0)
		return false;
	bound = socket_bind(fd, e) == 0;
	error = errno;
	close(fd);
	errno = error;
	return bound;
}

/* Where what is bound to the endpoint is connected to. */
static struct endpoint
parking_place(const struct endpoint *e)
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

static bool
park_connected(int socket, const struct endpoint *e)
{
	struct endpoint place = parking_place(e);
	struct sockaddr_storage storage;
	socklen_t length = endpoint_to_sockaddr(&place, &storage);

	return connect(socket, (struct sockaddr *)&storage, length) == 0;
}

/* gVisor takes the option for nothing: see whether it is there. */
static bool
park_aside(int socket)
{
	const int none = NO_INTERFACE;

	return setsockopt(socket, SOL_SOCKET, SO_BINDTOIFINDEX, &none,
		   sizeof(none)) == 0 &&
	    socket_option(socket, SOL_SOCKET, SO_BINDTOIFINDEX) == none;
}

static bool
disconnect(int socket)
{
	const struct sockaddr nowhere = {.sa_family = AF_UNSPEC};

	return connect(socket, &nowhere, sizeof(nowhere)) == 0;
}

/* The interface or the peer its server gave it may be in the way. */
static bool
park(int socket, const struct endpoint *e, bool aside)
{
	return (aside &&
		   (park_aside(socket) ||
		       (disconnect(socket) && park_aside(socket)))) ||
	    park_connected(socket, e) ||
	    (disconnect(socket) && park_connected(socket, e));
}

bool
socket_park(int socket, const struct endpoint *e)
{
	return park(socket, e, e->family == AF_INET6);
}

bool
socket_park_otherwise(int socket, const struct endpoint *e)
{
	return e->family == AF_INET6 ? park_connected(socket, e)
				     : park_aside(socket);
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
socket_discard(int socket)
{
	drain(socket, 0);
	drain(socket, MSG_ERRQUEUE);
}

bool
socket_unpark(int socket)
{
	socket_discard(socket);
	return disconnect(socket);
}

/* A piece that is larger than any datagram has the kernel throw away what is
 * held back for it (udp_sendmsg). */
static void
discard_held(int socket, struct msghdr *message)
{
	static char piece[4096];
	struct iovec pieces[UINT16_MAX / sizeof(piece) + 1];
	size_t i;

	for (i = 0; i < LENGTH(pieces); i++)
		pieces[i] = (struct iovec){piece, sizeof(piece)};
	pieces[LENGTH(pieces) - 1].iov_len--;
	message->msg_iov = pieces;
	message->msg_iovlen = LENGTH(pieces);
	sendmsg(socket, message, HOLD_BACK);
}

/* Holds a byte back, and throws it away: nothing is sent. */
static bool
can_write(int socket, struct msghdr *message)
{
	char byte = 0;
	struct iovec vector = {&byte, sizeof(byte)};
	bool can;

	message->msg_iov = &vector;
	message->msg_iovlen = 1;
	can = sendmsg(socket, message, HOLD_BACK) >= 0 || errno != EPIPE;
	discard_held(socket, message);
	return can;
}

/* Data that the last server has held back (MSG_MORE, UDP_CORK) would go out before
 * the next one's, and to the wrong peer. */
static bool
renew_udp(int socket, const struct endpoint *e)
{
	struct endpoint place = parking_place(e);
	struct sockaddr_storage address;
	struct msghdr message = {.msg_name = &address,
	    .msg_namelen = endpoint_to_sockaddr(&place, &address)};
	bool open = !socket_is_shut(socket);

	disconnect(socket);
	discard_held(socket, &message);
	open &= can_write(socket, &message);
	socket_discard(socket);
	return open;
}

/* gVisor undoes listening, by shutdown(2), but no connection. */
static bool
renew_tcp(int socket)
{
	const bool listened = socket_is_listening(socket);

	if (listened)
		shutdown(socket, SHUT_RDWR);
	if (!disconnect(socket) && !listened && tcp_state(socket) != TCP_CLOSE)
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

bool
socket_renew(int socket, const struct endpoint *e)
{
	bool renewed = is_udp(socket) ? renew_udp(socket, e)
				      : renew_tcp(socket);

	/* An error that waits is taken by reading it. */
	socket_option(socket, SOL_SOCKET, SO_ERROR);
	renewed &= detach(socket, SO_DETACH_FILTER);
	renewed &= detach(socket, SO_DETACH_REUSEPORT_BPF);
	return renewed;
}

void
socket_finish(int socket)
{
	struct linger linger = {0};
	socklen_t size = sizeof(linger);

	getsockopt(socket, SOL_SOCKET, SO_LINGER, &linger, &size);
	if (linger.l_onoff == 0 || linger.l_linger != 0 || !disconnect(socket))
		shutdown(socket, SHUT_RDWR);
}

enum socket_end
socket_end(int socket)
{
	switch (tcp_state(socket)) {
	case TCP_CLOSE:
	case TCP_SYN_SENT:
		return SOCKET_ENDED;
	case TCP_FIN_WAIT2:
		return SOCKET_DELIVERED;
	default:
		return SOCKET_ENDING;
	}
}
