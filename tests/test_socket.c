/* SPDX-License-Identifier: ISC */
/*
 * What the kernel must do with TCP sockets for the pool to work, one claim a
 * test.  Ports here are high: anybody may bind them.
 */
#include "fixture.h"

static void
set_reuseport(int fd)
{
	const int on = 1;

	ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on,
			     sizeof(on)),
	    0);
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

/* Without SO_REUSEADDR there can be no two: it makes a pool possible. */
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

/* So a port that somebody listens at already cannot be had. */
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

/* So there is a variant for each. */
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

/* Both get connections. */
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

/* A spare takes no client away from a listener, and leaves none hanging. */
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

static Suite *
suite(void)
{
	Suite *s = suite_create("socket");
	TCase *t = tcase_create("socket");

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
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(suite());
}
