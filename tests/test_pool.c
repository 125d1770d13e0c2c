/* SPDX-License-Identifier: ISC */
/*
 * What the kernel must do for the pool to work, one claim a test, and what the
 * pool makes of it.  Ports here are high: who may bind them is not the matter.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "clock.h"
#include "constants.h"
#include "lease.h"
#include "mapping_text.h"
#include "parking.h"
#include "pool.h"
#include "privilege.h"
#include "socket.h"
#include "sockstate.h"
#include "unit.h"

#define PORT        20443 /* public */
#define SERVER_PORT 28443

/* ---- Sockets without a pool: what the kernel does */

static struct endpoint
endpoint_of(const char *address, bool v6only)
{
	struct endpoint e = {.family = AF_INET, .port = PORT, .v6only = v6only};

	if (inet_pton(AF_INET, address, e.address) == 1)
		return e;
	e.family = AF_INET6;
	ck_assert_int_eq(inet_pton(AF_INET6, address, e.address), 1);
	return e;
}

static int
socket_bound(const char *address, bool v6only)
{
	struct endpoint e = endpoint_of(address, v6only);
	int fd = socket_open(&e, IPPROTO_TCP);

	ck_assert_msg(fd >= 0, "%s: %m", address);
	ck_assert_msg(socket_bind(fd, &e) == 0, "%s: %m", address);
	return fd;
}

/* Returns 0 or why listen(2) failed. */
static int
try_listen(int fd)
{
	return listen(fd, 8) == 0 ? 0 : errno;
}

static int
connect_to(const char *address, int *error)
{
	struct endpoint e = endpoint_of(address, false);
	struct sockaddr_storage storage;
	socklen_t length = endpoint_to_sockaddr(&e, &storage);
	int fd = socket(e.family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	*error = connect(fd, (struct sockaddr *)&storage, length) == 0 ? 0
								       : errno;
	return fd;
}

/* Returns 0 or why connect(2) failed. */
static int
try_connect(const char *address)
{
	int error;

	close(connect_to(address, &error));
	return error;
}

static void
set_reuseport(int fd)
{
	const int on = 1;

	ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on,
			     sizeof(on)),
	    0);
}

/* A connection made to one end arrives at this listener. */
static void
assert_serves(int listener, const char *address)
{
	int error, client = connect_to(address, &error), accepted;
	char byte = 'x';

	ck_assert_int_eq(error, 0);
	accepted = accept(listener, NULL, NULL);
	ck_assert_int_ge(accepted, 0);
	ck_assert_int_eq(write(client, "y", 1), 1);
	ck_assert_int_eq(read(accepted, &byte, 1), 1);
	ck_assert_int_eq(byte, 'y');
	ck_assert_int_eq(write(accepted, "z", 1), 1);
	ck_assert_int_eq(read(client, &byte, 1), 1);
	ck_assert_int_eq(byte, 'z');
	close(client);
	close(accepted);
}

static void
setup(void)
{
	struct endpoint e = endpoint_of("::1", true);
	int fd = socket_open(&e, IPPROTO_TCP);

	/* A helper after its drop is as ordinary as its server. */
	unit_become_ordinary();
	ck_assert_msg(fd >= 0 && socket_bind(fd, &e) == 0,
	    "these tests need IPv6 on the loopback interface, and port %d: %m",
	    PORT);
	close(fd);
	ck_assert_int_eq(try_connect("127.0.0.1"), ECONNREFUSED);
	ck_assert_int_eq(try_connect("::1"), ECONNREFUSED);
}

START_TEST(overlapping_addresses_are_bound_at_once)
{
	static const struct {
		const char *address;
		bool v6only;
	} rows[] = {{"0.0.0.0", false}, {"::ffff:0.0.0.0", false},
	    {"::", false}, {"::", true}, {"127.0.0.1", false},
	    {"::ffff:127.0.0.1", false}, {"::1", false}, {"127.0.0.2", false}};
	size_t i, round;

	for (round = 0; round < 3; round++)
		for (i = 0; i < LENGTH(rows); i++)
			socket_bound(rows[i].address, rows[i].v6only);
}
END_TEST

/* Without it, not even two: it is what makes a pool possible. */
START_TEST(reuseaddr_is_needed)
{
	struct endpoint e = endpoint_of("0.0.0.0", false);
	int fd, off = 0;

	socket_bound("0.0.0.0", false);
	close(socket_bound("0.0.0.0", false));
	fd = socket_open(&e, IPPROTO_TCP);
	ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &off,
			     sizeof(off)),
	    0);
	ck_assert_int_eq(socket_bind(fd, &e), -1);
	ck_assert_int_eq(errno, EADDRINUSE);
}
END_TEST

START_TEST(second_listen_conflicts)
{
	int first = socket_bound("0.0.0.0", false);
	int second = socket_bound("0.0.0.0", false);
	int specific = socket_bound("127.0.0.1", false);
	int dual = socket_bound("::", false);

	ck_assert_int_eq(try_listen(first), 0);
	ck_assert_int_eq(try_listen(second), EADDRINUSE);
	ck_assert_int_eq(try_listen(specific), EADDRINUSE);
	ck_assert_int_eq(try_listen(dual), EADDRINUSE);
	assert_serves(first, "127.0.0.1");
	close(first);
	ck_assert_int_eq(try_listen(second), 0);
}
END_TEST

/* Hence no bind of a port that listens already: the plan is refused. */
START_TEST(bind_conflicts_with_a_listener)
{
	struct endpoint e = endpoint_of("127.0.0.1", false);
	int listener = socket_bound("0.0.0.0", false), fd;

	fd = socket_open(&e, IPPROTO_TCP);
	ck_assert_int_eq(socket_bind(fd, &e), 0);
	close(fd);
	ck_assert_int_eq(try_listen(listener), 0);
	fd = socket_open(&e, IPPROTO_TCP);
	ck_assert_int_eq(socket_bind(fd, &e), -1);
	ck_assert_int_eq(errno, EADDRINUSE);
}
END_TEST

/* Hence a variant for each. */
START_TEST(v6only_cannot_change_after_bind)
{
	struct endpoint e = endpoint_of("::", false);
	int fd = socket_open(&e, IPPROTO_TCP), on = 1;

	ck_assert_int_eq(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on,
			     sizeof(on)),
	    0);
	fd = socket_bound("::", false);
	ck_assert_int_eq(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on,
			     sizeof(on)),
	    -1);
	ck_assert_int_eq(errno, EINVAL);
}
END_TEST

START_TEST(reuseport_after_bind_lets_two_listen)
{
	int first = socket_bound("0.0.0.0", false);
	int second = socket_bound("0.0.0.0", false);
	int third = socket_bound("0.0.0.0", false);

	set_reuseport(first);
	set_reuseport(second);
	ck_assert_int_eq(try_listen(first), 0);
	ck_assert_int_eq(try_listen(second), 0);
	ck_assert_int_eq(try_listen(third), EADDRINUSE);
}
END_TEST

/* And both get connections. */
START_TEST(reuseport_shares_connections)
{
	int fds[2] = {socket_bound("0.0.0.0", false),
	    socket_bound("0.0.0.0", false)};
	int accepted[2] = {0, 0}, i, error;

	for (i = 0; i < 2; i++) {
		set_reuseport(fds[i]);
		fcntl(fds[i], F_SETFL, O_NONBLOCK);
		ck_assert_int_eq(listen(fds[i], 64), 0);
	}
	for (i = 0; i < 64; i++) {
		connect_to("127.0.0.1", &error);
		ck_assert_int_eq(error, 0);
	}
	for (i = 0; i < 2; i++)
		while (accept(fds[i], NULL, NULL) >= 0)
			accepted[i]++;
	ck_assert_int_eq(accepted[0] + accepted[1], 64);
	ck_assert_int_gt(accepted[0], 0);
	ck_assert_int_gt(accepted[1], 0);
}
END_TEST

START_TEST(ipv4_and_ipv6_listen_side_by_side)
{
	int four = socket_bound("0.0.0.0", false);
	int six = socket_bound("::", true), dual = socket_bound("::", false);

	ck_assert_int_eq(try_listen(four), 0);
	ck_assert_int_eq(try_listen(six), 0);
	ck_assert_int_eq(try_listen(dual), EADDRINUSE);
	assert_serves(four, "127.0.0.1");
	assert_serves(six, "::1");
}
END_TEST

START_TEST(a_dual_socket_serves_both)
{
	int dual = socket_bound("::", false), six = socket_bound("::", true);

	ck_assert_int_eq(try_listen(six), 0);
	ck_assert_int_eq(try_connect("127.0.0.1"), ECONNREFUSED);
	close(six);
	ck_assert_int_eq(try_listen(dual), 0);
	assert_serves(dual, "127.0.0.1");
	assert_serves(dual, "::1");
}
END_TEST

/* A spare takes no client away from whoever listens, and leaves none hanging.
 */
START_TEST(bound_socket_refuses_clients)
{
	int listener = socket_bound("127.0.0.1", false);

	socket_bound("0.0.0.0", false);
	socket_bound("::", false);
	ck_assert_int_eq(try_listen(listener), 0);
	assert_serves(listener, "127.0.0.1");
	ck_assert_int_eq(try_connect("::1"), ECONNREFUSED);
	close(listener);
	ck_assert_int_eq(try_connect("127.0.0.1"), ECONNREFUSED);
	ck_assert_int_eq(try_connect("::1"), ECONNREFUSED);
}
END_TEST

static bool
renew(int fd, const char *address)
{
	struct endpoint e = endpoint_of(address, false);

	return sockstate_renew(fd, &e);
}

START_TEST(renewing_keeps_the_binding)
{
	int fd = socket_bound("0.0.0.0", false);
	struct endpoint e;

	ck_assert_int_eq(try_listen(fd), 0);
	assert_serves(fd, "127.0.0.1");
	ck_assert(renew(fd, "0.0.0.0"));
	ck_assert_int_eq(try_connect("127.0.0.1"), ECONNREFUSED);
	ck_assert(socket_endpoint(fd, &e));
	ck_assert_uint_eq(e.port, PORT);
	ck_assert_int_eq(try_listen(fd), 0);
	assert_serves(fd, "127.0.0.1");
}
END_TEST

START_TEST(renewing_resets_who_waits)
{
	int fd = socket_bound("0.0.0.0", false), error, client;
	char byte;

	ck_assert_int_eq(try_listen(fd), 0);
	client = connect_to("127.0.0.1", &error);
	ck_assert_int_eq(error, 0);
	ck_assert(renew(fd, "0.0.0.0"));
	ck_assert_int_eq(read(client, &byte, 1), -1);
	ck_assert_int_eq(errno, ECONNRESET);
	/* And nobody is in the queue of the next listener. */
	ck_assert_int_eq(try_listen(fd), 0);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	ck_assert_int_eq(accept(fd, NULL, NULL), -1);
	ck_assert_int_eq(errno, EAGAIN);
}
END_TEST

/* A server may bind and never listen: what it leaves must be as good. */
START_TEST(renewing_what_never_listened_harms_nothing)
{
	int fd = socket_bound("0.0.0.0", false);

	ck_assert(renew(fd, "0.0.0.0"));
	ck_assert(renew(fd, "0.0.0.0"));
	ck_assert_int_eq(try_listen(fd), 0);
	assert_serves(fd, "127.0.0.1");
}
END_TEST

/* ---- What a server may leave in a socket of TCP */

/* A peer of its own, at a port of its own. */
static int
peer_listen(uint16_t *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	    .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, length), 0);
	ck_assert_int_eq(listen(fd, 8), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &length),
	    0);
	*port = ntohs(address.sin_port);
	return fd;
}

