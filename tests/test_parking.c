/* SPDX-License-Identifier: ISC */
/*
 * A parked UDP socket takes nothing, and nobody binds beside it.
 */
#include "constants.h"
#include "fixture.h"
#include "parking.h"

/* A parked socket takes nothing; then it takes datagrams of all senders again,
 * even if its server had bound it to an interface. */
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

/* Datagrams that came before, and errors, do not reach the next server. */
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

static int
datagram_socket_at(const struct endpoint *e)
{
	int fd = socket_open(e, IPPROTO_UDP);

	ck_assert_msg(fd >= 0 && socket_bind(fd, e) == 0, "%m");
	return fd;
}

/* True if another socket with SO_REUSEADDR can be bound there, at an interface
 * or at none.  It is the same user's, which makes no difference to the kernel
 * here. */
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

/* Each way of parking alone has a gap; both together have one alone. */
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
	/* The control: while they have the option, anybody can. */
	ck_assert(can_bind_beside(any, NULL));
	socket_keep_alone(parked);
	socket_keep_alone(guard);
	ck_assert(!can_bind_beside(any, NULL));
	ck_assert(!can_bind_beside(any, "lo"));
	ck_assert(!can_bind_beside(own, NULL));
	ck_assert(!can_bind_beside(own, "lo"));
	ck_assert(!can_bind_beside(other, NULL));
	/* The one gap: sock_diag(7) shows who has used it. */
	ck_assert(can_bind_beside(other, "lo"));
	close(guard);
	ck_assert(
	    can_bind_beside(_i == 0 ? other : any, _i == 0 ? NULL : "lo"));
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("parking");
	TCase *t = tcase_create("parking");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_loop_test(t, parking_is_undone, 0, 6);
	tcase_add_test(t, unpark_discards_what_has_come);
	tcase_add_loop_test(t, parked_both_ways_nobody_binds_beside, 0, 2);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(suite());
}
