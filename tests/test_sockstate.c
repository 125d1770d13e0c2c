/* SPDX-License-Identifier: ISC */
/*
 * Whatever a server has done with a socket, it is made as new.
 */
#include <netinet/tcp.h>

#include "fixture.h"
#include "sockstate.h"

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

/* A server may bind and never listen. */
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

/* A listener whose queue is full does not answer. */
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

	/* For a TCP socket, newer kernels want CAP_NET_RAW. */
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

/* It listens, serves and connects as a new one does. */
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

/* ---- What it may leave in a socket of UDP */

/* An address of the test network; a client that knew the last server, and one
 * that did not. */
struct datagram_case {
	const char *address;
	int old, other;
};

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

/* An IPv6 socket that was connected hears one peer alone (parking.h). */
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
	ck_assert(sockstate_disconnect(fd));
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

/* ---- Options that the helper does not read */

/* SO_TIMESTAMP of a 32-bit program whose time has 64 bits. */
#define SO_TIMESTAMP_NEW_FORM 63

static void
set_integer(int fd, int level, int name, int value)
{
	ck_assert_msg(setsockopt(fd, level, name, &value, sizeof(value)) == 0,
	    "level %d, option %d: %m", level, name);
}

START_TEST(unseen_options_do_not_stay)
{
	static const uint8_t no_operation[] = {1, 1, 1, 1};
	int fd = _i == 0 ? socket_bound("0.0.0.0", false)
			 : datagram_socket("0.0.0.0", PORT);
	uint8_t options[40];
	socklen_t size = sizeof(options);

	set_integer(fd, SOL_SOCKET, SO_TIMESTAMP_NEW_FORM, 1);
	ck_assert_int_eq(setsockopt(fd, IPPROTO_IP, IP_OPTIONS, no_operation,
			     sizeof(no_operation)),
	    0);
	ck_assert(renew(fd, "0.0.0.0"));
	ck_assert_int_eq(socket_option(fd, SOL_SOCKET, SO_TIMESTAMP_NEW_FORM),
	    0);
	ck_assert_int_eq(getsockopt(fd, IPPROTO_IP, IP_OPTIONS, options, &size),
	    0);
	ck_assert_int_eq(size, 0);
}
END_TEST

/* The interface that packets leave by. */
START_TEST(unseen_options_of_ipv6_do_not_stay)
{
	const struct in6_pktinfo by_lo = {in6addr_loopback, 1};
	struct in6_pktinfo info = {.ipi6_ifindex = 1};
	uint8_t reports[CMSG_SPACE(sizeof(info))];
	int fd = socket_bound("::", false);
	socklen_t size = sizeof(reports);

	set_integer(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
	ck_assert_int_eq(setsockopt(fd, IPPROTO_IPV6, IPV6_PKTINFO, &by_lo,
			     sizeof(by_lo)),
	    0);
	ck_assert(renew(fd, "::"));
	ck_assert_int_eq(getsockopt(fd, IPPROTO_IPV6, IPV6_2292PKTOPTIONS,
			     reports, &size),
	    0);
	ck_assert_int_eq(size, sizeof(reports));
	memcpy(&info, CMSG_DATA((struct cmsghdr *)reports), sizeof(info));
	ck_assert_uint_eq(info.ipi6_ifindex, 0);
}
END_TEST

/* Without SO_REUSEADDR, the first would let no other listen. */
START_TEST(reuseaddr_is_as_it_was)
{
	int first = socket_bound("0.0.0.0", false);
	int second = socket_bound("0.0.0.0", false);

	socket_keep_alone(first);
	ck_assert_int_eq(try_listen(second), EADDRINUSE);
	ck_assert(renew(first, "0.0.0.0"));
	ck_assert_int_eq(try_listen(second), 0);
	first = datagram_socket("127.0.0.1", PORT);
	set_integer(first, SOL_SOCKET, SO_REUSEADDR, 1);
	ck_assert(renew(first, "127.0.0.1"));
	ck_assert_int_eq(socket_option(first, SOL_SOCKET, SO_REUSEADDR), 0);
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

static Suite *
suite(void)
{
	Suite *s = suite_create("sockstate");
	TCase *t = tcase_create("sockstate");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, renewing_keeps_the_binding);
	tcase_add_test(t, renewing_resets_who_waits);
	tcase_add_test(t, renewing_what_never_listened_harms_nothing);
	tcase_add_loop_test(t, whatever_is_left_in_it_a_socket_is_made_new, 0,
	    (int)(sizeof(leavings) / sizeof(leavings[0])));
	tcase_add_test(t, a_connection_is_finished_in_order);
	tcase_add_test(t, a_connection_is_reset_where_its_server_wants_that);
	tcase_add_loop_test(t,
	    whatever_is_left_in_it_a_datagram_socket_is_made_new, 0,
	    2 * DATAGRAM_LEAVINGS);
	tcase_add_loop_test(t, unseen_options_do_not_stay, 0, 2);
	tcase_add_test(t, unseen_options_of_ipv6_do_not_stay);
	tcase_add_test(t, reuseaddr_is_as_it_was);
	tcase_add_test(t, a_locked_filter_cannot_be_undone);
	tcase_add_loop_test(t, a_datagram_socket_that_was_shut_down_is_not_new,
	    0, 6);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(suite());
}