/* Returns 0 or why connect(2) failed. */
static int
connect_out(int fd, uint16_t port)
{
	const struct sockaddr_in address = {.sin_family = AF_INET,
	    .sin_port = htons(port),
	    .sin_addr = {htonl(INADDR_LOOPBACK)}};

	return connect(fd, (const struct sockaddr *)&address,
		   sizeof(address)) == 0
	    ? 0
	    : errno;
}

/* Connects to a peer, which is returned. */
static int
connect_peer(int fd)
{
	uint16_t port;
	int listener = peer_listen(&port), peer;

	ck_assert_int_eq(connect_out(fd, port), 0);
	peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	ck_assert_int_ge(peer, 0);
	close(listener);
	return peer;
}

static void
leave_connected(int fd)
{
	connect_peer(fd);
}

static void
leave_unread(int fd)
{
	ck_assert_int_eq(write(connect_peer(fd), "old", 3), 3);
}

static void
leave_unsent(int fd)
{
	const int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_CORK, &on, sizeof(on));
	connect_peer(fd);
	ck_assert_int_eq(write(fd, "old", 3), 3);
}

static void
leave_closed_by_peer(int fd)
{
	close(connect_peer(fd));
}

static void
leave_reset(int fd)
{
	const struct linger none = {1, 0};
	int peer = connect_peer(fd);

	setsockopt(peer, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
	close(peer);
}

static void
leave_refused(int fd)
{
	uint16_t port;

	close(peer_listen(&port));
	fcntl(fd, F_SETFL, O_NONBLOCK);
	ck_assert_int_ne(connect_out(fd, port), 0);
}

/* A queue that is full answers no more. */
static void
leave_connecting(int fd)
{
	uint16_t port;
	int full = peer_listen(&port), i, client;

	ck_assert_int_eq(listen(full, 0), 0);
	for (i = 0; i < 4; i++) {
		client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		connect_out(client, port);
	}
	fcntl(fd, F_SETFL, O_NONBLOCK);
	ck_assert_int_eq(connect_out(fd, port), EINPROGRESS);
	ck_assert(sockstate_is_connected(fd));
}

static void
leave_shut_for_reading(int fd)
{
	shutdown(fd, SHUT_RD);
}

static void
leave_shut_for_writing(int fd)
{
	shutdown(fd, SHUT_WR);
}

static void
leave_shut_connected(int fd)
{
	connect_peer(fd);
	ck_assert_int_eq(shutdown(fd, SHUT_RDWR), 0);
}

static void
leave_client_waiting(int fd)
{
	int error;

	ck_assert_int_eq(try_listen(fd), 0);
	connect_to("127.0.0.1", &error);
	ck_assert_int_eq(error, 0);
}

static void
leave_filtered(int fd)
{
	struct sock_filter drop_all[] = {BPF_STMT(BPF_RET | BPF_K, 0)};
	const struct sock_fprog program = {1, drop_all};

	/* Newer kernels want CAP_NET_RAW for that on a socket of TCP. */
	ck_assert_msg(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program,
			  sizeof(program)) == 0 ||
		(errno == EPERM &&
		    socket_option(fd, SOL_SOCKET, SO_TYPE) == SOCK_STREAM),
	    "%m");
}

static void (*const leavings[])(int) = {leave_connected, leave_unread,
    leave_unsent, leave_closed_by_peer, leave_reset, leave_refused,
    leave_connecting, leave_shut_for_reading, leave_shut_for_writing,
    leave_shut_connected, leave_client_waiting, leave_filtered};

/* It listens and serves, and it connects, as a new one does. */
START_TEST(whatever_is_left_in_it_a_socket_is_made_new)
{
	int fd = socket_bound("0.0.0.0", false), peer, error = 0;
	socklen_t size = sizeof(error);
	char byte;

	leavings[_i](fd);
	ck_assert(renew(fd, "0.0.0.0"));
	ck_assert(!sockstate_is_connected(fd));
	ck_assert_int_eq(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size),
	    0);
	ck_assert_int_eq(error, 0);
	fcntl(fd, F_SETFL, 0);
	peer = connect_peer(fd);
	ck_assert_int_eq(write(peer, "n", 1), 1);
	ck_assert_int_eq(read(fd, &byte, 1), 1);
	ck_assert_int_eq(byte, 'n');
	error = 0;
	setsockopt(fd, IPPROTO_TCP, TCP_CORK, &error, sizeof(error));
	ck_assert_int_eq(write(fd, "m", 1), 1);
	ck_assert_int_eq(read(peer, &byte, 1), 1);
	ck_assert_int_eq(byte, 'm');
	ck_assert(renew(fd, "0.0.0.0"));
	ck_assert_int_eq(try_listen(fd), 0);
	assert_serves(fd, "127.0.0.1");
}
END_TEST

/* All that was written arrives, and then the end, as by the last close(2). */
START_TEST(a_connection_is_finished_in_order)
{
	int fd = socket_bound("0.0.0.0", false), peer = connect_peer(fd);
	char bytes[8];

	ck_assert(sockstate_is_connected(fd));
	ck_assert_int_eq(sockstate_ending(fd), SOCKSTATE_ENDING);
	ck_assert_int_eq(write(fd, "last", 4), 4);
	sockstate_end_connection(fd);
	ck_assert_int_eq(read(peer, bytes, sizeof(bytes)), 4);
	ck_assert_int_eq(read(peer, bytes, sizeof(bytes)), 0);
	close(peer);
	ck_assert_int_eq(sockstate_ending(fd), SOCKSTATE_ENDED);
	ck_assert(!sockstate_is_connected(fd));
}
END_TEST

START_TEST(a_connection_is_reset_where_its_server_wants_that)
{
	const struct linger none = {1, 0};
	int fd = socket_bound("0.0.0.0", false), peer = connect_peer(fd);
	char byte;

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
	sockstate_end_connection(fd);
	ck_assert_int_eq(read(peer, &byte, 1), -1);
	ck_assert_int_eq(errno, ECONNRESET);
	ck_assert_int_eq(sockstate_ending(fd), SOCKSTATE_ENDED);
}
END_TEST

/* ---- UDP without a pool */

/* Of IPv6, an address that is not the loopback's (tests/sandbox). */
#define OTHER "fd00::9"

static int
datagram_socket(const char *address, uint16_t port)
{
	struct endpoint e = endpoint_of(address, false);
	int fd;

	e.port = port;
	fd = socket_open(&e, IPPROTO_UDP);
	ck_assert_msg(fd >= 0 && socket_bind(fd, &e) == 0, "%s: %m", address);
	return fd;
}

static int
datagram_socket_at(const struct endpoint *e)
{
	int fd = socket_open(e, IPPROTO_UDP);

	ck_assert_msg(fd >= 0 && socket_bind(fd, e) == 0, "%m");
	return fd;
}

/* Sends to the public port of an address, from a socket there. */
static void
send_to(int from, const char *address, char byte)
{
	struct endpoint e = endpoint_of(address, false);
	struct sockaddr_storage storage;
	socklen_t length = endpoint_to_sockaddr(&e, &storage);

	ck_assert_msg(sendto(from, &byte, 1, 0, (struct sockaddr *)&storage,
			  length) == 1 ||
		errno == ECONNREFUSED,
	    "%s: %m", address);
}

/* What has come, or 0. */
static char
received(int fd)
{
	char byte = 0;

	return recv(fd, &byte, 1, MSG_DONTWAIT) == 1 ? byte : 0;
}

/* Parked, it takes nothing; then all again, whoever sends, also when its server
 * had bound it to an interface. */
START_TEST(parking_is_undone)
{
	static const struct {
		const char *bound;
		const char *sent[3]; /* to there, from there */
	} rows[] = {{"0.0.0.0", {"127.0.0.1", "127.0.0.9"}},
	    {"127.0.0.1", {"127.0.0.1"}}, {"::", {"::1", OTHER, "127.0.0.9"}},
	    {"::1", {"::1"}}, {OTHER, {OTHER}},
	    {"::ffff:127.0.0.1", {"127.0.0.1"}}};
	const struct endpoint e = endpoint_of(rows[_i].bound, false);
	int fd = datagram_socket(rows[_i].bound, PORT), from, round;
	const char *const *sent;

	for (round = 0; round < 3; round++) {
		ck_assert(parking_begin(fd, &e));
		for (sent = rows[_i].sent; *sent != NULL; sent++) {
			from = datagram_socket(*sent, 0);
			send_to(from, *sent, 'p');
			ck_assert_int_eq(received(fd), 0);
			close(from);
		}
		ck_assert(parking_end(fd));
		for (sent = rows[_i].sent; *sent != NULL; sent++) {
			from = datagram_socket(*sent, 0);
			send_to(from, *sent, 'u');
			ck_assert_msg(received(fd) == 'u', "from %s", *sent);
			close(from);
		}
		if (round == 1)
			ck_assert_int_eq(setsockopt(fd, SOL_SOCKET,
					     SO_BINDTODEVICE, "lo", 2),
			    0);
	}
	ck_assert_int_eq(socket_option(fd, SOL_SOCKET, SO_BINDTOIFINDEX), 0);
}
END_TEST

/* What came before, and errors it has kept, are not the next server's. */
START_TEST(unpark_discards_what_has_come)
{
	const struct endpoint e = endpoint_of("127.0.0.1", false);
	int fd = datagram_socket("127.0.0.1", PORT), on = 1;
	int client = datagram_socket("127.0.0.1", 0);
	struct sockaddr_storage peer;
	socklen_t length = sizeof(peer);
	struct msghdr nothing = {0};

	ck_assert_int_eq(setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on,
			     sizeof(on)),
	    0);
	ck_assert_int_eq(getsockname(client, (struct sockaddr *)&peer, &length),
	    0);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&peer, length), 0);
	send_to(client, "127.0.0.1", 'o');
	close(client);
	ck_assert_int_eq(send(fd, "x", 1, 0), 1); /* to nobody */
	ck_assert(parking_begin(fd, &e));
	ck_assert(parking_end(fd));
	ck_assert_int_eq(received(fd), 0);
	ck_assert_int_eq(errno, EAGAIN);
	ck_assert_int_eq(recvmsg(fd, &nothing, MSG_ERRQUEUE | MSG_DONTWAIT),
	    -1);
	ck_assert_int_eq(errno, EAGAIN);
	client = datagram_socket("127.0.0.1", 0);
	send_to(client, "127.0.0.1", 'n');
	ck_assert_int_eq(received(fd), 'n');
}
END_TEST

/* Where the test network's addresses are, and the client that knew the last
 * server. */
struct datagram_case {
	const char *address;
	int old, other; /* clients */
};

static void
connect_client(int fd, int client)
{
	struct sockaddr_storage peer;
	socklen_t length = sizeof(peer);

	ck_assert_int_eq(getsockname(client, (struct sockaddr *)&peer, &length),
	    0);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&peer, length), 0);
}

static void
leave_held_back(int fd, const struct datagram_case *c)
{
	struct sockaddr_storage peer;
	socklen_t length = sizeof(peer);

	getsockname(c->old, (struct sockaddr *)&peer, &length);
	ck_assert_int_eq(sendto(fd, "old", 3, MSG_MORE,
			     (struct sockaddr *)&peer, length),
	    3);
}

static void
leave_datagrams(int fd, const struct datagram_case *c)
{
	(void)fd;
	send_to(c->old, c->address, 'o');
	send_to(c->old, c->address, 'o');
}

static void
leave_error(int fd, const struct datagram_case *c)
{
	int gone = datagram_socket(c->address, 0);
	const int on = 1;

	setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof(on));
	setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof(on));
	connect_client(fd, gone);
	close(gone);
	ck_assert_int_eq(send(fd, "x", 1, 0), 1);
}

static void
leave_client(int fd, const struct datagram_case *c)
{
	connect_client(fd, c->old);
	send_to(c->old, c->address, 'o');
}

static void
leave_datagram_filter(int fd, const struct datagram_case *c)
{
	(void)c;
	leave_filtered(fd);
}

static void (*const datagram_leavings[])(int,
    const struct datagram_case *) = {leave_held_back, leave_datagrams,
    leave_error, leave_client, leave_datagram_filter};

#define DATAGRAM_LEAVINGS                                                      \
	((int)(sizeof(datagram_leavings) / sizeof(datagram_leavings[0])))

/* By IPv6, one that was connected hears one peer alone (parking.h). */
START_TEST(whatever_is_left_in_it_a_datagram_socket_is_made_new)
{
	static const char *const addresses[] = {"127.0.0.1", OTHER};
	const char *address = addresses[_i / DATAGRAM_LEAVINGS];
	struct datagram_case c = {address, datagram_socket(address, 0),
	    datagram_socket(address, 0)};
	int fd = datagram_socket(address, PORT);
	struct endpoint e = endpoint_of(address, false);
	char bytes[8];

	datagram_leavings[_i % DATAGRAM_LEAVINGS](fd, &c);
	ck_assert(sockstate_renew(fd, &e));
	ck_assert(!sockstate_is_connected(fd));
	/* Nothing was sent to make it so. */
	ck_assert_int_eq(received(c.old), 0);
	ck_assert_int_eq(received(fd), 0);
	ck_assert_int_eq(errno, EAGAIN);
	connect_client(fd, c.other);
	send_to(c.old, address, 'o');
	send_to(c.other, address, 'n');
	ck_assert_int_eq(received(fd), 'n');
	ck_assert_int_eq(send(fd, "new", 3, 0), 3);
	ck_assert_int_eq(recv(c.other, bytes, sizeof(bytes), MSG_DONTWAIT), 3);
	ck_assert_int_eq(memcmp(bytes, "new", 3), 0);
	ck_assert_int_eq(received(c.old), 0);
}
END_TEST

START_TEST(a_locked_filter_cannot_be_undone)
{
	int fd = datagram_socket("127.0.0.1", PORT);
	const int on = 1;

	leave_filtered(fd);
	ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &on,
			     sizeof(on)),
	    0);
	ck_assert(!renew(fd, "127.0.0.1"));
}
END_TEST

START_TEST(a_datagram_socket_that_was_shut_down_is_not_new)
{
	static const int hows[] = {SHUT_RD, SHUT_WR, SHUT_RDWR};
	static const char *const addresses[] = {"127.0.0.1", OTHER};
	const char *address = addresses[_i / 3];
	struct endpoint e = endpoint_of(address, false);
	int fd = datagram_socket(address, PORT);

	/* The control. */
	ck_assert(sockstate_renew(fd, &e));
	shutdown(fd, hows[_i % 3]);
	ck_assert(!sockstate_renew(fd, &e));
}
END_TEST

/* Whether another may bind there, who sets SO_REUSEADDR, at an interface or at
 * none.  The user is the same one: the kernel asks for him nowhere here. */
static bool
can_bind_beside(const char *address, const char *interface)
{
	struct endpoint e = endpoint_of(address, true);
	int fd = socket_open(&e, IPPROTO_UDP);
	bool bound;

	ck_assert(interface == NULL ||
	    setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface,
		(socklen_t)strlen(interface)) == 0);
	bound = socket_bind(fd, &e) == 0;
	close(fd);
	return bound;
}

/* Either way of parking alone has a gap, and both have none but the last. */
START_TEST(parked_both_ways_nobody_binds_beside)
{
	static const struct {
		const char *any, *own, *other;
	} families[] = {{"0.0.0.0", "127.0.0.1", "127.0.0.5"},
	    {"::", "::1", OTHER}};
	const char *const any = families[_i].any;
	const char *const own = families[_i].own;
	const char *const other = families[_i].other;
	struct endpoint e = endpoint_of(any, true);
	int parked = datagram_socket_at(&e), guard = datagram_socket_at(&e);

	ck_assert(parking_begin(parked, &e));
	ck_assert(parking_begin_guard(guard, &e));
	/* The control: with the option, anybody can. */
	ck_assert(can_bind_beside(any, NULL));
	socket_keep_alone(parked);
	socket_keep_alone(guard);
	ck_assert(!can_bind_beside(any, NULL));
	ck_assert(!can_bind_beside(any, "lo"));
	ck_assert(!can_bind_beside(own, NULL));
	ck_assert(!can_bind_beside(own, "lo"));
	ck_assert(!can_bind_beside(other, NULL));
	/* That is what sock_diag(7) is asked for. */
	ck_assert(can_bind_beside(other, "lo"));
	close(guard);
	ck_assert(
	    can_bind_beside(_i == 0 ? other : any, _i == 0 ? NULL : "lo"));
}
END_TEST

/* ---- The pool */

static struct pool pool;
static struct plan plan;

/* The policy permits everything: whether it helps, bind(2) decides. */
static bool
fill(struct answer *answer)
{
	bool granted[PLAN_MAPPINGS_MAX];

	memset(granted, true, sizeof(granted));
	memset(&pool, 0, sizeof(pool));
	memset(answer, 0, sizeof(*answer));
	return pool_fill(&pool, &plan, granted, answer);
}

/* Asserts that this mapping has failed so, at the public port. */
static void
assert_result(const struct answer *answer, size_t mapping, enum outcome outcome,
    int error)
{
	const struct result *result = &answer->results[mapping];

	ck_assert_uint_eq(result->outcome, outcome);
	ck_assert_int_eq(result->error, error);
	if (outcome != OUTCOME_READY)
		ck_assert_uint_eq(result->endpoint.port,
		    plan.mappings[mapping].public_port);
}

/* How many sockets the mapping has in the pool. */
static unsigned int
sockets_of(size_t mapping)
{
	unsigned int count = 0;
	size_t i;

	for (i = 0; i < pool.count; i++)
		if (pool.variants[i].mapping == mapping)
			count += pool.variants[i].count;
	return count;
}

static void
plan_map(const char *text)
{
	char why[REASON_TEXT];

	ck_assert(mapping_parse(&plan.mappings[plan.mapping_count++],
	    (char[MAPPING_NAME]){0}, text, why));
}

static void
pool_of(unsigned int spares, const char *mapping)
{
	struct answer answer;
	char text[ENDPOINT_TEXT];

	plan.spares = spares;
	plan_map(mapping);
	ck_assert_msg(fill(&answer), "%s: %s",
	    endpoint_format(&answer.results[0].endpoint, text),
	    strerror(answer.results[0].error));
	assert_result(&answer, 0, OUTCOME_READY, 0);
}

/* Whether some socket is out that may come back. */
static bool
lease_wants_refresh(struct pool *of)
{
	of->refresh_at = of->listening_at = 0;
	return lease_due(of) >= 0;
}

static struct pool_variant *
find(const char *address, bool v6only)
{
	struct endpoint asked = endpoint_of(address, v6only);

	asked.port = SERVER_PORT;
	return pool_find(&pool, &asked, IPPROTO_TCP);
}

static struct pool_socket *
pick(struct pool_variant *v, bool reuseport)
{
	struct pool_socket *picked = lease_pick(v, reuseport);

	ck_assert_ptr_nonnull(picked);
	return picked;
}

/* What a server of another process does with what it has been given. */
struct server {
	pid_t pid;
	int leash;
};

enum conduct {
	BINDS,
	LISTENS,
	HIDES, /* listens, and lets nobody look at it (PR_SET_DUMPABLE) */
	HIDES_UNHEARD, /* the same, but does not listen */
};

static _Noreturn void
server_run(int socket, enum conduct conduct, int ready, int leash)
{
	char error;

	dup2(socket, 3);
	dup2(ready, 4);
	dup2(leash, 5);
	close_range(6, ~0U, 0);
	error = (char)(conduct == BINDS || conduct == HIDES_UNHEARD
		? 0
		: try_listen(3));
	if (conduct == HIDES || conduct == HIDES_UNHEARD)
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (write(4, &error, 1) != 1 || read(5, &error, 1) != 0)
		_exit(99);
	_exit(EXIT_SUCCESS);
}

/* Hands a socket out as handoff.c does.  The server has it at descriptor 3. */
static struct server
server_take(struct pool_socket *socket, enum conduct conduct)
{
	int ready[2], leash[2];
	struct server server;
	int delivery = -1;
	char error;

	ck_assert_int_eq(pipe(ready), 0);
	ck_assert_int_eq(pipe(leash), 0);
	/* Beyond what the server overwrites. */
	ready[1] = fcntl(ready[1], F_DUPFD, 10);
	leash[0] = fcntl(leash[0], F_DUPFD, 10);
	server.pid = fork();
	ck_assert_int_ge(server.pid, 0);
	if (server.pid == 0)
		server_run(socket->fd, conduct, ready[1], leash[0]);
	ck_assert_int_eq(read(ready[0], &error, 1), 1);
	ck_assert_int_eq(error, 0);
	lease_commit(&pool, socket, (struct process_descriptor){server.pid, 3},
	    &delivery);
	close(ready[0]);
	close(ready[1]);
	close(leash[0]);
	server.leash = leash[1];
	return server;
}

static void
server_end(struct server server)
{
	close(server.leash);
	ck_assert(unit_exited(unit_wait(server.pid), EXIT_SUCCESS));
}

static struct server
server_start(struct pool_variant *v)
{
	lease_refresh(&pool, 1);
	return server_take(pick(v, false), LISTENS);
}

START_TEST(fills_each_variant)
{
	int before = unit_descriptors();

	pool_of(4, "20443:28443");
	ck_assert_uint_eq(pool.count, MAPPING_VARIANTS_MAX);
	ck_assert_uint_eq(pool_size(&plan), 6 * 4 + 1);
	ck_assert_int_eq(unit_descriptors(), before + 6 * 4 + 1);
}
END_TEST

START_TEST(finds_the_variant_alone)
{
	static const struct {
		const char *address;
		bool v6only;
	} covered[] = {{"0.0.0.0", false}, {"::ffff:0.0.0.0", false},
	    {"127.0.0.1", false}, {"::ffff:127.0.0.1", true}, {"::", false},
	    {"::", true}, {"::1", false}, {"::1", true}};
	struct pool_variant *v;
	struct endpoint bound;
	size_t i;

	pool_of(1, "20443:28443");
	for (i = 0; i < LENGTH(covered); i++) {
		v = find(covered[i].address, covered[i].v6only);
		ck_assert_ptr_nonnull(v);
		ck_assert(socket_endpoint(v->sockets[0].fd, &bound));
		ck_assert_uint_eq(bound.port, PORT);
		bound.v6only = socket_option(v->sockets[0].fd, IPPROTO_IPV6,
		    IPV6_V6ONLY);
		ck_assert(endpoint_same_address(&bound, &v->endpoint));
	}
	ck_assert_ptr_null(find("127.0.0.2", false));
	ck_assert_ptr_null(find("192.0.2.7", false));
	ck_assert_ptr_null(find("2001:db8::7", false));
}
END_TEST

START_TEST(one_address_covers_no_other)
{
	pool_of(1, "127.0.0.1:20443:28443");
	ck_assert_ptr_nonnull(find("127.0.0.1", false));
	ck_assert_ptr_nonnull(find("::ffff:127.0.0.1", false));
	ck_assert_ptr_null(find("0.0.0.0", false));
	ck_assert_ptr_null(find("::", false));
	ck_assert_ptr_null(find("::1", false));
}
END_TEST

START_TEST(expects_the_server_port_alone)
{
	pool_of(1, "20443:28443");
	ck_assert(pool_expects(&pool, SERVER_PORT));
	ck_assert(!pool_expects(&pool, PORT));
	ck_assert(!pool_expects(&pool, 0));
}
END_TEST

START_TEST(two_mappings_keep_apart)
{
	struct endpoint asked = endpoint_of("0.0.0.0", false);

	plan_map("20444:28444");
	pool_of(1, "20443:28443");
	ck_assert_uint_eq(find("0.0.0.0", false)->mapping, 1);
	ck_assert_uint_eq(find("0.0.0.0", false)->endpoint.port, PORT);
	asked.port = 28444;
	ck_assert_uint_eq(pool_find(&pool, &asked, IPPROTO_TCP)->mapping, 0);
	ck_assert_uint_eq(pool_find(&pool, &asked, IPPROTO_TCP)->endpoint.port,
	    20444);
}
END_TEST

/* Reported as it is, and no socket left behind of the variant. */
START_TEST(port_in_use_is_reported)
{
	int listener = socket_bound("0.0.0.0", false), before;
	struct answer answer;

	plan.spares = 4;
	plan_map("20443:28443");
	ck_assert_int_eq(try_listen(listener), 0);
	before = unit_descriptors();
	ck_assert(!fill(&answer));
	assert_result(&answer, 0, OUTCOME_NOT_BOUND, EADDRINUSE);
	ck_assert_int_eq(unit_descriptors(), before);
	ck_assert_uint_eq(sockets_of(0), 0);
	close(listener);
	ck_assert(fill(&answer));
	ck_assert_uint_eq(pool.count, MAPPING_VARIANTS_MAX);
}
END_TEST

/* True when no socket at all is bound to the port, listening or not.  (One that
 * tests connect to is not free: TIME_WAIT.) */
static bool
port_is_free(uint16_t port)
{
	struct endpoint e = endpoint_of("::", false);
	int fd = socket_open(&e, IPPROTO_TCP), off = 0, status;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &off,
			     sizeof(off)),
	    0);
	e.port = port;
	status = socket_bind(fd, &e);
	close(fd);
	return status == 0;
}

/* The mappings that can be had are, beside the one that cannot. */
/* Another who sets SO_REUSEADDR, too, and does not listen. */
START_TEST(a_tcp_port_that_is_shared_is_reported)
{
	static const struct {
		const char *mapping, *other;
		bool v6only, crowded;
	} rows[] = {
	    {"20555:28443", NULL, false, false},
	    {"20555:28443", "0.0.0.0", false, true},
	    {"20555:28443", "127.0.0.1", false, true},
	    {"20555:28443", "::", false, true},
	    {"20555:28443", "::", true, true},
	    {"20555:28443", "::1", false, true},
	    {"127.0.0.1:20555:28443", "127.0.0.2", false, false},
	    {"127.0.0.1:20555:28443", "0.0.0.0", false, true},
	    {"[::]:20555:28443", "0.0.0.0", false, true},
	    {"[::1]:20555:28443", "0.0.0.0", false, false},
	    {"20555:28443/udp", "0.0.0.0", false, false},
	};
	struct answer answer;

	/* A port that has no old connections of other tests. */
	if (rows[_i].other != NULL) {
		struct endpoint e = endpoint_of(rows[_i].other,
		    rows[_i].v6only);

		e.port = 20555;
		ck_assert_int_eq(socket_bind(socket_open(&e, IPPROTO_TCP), &e),
		    0);
	}
	plan.spares = 2;
	plan_map(rows[_i].mapping);
	ck_assert(fill(&answer));
	ck_assert_uint_eq(answer.results[0].crowded, rows[_i].crowded);
}
END_TEST

START_TEST(failure_to_bind_leaves_nothing_of_its_mapping)
{
	int listener = socket_bound("127.0.0.1", false), before;
	struct answer answer;

	plan.spares = 2;
	plan_map("20444:28444");
	plan_map("20443:28443");
	plan_map("20445:28445");
	ck_assert_int_eq(try_listen(listener), 0);
	before = unit_descriptors();
	ck_assert(!fill(&answer));
	assert_result(&answer, 0, OUTCOME_READY, 0);
	assert_result(&answer, 1, OUTCOME_NOT_BOUND, EADDRINUSE);
	assert_result(&answer, 2, OUTCOME_READY, 0);
	ck_assert_uint_eq(sockets_of(0), pool_size(&plan) / 3);
	ck_assert_uint_eq(sockets_of(1), 0);
	ck_assert_uint_eq(sockets_of(2), pool_size(&plan) / 3);
	ck_assert_int_eq(unit_descriptors(),
	    before + (int)(sockets_of(0) + sockets_of(2)));
	close(listener);
	ck_assert(!port_is_free(20444));
	ck_assert(!port_is_free(20445));
}
END_TEST

/* Also where the one that cannot be had is one to do without; and the hand-offs
 * have their descriptors. */
START_TEST(failure_to_open_leaves_nothing_of_its_mapping)
{
	struct answer answer;
	struct rlimit all, few;
	int before = unit_descriptors(), next = dup(STDERR_FILENO), had;

	plan.spares = 2;
	plan_map("20446:28443");
	plan_map("20447:28444");
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &all), 0);
	close(next);
	few = all;
	few.rlim_cur = (rlim_t)(next + _i);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	ck_assert(!fill(&answer));
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &all), 0);
	had = unit_descriptors();
	assert_result(&answer, 1, OUTCOME_NO_SOCKET, EMFILE);
	ck_assert_uint_eq(sockets_of(1), 0);
	ck_assert(port_is_free(20447));
	ck_assert_int_eq(had, before + (int)sockets_of(0));
	if (answer.results[0].outcome == OUTCOME_READY)
		ck_assert_uint_eq(sockets_of(0), pool_size(&plan) / 2);
	else
		assert_result(&answer, 0, OUTCOME_NO_SOCKET, EMFILE);
	ck_assert_uint_eq(port_is_free(20446), sockets_of(0) == 0);
}
END_TEST

/* ---- What the host lacks */

static void
assert_count(const char *address, bool v6only, unsigned int count)
{
	struct endpoint e = endpoint_of(address, v6only);
	struct pool_variant *v = pool.variants, *end = v + pool.count;

	for (; v < end; v++)
		if (endpoint_same_address(&v->endpoint, &e))
			break;
	ck_assert_msg(v < end, "%s", address);
	ck_assert_msg(v->count == count, "%s: %u", address, v->count);
	ck_assert_msg((find(address, v6only) != NULL) == (count > 0), "%s",
	    address);
}

static void
set_loopback(unsigned long what, struct ifreq request)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	strcpy(request.ifr_name, "lo");
	ck_assert_int_eq(ioctl(fd, what, &request), 0);
	close(fd);
}

/* Enters a network namespace where lo has no address.  (Before it was up once,
 * the kernel has no table of addresses, and lets any be bound.) */
static bool
lose_loopback(void)
{
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
		return false;
	set_loopback(SIOCSIFFLAGS, (struct ifreq){.ifr_flags = IFF_UP});
	set_loopback(SIOCSIFADDR,
	    (struct ifreq){.ifr_addr = {.sa_family = AF_INET}});
	set_loopback(SIOCSIFFLAGS, (struct ifreq){.ifr_flags = 0});
	return true;
}

START_TEST(does_without_loopback_addresses)
{
	int before;

	UNIT_NEEDS(lose_loopback(), "no user namespaces here");
	before = unit_descriptors();
	pool_of(3, "20443:28443");
	ck_assert_uint_eq(pool.count, MAPPING_VARIANTS_MAX);
	assert_count("0.0.0.0", false, 3);
	assert_count("::", false, 3);
	assert_count("::", true, 3);
	assert_count("::ffff:0.0.0.0", false, 1);
	assert_count("127.0.0.1", false, 0);
	assert_count("::ffff:127.0.0.1", false, 0);
	assert_count("::1", false, 0);
	ck_assert_int_eq(unit_descriptors(), before + 3 * 3 + 1);
	/* The walks over all variants pass over them. */
	ck_assert(pool_expects(&pool, SERVER_PORT));
	ck_assert(!lease_wants_refresh(&pool));
	lease_refresh(&pool, 1);
}
END_TEST

START_TEST(needs_the_address_that_was_named)
{
	static const char *const mappings[] = {"127.0.0.1:20443:28443",
	    "[::1]:20443:28443"};
	struct answer answer;
	int before;

	UNIT_NEEDS(lose_loopback(), "no user namespaces here");
	plan.spares = 1;
	plan_map(mappings[_i]);
	before = unit_descriptors();
	ck_assert(!fill(&answer));
	assert_result(&answer, 0, OUTCOME_NOT_BOUND, EADDRNOTAVAIL);
	ck_assert_int_eq(unit_descriptors(), before);
}
END_TEST

/* From here on, this call fails where an argument has this value. */
static void
deny(int call, int argument, int value, int error)
{
	const struct sock_filter code[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 3),
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		offsetof(struct seccomp_data, args) +
		    argument * sizeof(uint64_t)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {LENGTH(code),
	    (struct sock_filter *)code};

	ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	ck_assert_int_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program),
	    0);
}

/* As of a kernel with ipv6.disable=1. */
static void
lose_ipv6(void)
{
	deny(SYS_socket, 0, AF_INET6, EAFNOSUPPORT);
	ck_assert_int_eq(socket(AF_INET6, SOCK_STREAM, 0), -1);
	ck_assert_int_eq(errno, EAFNOSUPPORT);
}

START_TEST(does_without_ipv6)
{
	struct server server;
	int before;

	lose_ipv6();
	before = unit_descriptors();
	pool_of(3, "20443:28443");
	assert_count("0.0.0.0", false, 3);
	assert_count("127.0.0.1", false, 3);
	assert_count("::", false, 0);
	assert_count("::", true, 0);
	assert_count("::1", false, 0);
	assert_count("::ffff:0.0.0.0", false, 0);
	assert_count("::ffff:127.0.0.1", false, 0);
	ck_assert_int_eq(unit_descriptors(), before + 3 + 3);
	server = server_start(find("0.0.0.0", false));
	ck_assert_int_eq(try_connect("127.0.0.1"), 0);
	server_end(server);
}
END_TEST

START_TEST(needs_ipv6_where_it_was_named)
{
	struct answer answer;
	int before;

	lose_ipv6();
	plan.spares = 1;
	plan_map("[::]:20443:28443");
	before = unit_descriptors();
	ck_assert(!fill(&answer));
	assert_result(&answer, 0, OUTCOME_NO_SOCKET, EAFNOSUPPORT);
	ck_assert_int_eq(unit_descriptors(), before);
}
END_TEST

/* A network of its own, in which this process holds the capability; root or
 * not, it is in the permitted set alone, as in the helper. */
static bool
have_own_network(void)
{
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
		return false;
	set_loopback(SIOCSIFFLAGS, (struct ifreq){.ifr_flags = IFF_UP});
	privilege_lower();
	return true;
}

/* Bound by the capability, where that is granted; as anybody could, elsewhere. */
START_TEST(grants_decide_what_the_capability_is_used_for)
{
	bool granted[PLAN_MAPPINGS_MAX] = {[1] = true};
	struct answer answer = {0};

	UNIT_NEEDS(have_own_network(), "no user namespaces here");
	plan.spares = 2;
	plan_map("443:8443");
	plan_map("80:8080");
	plan_map("20443:28443");
	ck_assert(!pool_fill(&pool, &plan, granted, &answer));
	assert_result(&answer, 0, OUTCOME_DENIED, EACCES);
	assert_result(&answer, 1, OUTCOME_READY, 0);
	assert_result(&answer, 2, OUTCOME_READY, 0);
	ck_assert_uint_eq(sockets_of(0), 0);
	ck_assert_uint_gt(sockets_of(1), 0);
	ck_assert_uint_gt(sockets_of(2), 0);
	/* And nothing is left effective. */
	memset(&pool, 0, sizeof(pool));
	memset(&answer, 0, sizeof(answer));
	ck_assert(!pool_fill(&pool, &plan, (bool[PLAN_MAPPINGS_MAX]){false},
	    &answer));
	assert_result(&answer, 0, OUTCOME_DENIED, EACCES);
	memset(&pool, 0, sizeof(pool));
	memset(&answer, 0, sizeof(answer));
	granted[0] = true;
	ck_assert(pool_fill(&pool, &plan, granted, &answer));
}
END_TEST

/* Without the capability, a grant is of no use. */
START_TEST(a_grant_is_no_capability)
{
	bool granted[PLAN_MAPPINGS_MAX] = {true};
	struct answer answer = {0};

	unit_become_ordinary();
	plan.spares = 1;
	plan_map("443:8443");
	ck_assert(!pool_fill(&pool, &plan, granted, &answer));
	assert_result(&answer, 0, OUTCOME_NOT_BOUND, EACCES);
}
END_TEST

/* ---- Sockets of a service manager's. */

START_TEST(inherits_bound_sockets_of_the_protocol)
{
	struct endpoint e = endpoint_of("127.0.0.1", false), asked;
	struct answer answer;
	struct pool_variant *v;
	int fd, udp = socket_open(&e, IPPROTO_UDP), i;
	int unbound = socket_open(&e, IPPROTO_TCP);

	plan.spares = 1;
	plan_map("20444:28444");
	plan.mappings[1] = plan.mappings[0];
	plan.mappings[1].public_port = 0;
	plan.mappings[1].server_port = SERVER_PORT;
	plan.mapping_count = 2;
	ck_assert(fill(&answer));
	asked = endpoint_of("0.0.0.0", false);
	asked.port = SERVER_PORT;
	ck_assert_ptr_null(pool_find(&pool, &asked, IPPROTO_TCP));
	fd = socket_bound("127.0.0.1", false);
	ck_assert(!pool_inherit(&pool, &plan, 0, fd));
	ck_assert(!pool_inherit(&pool, &plan, 2, fd));
	ck_assert(!pool_inherit(&pool, &plan, 1, udp));
	ck_assert(!pool_inherit(&pool, &plan, 1, unbound));
	ck_assert(!pool_inherit(&pool, &plan, 1, STDERR_FILENO));
	ck_assert(pool_inherit(&pool, &plan, 1, fd));
	/* For any address of its family, again and again. */
	v = pool_find(&pool, &asked, IPPROTO_TCP);
	ck_assert_ptr_nonnull(v);
	for (i = 0; i < 3; i++) {
		struct pool_socket *picked = pick(v, false);

		ck_assert_int_eq(picked->fd, fd);
		lease_commit(&pool, picked,
		    (struct process_descriptor){getpid(), fd}, &(int){-1});
	}
	ck_assert(!lease_wants_refresh(&pool));
	lease_refresh(&pool, 1);
	ck_assert_int_eq(fcntl(fd, F_GETFD) < 0, 0);
	asked = endpoint_of("::", true);
	asked.port = SERVER_PORT;
	ck_assert_ptr_null(pool_find(&pool, &asked, IPPROTO_TCP));
	ck_assert_ptr_nonnull(
	    pool_find_inherited(&pool, SERVER_PORT, IPPROTO_TCP));
	ck_assert_ptr_null(
	    pool_find_inherited(&pool, SERVER_PORT, IPPROTO_UDP));
	for (i = 1; i < PLAN_INHERITED_MAX; i++)
		ck_assert(pool_inherit(&pool, &plan, 1, fd));
	ck_assert(!pool_inherit(&pool, &plan, 1, fd));
}
END_TEST

/* ---- Handing out */

START_TEST(address_of_no_interface_is_reported)
{
	struct answer answer;

	plan.spares = 1;
	plan_map("127.0.0.1:20443:28443");
	ck_assert(fill(&answer));
	plan_map("198.51.100.1:20444:28444");
	ck_assert(!fill(&answer));
	assert_result(&answer, 0, OUTCOME_READY, 0);
	assert_result(&answer, 1, OUTCOME_NOT_BOUND, EADDRNOTAVAIL);
}
END_TEST

/* Waits for the next look whether servers listen, which is the last or not. */
static void
glance(bool last)
{
	ck_assert(pool.listening_at != 0);
	while (clock_microseconds() < pool.listening_at)
		;
	lease_visit(&pool);
	ck_assert_int_eq(pool.listening_at == 0, last);
}

START_TEST(each_pick_is_another_socket)
{
	struct pool_variant *v;
	struct pool_socket *picked;
	int first, second;

	pool_of(3, "20443:28443");
	v = find("0.0.0.0", false);
	picked = pick(v, false);
	ck_assert_ptr_eq(picked, pick(v, false));
	first = picked->fd;
	ck_assert_int_eq(try_listen(first), 0);
	lease_commit(&pool, picked, (struct process_descriptor){1, 3},
	    &(int){-1});
	ck_assert_int_eq(fcntl(first, F_GETFD), -1);
	picked = pick(v, false);
	second = picked->fd;
	ck_assert_int_ne(first, second);
	ck_assert_uint_eq(v->count, 2);
	ck_assert(!lease_wants_refresh(&pool));
	/* The twin does not listen yet. */
	lease_commit(&pool, picked, (struct process_descriptor){1, 3},
	    &(int){-1});
	ck_assert_uint_eq(v->count, 2);
	glance(false);
	ck_assert_uint_eq(v->count, 2);
	ck_assert_int_eq(try_listen(second), 0);
	glance(true);
	ck_assert_uint_eq(v->count, 1);
	ck_assert_int_eq(fcntl(second, F_GETFD), -1);
}
END_TEST

/* On its way, the kept socket is held by nobody, and stays handed out; when it
 * has arrived, or never will, that counts again. */
START_TEST(kept_socket_is_not_fresh_on_its_way)
{
	struct process_descriptor gone = {1, 3};
	struct pool_socket *socket;
	int before, ends[2], i;
	struct pool_variant *v;

	pool_of(1, "20443:28443");
	v = find("0.0.0.0", false);
	before = unit_descriptors();
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
	socket = pick(v, false);
	lease_commit(&pool, socket, gone, &ends[0]);
	ck_assert_int_eq(ends[0], -1);
	for (i = 0; i < 5; i++) {
		lease_refresh(&pool, 1);
		ck_assert(lease_wants_refresh(&pool));
		ck_assert_ptr_null(lease_pick(v, false));
	}
	close(ends[1]);
	lease_refresh(&pool, 1);
	ck_assert(!lease_wants_refresh(&pool));
	socket = pick(v, false);
	ck_assert_int_eq(unit_descriptors(), before);
	/* The control: nothing is waited for where it is there at once. */
	lease_commit(&pool, socket, gone, &(int){-1});
	ck_assert(lease_wants_refresh(&pool));
	lease_refresh(&pool, 1);
	ck_assert(!lease_wants_refresh(&pool));
}
END_TEST

START_TEST(close_of_a_handed_out_socket_closes_the_port)
{
	struct pool_variant *v;
	struct server server;

	pool_of(4, "20443:28443");
	v = find("0.0.0.0", false);
	server = server_start(v);
	ck_assert_int_eq(try_connect("127.0.0.1"), 0);
	server_end(server);
	ck_assert_int_eq(try_connect("127.0.0.1"), ECONNREFUSED);
}
END_TEST

START_TEST(second_server_conflicts_at_listen)
{
	struct pool_variant *v;
	struct server server;
	struct pool_socket *socket;

	pool_of(2, "20443:28443");
	v = find("0.0.0.0", false);
	server = server_start(v);
	socket = pick(v, false);
	ck_assert_int_eq(try_listen(socket->fd), EADDRINUSE);
	server_end(server);
	ck_assert_int_eq(try_listen(socket->fd), 0);
}
END_TEST

START_TEST(last_socket_is_kept)
{
	struct pool_variant *v;
	struct server server;
	int i;

	pool_of(2, "20443:28443");
	v = find("0.0.0.0", false);
	for (i = 0; i < 10; i++) {
		server = server_start(v);
		ck_assert_uint_eq(v->count, 1);
		ck_assert_int_eq(lease_wants_refresh(&pool), i > 0);
		ck_assert_int_eq(try_connect("127.0.0.1"), 0);
		server_end(server);
	}
}
END_TEST

START_TEST(kept_socket_is_refused_while_it_is_held)
{
	struct pool_variant *v;
	struct server server;

	pool_of(1, "20443:28443");
	v = find("0.0.0.0", false);
	server = server_start(v);
	lease_refresh(&pool, 1);
	ck_assert(lease_wants_refresh(&pool));
	ck_assert_ptr_null(lease_pick(v, false));
	/* It still serves: refresh has not touched it. */
	ck_assert_int_eq(try_connect("127.0.0.1"), 0);
	server_end(server);
	lease_refresh(&pool, 1);
	ck_assert(!lease_wants_refresh(&pool));
	pick(v, false);
}
END_TEST

/* Hands the kept socket to a server that cannot be looked at. */
static struct server
server_start_hidden(struct pool_variant *v)
{
	struct server server;
	struct pool_socket *socket;

	socket = pick(v, false);
	server = server_take(socket, HIDES);
	lease_refresh(&pool, 1);
	ck_assert_int_eq(v->sockets[0].holding, PROCESS_MAY_HOLD);
	return server;
}

/* Else no server could ever bind again: two servers on one socket are better.
 */
START_TEST(kept_socket_is_given_where_nobody_can_tell)
{
	struct pool_variant *v;
	struct server hidden, second;
	struct pool_socket *socket;
	int i;

	pool_of(1, "20443:28443");
	v = find("0.0.0.0", false);
	/* Twin: this one can be looked at. */
	second = server_start(v);
	lease_refresh(&pool, 1);
	ck_assert_ptr_null(lease_pick(v, false));
	server_end(second);
	lease_refresh(&pool, 1);
	hidden = server_start_hidden(v);
	for (i = 0; i < 2; i++)
		socket = pick(v, i != 0);
	ck_assert_int_eq(socket->fd, v->sockets[0].fd);
	second = server_take(socket, LISTENS);
	/* Now somebody is known to hold it. */
	lease_refresh(&pool, 1);
	ck_assert_int_eq(v->sockets[0].holding, PROCESS_HOLDS);
	ck_assert(lease_wants_refresh(&pool));
	ck_assert_ptr_null(lease_pick(v, false));
	server_end(second);
	lease_refresh(&pool, 1);
	socket = pick(v, false);
	/* It serves on. */
	ck_assert_int_eq(try_connect("127.0.0.1"), 0);
	server_end(hidden);
}
END_TEST

START_TEST(kept_socket_listens_on_where_nobody_can_tell)
{
	struct pool_variant *v;
	struct server hidden;

	pool_of(1, "20443:28443");
	v = find("0.0.0.0", false);
	hidden = server_start_hidden(v);
	ck_assert(!lease_wants_refresh(&pool));
	lease_refresh(&pool, 1);
	ck_assert_int_eq(try_connect("127.0.0.1"), 0);
	ck_assert_int_eq(socket_option(v->sockets[0].fd, SOL_SOCKET,
			     SO_ACCEPTCONN),
	    1);
	server_end(hidden);
	lease_refresh(&pool, 1);
	ck_assert_int_eq(v->sockets[0].holding, PROCESS_NONE_HOLDS);
	ck_assert(!lease_wants_refresh(&pool));
	ck_assert_int_eq(try_connect("127.0.0.1"), ECONNREFUSED);
	server_end(server_start(v));
}
END_TEST

/* An unreadable process of another variant's server hides no holder. */
START_TEST(shares_what_somebody_is_known_to_hold)
{
	struct pool_variant *four, *six;
	struct server hidden, server;

	pool_of(1, "20443:28443");
	four = find("0.0.0.0", false);
	six = find("::", true);
	hidden = server_start_hidden(four);
	ck_assert(!lease_wants_refresh(&pool));
	server = server_start(six);
	lease_refresh(&pool, 1);
	ck_assert(lease_wants_refresh(&pool));
	ck_assert_int_eq(four->sockets[0].holding, PROCESS_MAY_HOLD);
	ck_assert_int_eq(six->sockets[0].holding, PROCESS_HOLDS);
	server_end(server);
	lease_refresh(&pool, 1);
	ck_assert(!lease_wants_refresh(&pool));
	server_end(hidden);
}
END_TEST

START_TEST(kept_socket_is_shared_with_reuseport)
{
	struct pool_variant *v;
	struct server first, second;
	struct pool_socket *socket;
	struct pool_socket *again;

	pool_of(1, "20443:28443");
	v = find("0.0.0.0", false);
	socket = pick(v, true);
	first = server_take(socket, LISTENS);
	again = pick(v, true);
	ck_assert_int_eq(again->fd, socket->fd);
	second = server_take(socket, LISTENS);
	server_end(first);
	/* The other one still has it. */
	lease_refresh(&pool, 1);
	ck_assert(lease_wants_refresh(&pool));
	ck_assert_int_eq(try_connect("127.0.0.1"), 0);
	server_end(second);
	lease_refresh(&pool, 1);
	ck_assert_int_eq(try_connect("127.0.0.1"), ECONNREFUSED);
}
END_TEST

START_TEST(kept_socket_is_made_fresh)
{
	struct pool_variant *v;
	struct server server;
	int client, error;
	char byte;

	pool_of(1, "20443:28443");
	v = find("0.0.0.0", false);
	server = server_start(v);
	client = connect_to("127.0.0.1", &error);
	ck_assert_int_eq(error, 0);
	server_end(server);
	/* The price of keeping it: until then, clients still queue. */
	ck_assert_int_eq(try_connect("127.0.0.1"), 0);
	lease_refresh(&pool, 1);
	ck_assert_int_eq(read(client, &byte, 1), -1);
	ck_assert_int_eq(errno, ECONNRESET);
	ck_assert_int_eq(try_connect("127.0.0.1"), ECONNREFUSED);
	server = server_start(v);
	ck_assert_int_eq(try_connect("127.0.0.1"), 0);
	server_end(server);
}
END_TEST

START_TEST(fresh_socket_serves_as_new)
{
	struct pool_variant *v;
	struct pool_socket *socket;

	pool_of(1, "20443:28443");
	v = find("0.0.0.0", false);
	server_end(server_start(v));
	lease_refresh(&pool, 1);
	socket = pick(v, false);
	ck_assert_int_eq(try_listen(socket->fd), 0);
	assert_serves(socket->fd, "127.0.0.1");
}
END_TEST

/* The server died between bind(2) and listen(2). */
START_TEST(socket_that_never_listened_serves_as_new)
{
	struct pool_variant *v;
	struct pool_socket *socket;

	pool_of(1, "20443:28443");
	v = find("0.0.0.0", false);
	socket = pick(v, false);
	server_end(server_take(socket, BINDS));
	lease_refresh(&pool, 1);
	socket = pick(v, false);
	ck_assert_int_eq(try_listen(socket->fd), 0);
	assert_serves(socket->fd, "127.0.0.1");
}
END_TEST

/* Moved to another descriptor, or to another process, as reloads do. */
START_TEST(holder_may_have_moved)
{
	struct pool_variant *v;
	struct server server;

	pool_of(1, "20443:28443");
	v = find("0.0.0.0", false);
	server = server_start(v);
	v->sockets[0].holder = (struct process_descriptor){1, 3};
	lease_refresh(&pool, 1);
	ck_assert(lease_wants_refresh(&pool));
	ck_assert_int_eq(v->sockets[0].holder.pid, server.pid);
	ck_assert_int_eq(v->sockets[0].holder.fd, 3);
	server_end(server);
	lease_refresh(&pool, 1);
	ck_assert(!lease_wants_refresh(&pool));
	pick(v, false);
}
END_TEST

/* ---- TCP: the mapped port as a source port */

/* As if so much time had passed. */
static void
age(struct pool_variant *v)
{
	unsigned int i;

	for (i = 0; i < v->count; i++) {
		v->sockets[i].lent_at -= 10000;
		v->sockets[i].unheld_since -= 10000;
	}
}

/* A server takes the next socket and connects it to a peer, which is returned. */
static int
client_start(struct pool_variant *v, struct server *server)
{
	struct pool_socket *socket;
	int peer;

	lease_refresh(&pool, 1);
	socket = pick(v, false);
	lease_prepare(&pool, socket, &(struct sockopt_values){{0}}, false);
	peer = connect_peer(socket->fd);
	*server = server_take(socket, BINDS);
	return peer;
}

static void
assert_ended(int peer)
{
	char byte;

	ck_assert_int_eq(read(peer, &byte, 1), 0);
	close(peer);
}

START_TEST(connections_one_after_the_other)
{
	struct pool_variant *v;
	struct server server;
	int i, peer;

	pool_of((unsigned int)_i, "20443:28443");
	v = find("0.0.0.0", false);
	for (i = 0; i < 10; i++) {
		peer = client_start(v, &server);
		server_end(server);
		/* Nobody has asked for the next one yet. */
		lease_refresh(&pool, LEASE_LOOKS);
		age(v);
		lease_refresh(&pool, LEASE_LOOKS);
		assert_ended(peer);
	}
	ck_assert_uint_eq(v->count, (unsigned int)_i);
}
END_TEST

START_TEST(connections_at_once)
{
	const unsigned int spares = 3;
	struct server servers[3];
	struct pool_variant *v;
	int peers[3];
	unsigned int i, round;

	pool_of(spares, "20443:28443");
	v = find("0.0.0.0", false);
	for (i = 0; i < spares; i++)
		peers[i] = client_start(v, &servers[i]);
	for (round = 0; round < 5; round++) {
		age(v);
		lease_refresh(&pool, LEASE_LOOKS);
		ck_assert_uint_eq(lease_connections(v), spares);
		ck_assert_ptr_null(lease_pick(v, false));
		ck_assert_ptr_null(lease_pick(v, true));
		i = round % spares;
		server_end(servers[i]);
		servers[i] = (struct server){0};
		close(peers[i]);
		peers[i] = client_start(v, &servers[i]);
	}
	for (i = 0; i < spares; i++) {
		server_end(servers[i]);
		close(peers[i]);
	}
}
END_TEST

/* Nobody can tell whether it is still a connection of that server's. */
START_TEST(a_connection_is_not_given_where_nobody_can_tell)
{
	struct pool_variant *v;
	struct server server;
	struct pool_socket *socket;
	int peer;
	char byte = 'x';

	pool_of(1, "20443:28443");
	v = find("0.0.0.0", false);
	socket = pick(v, false);
	peer = connect_peer(socket->fd);
	server = server_take(socket, HIDES_UNHEARD);
	lease_refresh(&pool, 1);
	ck_assert_int_eq(v->sockets[0].holding, PROCESS_MAY_HOLD);
	ck_assert_ptr_null(lease_pick(v, false));
	ck_assert_ptr_null(lease_pick(v, true));
	ck_assert_int_eq(write(v->sockets[0].fd, "y", 1), 1);
	ck_assert_int_eq(read(peer, &byte, 1), 1);
	server_end(server);
	lease_refresh(&pool, 1);
	lease_refresh(&pool, 1);
	socket = pick(v, false);
	assert_ended(peer);
}
END_TEST

/* A server that only tries whether the port is free costs no socket. */
START_TEST(what_was_bound_alone_comes_back)
{
	struct pool_variant *v;
	struct pool_socket *socket;
	int i;

	pool_of(2, "20443:28443");
	v = find("0.0.0.0", false);
	for (i = 0; i < 6; i++) {
		lease_refresh(&pool, 1);
		socket = pick(v, false);
		server_end(server_take(socket, BINDS));
		ck_assert_uint_eq(v->count, 2);
	}
}
END_TEST

/* ---- UDP: a socket for each client */

static struct pool_variant *
find_datagram(const char *address)
{
	struct endpoint asked = endpoint_of(address, false);

	asked.port = SERVER_PORT;
	return pool_find(&pool, &asked, IPPROTO_UDP);
}

/* Hands out the next socket, for a client: it is *socket here too. */
static struct server
datagram_server(struct pool_variant *v, int *socket)
{
	const struct sockopt_values nothing = {{0}};
	struct pool_socket *picked;

	lease_refresh(&pool, 1);
	picked = pick(v, false);
	*socket = picked->fd;
	lease_prepare(&pool, picked, &nothing, false);
	return server_take(picked, BINDS);
}

static void
connect_back(int socket, int client)
{
	struct sockaddr_storage peer;
	socklen_t length = sizeof(peer);

	ck_assert_int_eq(getsockname(client, (struct sockaddr *)&peer, &length),
	    0);
	ck_assert_int_eq(connect(socket, (struct sockaddr *)&peer, length), 0);
}

/* Ends a server, and waits until its socket has been seen not to be passed on.
 */
static void
datagram_server_end(struct pool_variant *v, struct server server)
{
	server_end(server);
	lease_refresh(&pool, LEASE_LOOKS);
	age(v);
	lease_refresh(&pool, LEASE_LOOKS);
}

static const char *const client_addresses[] = {"127.0.0.1", "::1"};

/* More clients than there are sockets, each with the last one's datagram in the
 * queue. */
START_TEST(clients_one_after_the_other)
{
	const char *const address = client_addresses[_i];
	struct pool_variant *v;
	struct server server;
	int socket, i, client;

	pool_of(3, "20443:28443/udp");
	v = find_datagram(address);
	for (i = 0; i < 20; i++) {
		server = datagram_server(v, &socket);
		ck_assert_int_eq(received(socket), 0);
		client = datagram_socket(address, 0);
		connect_back(socket, client);
		send_to(client, address, 'a');
		ck_assert_int_eq(received(socket), 'a');
		send_to(client, address, 'b');
		age(v);
		lease_refresh(&pool, LEASE_LOOKS);
		ck_assert(lease_wants_refresh(&pool));
		server_end(server);
		lease_refresh(&pool, LEASE_LOOKS);
		age(v);
		ck_assert(lease_wants_refresh(&pool));
		lease_refresh(&pool, LEASE_LOOKS);
		ck_assert(!lease_wants_refresh(&pool));
		/* Parked: nobody is told that his datagram has come. */
		send_to(client, address, 'c');
		close(client);
	}
}
END_TEST

START_TEST(clients_at_once)
{
	const unsigned int spares = 3;
	struct pool_variant *v;
	struct server servers[3];
	unsigned int i, round;
	int clients[3], sockets[3];

	pool_of(spares, "127.0.0.1:20443:28443/udp");
	v = find_datagram("127.0.0.1");
	for (i = 0; i < spares; i++) {
		servers[i] = datagram_server(v, &sockets[i]);
		clients[i] = datagram_socket("127.0.0.1", 0);
		connect_back(sockets[i], clients[i]);
	}
	for (round = 0; round < 5; round++) {
		lease_refresh(&pool, 1);
		ck_assert_ptr_null(lease_pick(v, false));
		/* Not two servers for one client either. */
		ck_assert_ptr_null(lease_pick(v, true));
		for (i = 0; i < spares; i++) {
			send_to(clients[i], "127.0.0.1", (char)('0' + i));
			ck_assert_int_eq(received(sockets[i]), (char)('0' + i));
		}
		i = round % spares;
		server_end(servers[i]);
		servers[i] = datagram_server(v, &sockets[i]);
		connect_back(sockets[i], clients[i]);
	}
	ck_assert_uint_eq(v->count, spares);
	for (i = 0; i < spares; i++)
		server_end(servers[i]);
}
END_TEST

/* It may have been sent to another process of the server, which has not taken
 * it yet: another is given while there is one. */
START_TEST(what_may_be_passed_on_is_given_last)
{
	struct pool_variant *v;
	struct server server;
	int first, second, third, client;

	pool_of(2, "127.0.0.1:20443:28443/udp");
	v = find_datagram("127.0.0.1");
	client = datagram_socket("127.0.0.1", 0);
	server = datagram_server(v, &first);
	connect_back(first, client);
	server_end(server);
	server = datagram_server(v, &second);
	ck_assert_int_ne(first, second);
	ck_assert(sockstate_is_connected(first));
	lease_refresh(&pool, 1);
	lease_refresh(&pool, 1);
	ck_assert(sockstate_is_connected(first));
	/* Not so one that others' datagrams would go to. */
	server_end(server);
	server = datagram_server(v, &third);
	ck_assert_int_eq(third, second);
	server_end(datagram_server(v, &third));
	ck_assert_int_eq(third, first);
	server_end(server);
}
END_TEST

/* Else it would take datagrams that others should, when its server has closed
 * it.  The last is kept. */
START_TEST(what_is_not_connected_is_let_go)
{
	struct server servers[2], client_server;
	int sockets[2], clients_own, client;
	struct pool_variant *v;

	pool_of(3, "127.0.0.1:20443:28443/udp");
	v = find_datagram("127.0.0.1");
	servers[0] = datagram_server(v, &sockets[0]);
	client_server = datagram_server(v, &clients_own);
	client = datagram_socket("127.0.0.1", 0);
	connect_back(clients_own, client);
	close(client);
	lease_refresh(&pool, LEASE_LOOKS);
	ck_assert_uint_eq(v->count, 3);
	age(v);
	lease_refresh(&pool, LEASE_LOOKS);
	ck_assert_uint_eq(v->count, 2);
	ck_assert_int_eq(fcntl(sockets[0], F_GETFD), -1);
	ck_assert(sockstate_is_connected(clients_own));
	server_end(client_server);
	servers[1] = datagram_server(v, &sockets[1]);
	age(v);
	lease_refresh(&pool, LEASE_LOOKS);
	ck_assert_uint_eq(v->count, 1);
	age(v);
	lease_refresh(&pool, LEASE_LOOKS);
	ck_assert(!lease_wants_refresh(&pool));
	server_end(servers[1]);
	servers[1] = datagram_server(v, &sockets[1]);
	age(v);
	lease_refresh(&pool, LEASE_LOOKS);
	ck_assert_uint_eq(v->count, 1);
	ck_assert(lease_wants_refresh(&pool));
	server_end(servers[0]);
	server_end(servers[1]);
}
END_TEST

/* The kernel has no call that would undo it. */
START_TEST(what_was_shut_down_is_not_given_again)
{
	struct pool_variant *v;
	struct server server;
	int socket, client, i;

	pool_of(3, "127.0.0.1:20443:28443/udp");
	v = find_datagram("127.0.0.1");
	client = datagram_socket("127.0.0.1", 0);
	for (i = 0; i < 2; i++) {
		server = datagram_server(v, &socket);
		connect_back(socket, client);
		ck_assert_int_eq(shutdown(socket, SHUT_RDWR), 0);
		datagram_server_end(v, server);
		ck_assert_uint_eq(v->count, 2 - (unsigned int)i);
	}
	server = datagram_server(v, &socket);
	ck_assert(!sockstate_is_shut(socket));
	connect_back(socket, client);
	ck_assert_int_eq(shutdown(socket, SHUT_WR), 0);
	datagram_server_end(v, server);
	/* The mapping is still one, and has no socket. */
	ck_assert_ptr_eq(find_datagram("127.0.0.1"), v);
	ck_assert_ptr_null(lease_pick(v, false));
}
END_TEST

/* One of IPv6 that has been connected is deaf to others (parking.h): rather one
 * that was not, as the next server may not connect it. */
START_TEST(what_was_never_connected_comes_first)
{
	struct pool_variant *v;
	int socket, client, i;
	struct server server;

	pool_of(3, "[" OTHER "]:20443:28443/udp");
	v = find_datagram(OTHER);
	client = datagram_socket(OTHER, 0);
	for (i = 0; i < 6; i++) {
		server = datagram_server(v, &socket);
		connect_back(socket, client);
		datagram_server_end(v, server);
		ck_assert_int_eq(v->sockets[0].fd == socket, i == 0 || i >= 3);
	}
}
END_TEST

/* It is known, and so told, that such a one hears one peer alone. */
START_TEST(parked_by_a_connection_it_is_narrow)
{
	static const char *const addresses[] = {"::", "0.0.0.0"};
	const bool old = (_i & 1) != 0, ipv6 = (_i & 2) == 0;
	struct pool_variant *v;
	struct server server;
	int socket, client;

	/* As before Linux 5.7, without CAP_NET_RAW. */
	if (old)
		deny(SYS_setsockopt, 2, SO_BINDTOIFINDEX, EPERM);
	pool_of(1, "20443:28443/udp");
	v = find_datagram(addresses[!ipv6]);
	server = datagram_server(v, &socket);
	ck_assert_int_eq(v->sockets[0].hears_one_peer, old && ipv6);
	client = datagram_socket(ipv6 ? OTHER : "127.0.0.1", 0);
	send_to(client, ipv6 ? OTHER : "127.0.0.1", 'a');
	ck_assert_int_eq(received(socket), old && ipv6 ? 0 : 'a');
	server_end(server);
}
END_TEST

START_TEST(given_to_nobody_is_parked_again)
{
	const struct sockopt_values nothing = {{0}};
	struct pool_variant *v;
	struct pool_socket *socket;
	int client;

	pool_of(2, "127.0.0.1:20443:28443/udp");
	v = find_datagram("127.0.0.1");
	socket = pick(v, false);
	lease_prepare(&pool, socket, &nothing, false);
	ck_assert(lease_wants_refresh(&pool));
	client = datagram_socket("127.0.0.1", 0);
	send_to(client, "127.0.0.1", 'x');
	ck_assert_int_eq(received(socket->fd), 'x');
	lease_refresh(&pool, 1);
	ck_assert(!lease_wants_refresh(&pool));
	send_to(client, "127.0.0.1", 'x');
	ck_assert_int_eq(received(socket->fd), 0);
	ck_assert_uint_eq(v->count, 2);
}
END_TEST

/* A client's is no other's while nobody can tell whether its server has gone. */
START_TEST(a_clients_socket_is_not_given_where_nobody_can_tell)
{
	struct pool_variant *v;
	struct server server;
	struct pool_socket *socket;
	int client;

	pool_of(1, "127.0.0.1:20443:28443/udp");
	v = find_datagram("127.0.0.1");
	client = datagram_socket("127.0.0.1", 0);
	socket = pick(v, false);
	lease_prepare(&pool, socket, &(struct sockopt_values){{0}}, false);
	server = server_take(socket, HIDES_UNHEARD);
	lease_refresh(&pool, 1);
	ck_assert_int_eq(v->sockets[0].holding, PROCESS_MAY_HOLD);
	/* The control: a listener's is shared. */
	socket = pick(v, false);
	connect_back(socket->fd, client);
	ck_assert_ptr_null(lease_pick(v, false));
	ck_assert_ptr_null(lease_pick(v, true));
	server_end(server);
}
END_TEST

/* ---- Options of what is handed out */

static void
want(struct sockopt_values *wanted, int level, int name, int value)
{
	sockopt_note(wanted, sockopt_find(level, name), &value, sizeof(value));
}

START_TEST(prepare_sets_flags_and_options)
{
	struct sockopt_values wanted = {{0}};
	struct pool_variant *v;
	struct pool_socket *socket;

	pool_of(2, "20443:28443");
	v = find("0.0.0.0", false);
	socket = pick(v, false);
	want(&wanted, SOL_SOCKET, SO_KEEPALIVE, 1);
	lease_prepare(&pool, socket, &wanted, true);
	ck_assert_int_eq(socket_option(socket->fd, SOL_SOCKET, SO_KEEPALIVE),
	    1);
	ck_assert_int_ne(fcntl(socket->fd, F_GETFL) & O_NONBLOCK, 0);
	lease_prepare(&pool, socket, &wanted, false);
	ck_assert_int_eq(fcntl(socket->fd, F_GETFL) & O_NONBLOCK, 0);
}
END_TEST

/* How a server's options are learned (server_socket.h). */
enum learning {
	OBSERVED, /* those it was seen to set */
	FETCHED,  /* all, from its socket */
};

/* What the helper knows of a new server that sets these, unless 0. */
static void
learn(struct sockopt_values *seen, enum learning learning, int keepalive,
    int reuseport)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert_int_ge(fd, 0);
	memset(seen, 0, sizeof(*seen));
	if (learning == FETCHED)
		sockopt_read(fd, seen);
	close(fd);
	if (keepalive != 0)
		want(seen, SOL_SOCKET, SO_KEEPALIVE, keepalive);
	if (reuseport != 0)
		want(seen, SOL_SOCKET, SO_REUSEPORT, reuseport);
}

/* One server after the other gets the kept socket.  Whether the second's
 * options are all known, or those it was seen to set, they are its own. */
START_TEST(kept_socket_has_the_options_of_its_server)
{
	const int first = _i & 1, second = _i >> 1 & 1;
	struct sockopt_values seen;
	struct pool_variant *v;
	struct pool_socket *socket;

	pool_of(1, "20443:28443");
	v = find("0.0.0.0", false);
	socket = pick(v, false);
	learn(&seen, _i >> 2 & 1, first, 0);
	lease_prepare(&pool, socket, &seen, false);
	ck_assert_int_eq(socket_option(socket->fd, SOL_SOCKET, SO_KEEPALIVE),
	    first);
	server_end(server_take(socket, LISTENS));
	lease_refresh(&pool, 1);
	socket = pick(v, false);
	learn(&seen, _i >> 3 & 1, second, 0);
	lease_prepare(&pool, socket, &seen, false);
	ck_assert_int_eq(socket_option(socket->fd, SOL_SOCKET, SO_KEEPALIVE),
	    second);
}
END_TEST

/* Those that were set behind the hand-off too. */
START_TEST(options_set_since_are_not_the_next_ones)
{
	struct sockopt_values seen;
	struct pool_variant *v;
	const int on = 1;
	struct pool_socket *socket;

	pool_of(1, "20443:28443");
	v = find("0.0.0.0", false);
	socket = pick(v, false);
	learn(&seen, _i, 0, 0);
	lease_prepare(&pool, socket, &seen, false);
	ck_assert_int_eq(setsockopt(socket->fd, SOL_SOCKET, SO_KEEPALIVE, &on,
			     sizeof(on)),
	    0);
	server_end(server_take(socket, LISTENS));
	lease_refresh(&pool, 1);
	socket = pick(v, false);
	learn(&seen, _i, 0, 0);
	lease_prepare(&pool, socket, &seen, false);
	ck_assert_int_eq(socket_option(socket->fd, SOL_SOCKET, SO_KEEPALIVE),
	    0);
}
END_TEST

/* The last of several is as fresh as the first was. */
START_TEST(options_of_one_socket_are_not_the_next_ones)
{
	struct sockopt_values seen;
	struct pool_variant *v;
	struct pool_socket *socket;
	int i;

	pool_of(3, "20443:28443");
	v = find("0.0.0.0", false);
	for (i = 1; i <= 6; i++) {
		lease_refresh(&pool, 1);
		socket = pick(v, false);
		learn(&seen, _i, i & 1, 0);
		lease_prepare(&pool, socket, &seen, false);
		ck_assert_int_eq(socket_option(socket->fd, SOL_SOCKET,
				     SO_KEEPALIVE),
		    i & 1);
		server_end(server_take(socket, LISTENS));
	}
}
END_TEST

/* A hand-off that fails after lease_prepare leaves the socket to another. */
START_TEST(prepared_for_nobody_is_prepared_anew)
{
	struct sockopt_values seen;
	struct pool_variant *v;
	struct pool_socket *socket;

	pool_of(2, "20443:28443");
	v = find("0.0.0.0", false);
	socket = pick(v, false);
	learn(&seen, _i, 1, 1);
	lease_prepare(&pool, socket, &seen, true);
	learn(&seen, _i, 0, 0);
	lease_prepare(&pool, socket, &seen, false);
	ck_assert_int_eq(socket_option(socket->fd, SOL_SOCKET, SO_KEEPALIVE),
	    0);
	ck_assert_int_eq(socket_option(socket->fd, SOL_SOCKET, SO_REUSEPORT),
	    0);
}
END_TEST

/* One server after the other gets the kept socket.  The priority that comes
 * with a type of service is not one to take back. */
START_TEST(kept_socket_has_the_priority_of_its_server)
{
	static const struct {
		int tos; /* 0: this server does not set it */
		int priority;
	} servers[] = {{0x10, 6}, {0x10, 6}, {8, 2}, {0, 0}};
	struct sockopt_values seen;
	struct pool_variant *v;
	struct pool_socket *socket;
	int priority;
	size_t i;

	pool_of(1, "20443:28443");
	v = find("0.0.0.0", false);
	for (i = 0; i < LENGTH(servers); i++) {
		lease_refresh(&pool, 1);
		socket = pick(v, false);
		memset(&seen, 0, sizeof(seen));
		if (servers[i].tos != 0)
			want(&seen, IPPROTO_IP, IP_TOS, servers[i].tos);
		lease_prepare(&pool, socket, &seen, false);
		ck_assert_int_eq(socket_option(socket->fd, IPPROTO_IP, IP_TOS),
		    servers[i].tos);
		priority = socket_option(socket->fd, SOL_SOCKET, SO_PRIORITY);
		ck_assert_msg(priority == servers[i].priority,
		    "server %zu: priority %d, not %d", i, priority,
		    servers[i].priority);
		server_end(server_take(socket, LISTENS));
	}
}
END_TEST

/* ---- Each option is set once at the most.  This function comes before that
 * of the C library. */

static struct {
	int fd; /* the socket to watch, or 0 */
	int count[SOCKOPT_COUNT];
} watched;

int
setsockopt(int fd, int level, int name, const void *value, socklen_t size)
{
	int option = sockopt_find(level, name);

	if (watched.fd != 0 && fd == watched.fd) {
		ck_assert_int_ge(option, 0);
		watched.count[option]++;
	}
	return (int)syscall(SYS_setsockopt, fd, level, name, value, size);
}

static int
times_set(int level, int name)
{
	return watched.count[sockopt_find(level, name)];
}

static void
prepare_watched(struct pool_socket *socket, const struct sockopt_values *seen)
{
	int i;

	memset(&watched, 0, sizeof(watched));
	watched.fd = socket->fd;
	lease_prepare(&pool, socket, seen, false);
	watched.fd = 0;
	for (i = 0; i < SOCKOPT_COUNT; i++)
		ck_assert_msg(watched.count[i] <= 1,
		    "level %d, option %d: set %d times", sockopt_table[i].level,
		    sockopt_table[i].name, watched.count[i]);
}

/* Two servers of one port, of SO_REUSEPORT both: never is it off between. */
START_TEST(shared_socket_keeps_reuseport)
{
	struct sockopt_values seen;
	struct server first, second;
	struct pool_variant *v;
	struct pool_socket *socket;

	pool_of(1, "20443:28443");
	v = find("0.0.0.0", false);
	socket = pick(v, true);
	learn(&seen, _i & 1, 1, 1);
	prepare_watched(socket, &seen);
	ck_assert_int_eq(times_set(SOL_SOCKET, SO_REUSEPORT), 1);
	first = server_take(socket, LISTENS);
	lease_refresh(&pool, 1);
	socket = pick(v, true);
	learn(&seen, _i >> 1 & 1, 0, 1);
	prepare_watched(socket, &seen);
	ck_assert_int_eq(times_set(SOL_SOCKET, SO_REUSEPORT), 0);
	ck_assert_int_eq(times_set(SOL_SOCKET, SO_KEEPALIVE), 1);
	ck_assert_int_eq(socket_option(socket->fd, SOL_SOCKET, SO_REUSEPORT),
	    1);
	ck_assert_int_eq(socket_option(socket->fd, SOL_SOCKET, SO_KEEPALIVE),
	    0);
	second = server_take(socket, LISTENS);
	ck_assert_int_eq(try_connect("127.0.0.1"), 0);
	server_end(second);
	server_end(first);
}
END_TEST

/* And none where nothing differs: a hand-off costs no more than it must. */
START_TEST(defaults_are_not_set)
{
	static const char *const addresses[] = {"0.0.0.0", "::", "::1"};
	struct sockopt_values seen;
	struct pool_variant *v;
	struct pool_socket *socket;
	int i;
	size_t a;

	pool_of(1, "20443:28443");
	for (a = 0; a < LENGTH(addresses); a++) {
		v = find(addresses[a], false);
		socket = pick(v, false);
		memset(&seen, 0, sizeof(seen));
		prepare_watched(socket, &seen);
		for (i = 0; i < SOCKOPT_COUNT; i++)
			ck_assert_int_eq(watched.count[i], 0);
		want(&seen, IPPROTO_TCP, TCP_NODELAY, 1);
		prepare_watched(socket, &seen);
		ck_assert_int_eq(times_set(IPPROTO_TCP, TCP_NODELAY), 1);
	}
}
END_TEST

static void
add_pool(Suite *s)
{
	TCase *t = tcase_create("pool");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, fills_each_variant);
	tcase_add_test(t, finds_the_variant_alone);
	tcase_add_test(t, one_address_covers_no_other);
	tcase_add_test(t, expects_the_server_port_alone);
	tcase_add_test(t, two_mappings_keep_apart);
	tcase_add_test(t, port_in_use_is_reported);
	tcase_add_loop_test(t, a_tcp_port_that_is_shared_is_reported, 0, 11);
	tcase_add_test(t, failure_to_bind_leaves_nothing_of_its_mapping);
	/* In the first mapping, in the second, at a common one or not. */
	tcase_add_loop_test(t, failure_to_open_leaves_nothing_of_its_mapping, 0,
	    20);
	tcase_add_test(t, address_of_no_interface_is_reported);
	tcase_add_test(t, does_without_loopback_addresses);
	tcase_add_test(t, grants_decide_what_the_capability_is_used_for);
	tcase_add_test(t, a_grant_is_no_capability);
	tcase_add_test(t, inherits_bound_sockets_of_the_protocol);
	tcase_add_loop_test(t, needs_the_address_that_was_named, 0, 2);
	tcase_add_test(t, does_without_ipv6);
	tcase_add_test(t, needs_ipv6_where_it_was_named);
	tcase_add_test(t, each_pick_is_another_socket);
	tcase_add_test(t, kept_socket_is_not_fresh_on_its_way);
	tcase_add_test(t, close_of_a_handed_out_socket_closes_the_port);
	tcase_add_test(t, second_server_conflicts_at_listen);
	tcase_add_test(t, last_socket_is_kept);
	tcase_add_test(t, kept_socket_is_refused_while_it_is_held);
	tcase_add_test(t, kept_socket_is_given_where_nobody_can_tell);
	tcase_add_test(t, kept_socket_listens_on_where_nobody_can_tell);
	tcase_add_test(t, shares_what_somebody_is_known_to_hold);
	tcase_add_test(t, kept_socket_is_shared_with_reuseport);
	tcase_add_test(t, kept_socket_is_made_fresh);
	tcase_add_test(t, fresh_socket_serves_as_new);
	tcase_add_test(t, socket_that_never_listened_serves_as_new);
	tcase_add_test(t, holder_may_have_moved);
	tcase_add_loop_test(t, connections_one_after_the_other, 1, 4);
	tcase_add_test(t, connections_at_once);
	tcase_add_test(t, a_connection_is_not_given_where_nobody_can_tell);
	tcase_add_test(t, what_was_bound_alone_comes_back);
	suite_add_tcase(s, t);
}

static void
add_clients(Suite *s)
{
	TCase *t = tcase_create("clients");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_loop_test(t, clients_one_after_the_other, 0, 2);
	tcase_add_test(t, clients_at_once);
	tcase_add_test(t, what_may_be_passed_on_is_given_last);
	tcase_add_test(t, what_is_not_connected_is_let_go);
	tcase_add_test(t, what_was_shut_down_is_not_given_again);
	tcase_add_test(t, what_was_never_connected_comes_first);
	tcase_add_loop_test(t, parked_by_a_connection_it_is_narrow, 0, 4);
	tcase_add_test(t, given_to_nobody_is_parked_again);
	tcase_add_test(t, a_clients_socket_is_not_given_where_nobody_can_tell);
	suite_add_tcase(s, t);
}

static void
add_options(Suite *s)
{
	TCase *t = tcase_create("options");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, prepare_sets_flags_and_options);
	tcase_add_loop_test(t, kept_socket_has_the_options_of_its_server, 0,
	    16);
	tcase_add_loop_test(t, options_set_since_are_not_the_next_ones, 0, 2);
	tcase_add_loop_test(t, options_of_one_socket_are_not_the_next_ones, 0,
	    2);
	tcase_add_loop_test(t, prepared_for_nobody_is_prepared_anew, 0, 2);
	tcase_add_test(t, kept_socket_has_the_priority_of_its_server);
	tcase_add_loop_test(t, shared_socket_keeps_reuseport, 0, 4);
	tcase_add_test(t, defaults_are_not_set);
	suite_add_tcase(s, t);
}

static Suite *
suite(void)
{
	Suite *s = suite_create("pool");
	TCase *t = tcase_create("kernel");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, overlapping_addresses_are_bound_at_once);
	tcase_add_test(t, reuseaddr_is_needed);
	tcase_add_test(t, second_listen_conflicts);
	tcase_add_test(t, bind_conflicts_with_a_listener);
	tcase_add_test(t, v6only_cannot_change_after_bind);
	tcase_add_test(t, reuseport_after_bind_lets_two_listen);
	tcase_add_test(t, reuseport_shares_connections);
	tcase_add_test(t, ipv4_and_ipv6_listen_side_by_side);
	tcase_add_test(t, a_dual_socket_serves_both);
	tcase_add_test(t, bound_socket_refuses_clients);
	tcase_add_test(t, renewing_keeps_the_binding);
	tcase_add_test(t, renewing_resets_who_waits);
	tcase_add_test(t, renewing_what_never_listened_harms_nothing);
	tcase_add_loop_test(t, whatever_is_left_in_it_a_socket_is_made_new, 0,
	    (int)(sizeof(leavings) / sizeof(leavings[0])));
	tcase_add_test(t, a_connection_is_finished_in_order);
	tcase_add_test(t, a_connection_is_reset_where_its_server_wants_that);
	tcase_add_test(t, a_locked_filter_cannot_be_undone);
	tcase_add_loop_test(t,
	    whatever_is_left_in_it_a_datagram_socket_is_made_new, 0,
	    2 * DATAGRAM_LEAVINGS);
	tcase_add_loop_test(t, a_datagram_socket_that_was_shut_down_is_not_new,
	    0, 6);
	tcase_add_loop_test(t, parked_both_ways_nobody_binds_beside, 0, 2);
	tcase_add_loop_test(t, parking_is_undone, 0, 6);
	tcase_add_test(t, unpark_discards_what_has_come);
	suite_add_tcase(s, t);
	add_pool(s);
	add_clients(s);
	add_options(s);
	return s;
}

int
main(void)
{
	return unit_run(suite());
}
