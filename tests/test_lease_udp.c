/* SPDX-License-Identifier: ISC */
/*
 * A UDP server binds a socket for each client.
 */
#include "constants.h"
#include "fixture.h"
#include "lease_udp.h"
#include "sockstate.h"

static struct pool_variant *
find_datagram(const char *address)
{
	struct endpoint asked = endpoint_of(address, false);

	asked.port = SERVER_PORT;
	return pool_find(&pool, &asked, IPPROTO_UDP);
}

/* Hands the next socket to a server; *socket is the helper's duplicate. */
static struct server
datagram_server(struct pool_variant *v, int *socket)
{
	const struct sockopt_values nothing = {{0}};
	struct pool_socket *picked;

	lease_refresh(&pool, pool.variants);
	picked = pick(v, false);
	*socket = picked->fd;
	lease_prepare(&pool, picked, &nothing, false);
	return server_take(picked, BINDS);
}

/* Ends a server, and lets the time pass in which it might pass its socket
 * on. */
static void
datagram_server_end(struct pool_variant *v, struct server server)
{
	server_end(server);
	lease_refresh(&pool, NULL);
	age(v);
	lease_refresh(&pool, NULL);
}

static const char *const client_addresses[] = {"127.0.0.1", "::1"};

/* There are more clients than sockets, and each leaves a datagram in the
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
		connect_client(socket, client);
		send_to(client, address, 'a');
		ck_assert_int_eq(received(socket), 'a');
		send_to(client, address, 'b');
		age(v);
		lease_refresh(&pool, NULL);
		ck_assert(lease_wants_refresh(&pool));
		server_end(server);
		lease_refresh(&pool, NULL);
		age(v);
		ck_assert(lease_wants_refresh(&pool));
		lease_refresh(&pool, NULL);
		ck_assert(!lease_wants_refresh(&pool));
		/* It is parked, so this arrives nowhere. */
		send_to(client, address, 'c');
		close(client);
	}
}
END_TEST

/* A listener, another client of it, and whether the datagrams of that arrive
 * between the helper's calls. */
static struct {
	const char *address;
	int listener, client;
	unsigned int sent, arrived;
} probe;

static void
probe_once(void)
{
	const char *address = probe.address;

	if (address == NULL)
		return;
	probe.address = NULL; /* send_to connects a socket, too */
	probe.sent++;
	send_to(probe.client, address, 'n');
	probe.arrived += received(probe.listener) == 'n';
	probe.address = address;
}

int
connect(int fd, const struct sockaddr *address, socklen_t length)
{
	const int done = (int)syscall(SYS_connect, fd, address, length);

	probe_once();
	return done;
}

int
setsockopt(int fd, int level, int name, const void *value, socklen_t size)
{
	const int done = (int)syscall(SYS_setsockopt, fd, level, name, value,
	    size);

	probe_once();
	return done;
}

/* The socket is of a more special address than the listener's: on its way from
 * one peer to being parked, it takes no datagram from it. */
START_TEST(what_is_renewed_takes_nothing_from_a_listener)
{
	static const char *const listeners[] = {"0.0.0.0", "::"};
	const char *const address = client_addresses[_i];
	struct server server, listening;
	struct pool_variant *v;
	int socket, client;

	pool_of(3, "20443:28443/udp");
	v = find_datagram(address);
	listening = datagram_server(find_datagram(listeners[_i]),
	    &probe.listener);
	client = datagram_socket(address, 0);
	probe.client = datagram_socket(address, 0);
	server = datagram_server(v, &socket);
	connect_client(socket, client);
	probe.address = address;
	datagram_server_end(v, server);
	probe.address = NULL;
	ck_assert_int_eq(v->lent, 0);
	ck_assert_uint_gt(probe.sent, 0);
	ck_assert_uint_eq(probe.arrived, probe.sent);
	server_end(listening);
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
		connect_client(sockets[i], clients[i]);
	}
	for (round = 0; round < 5; round++) {
		lease_refresh(&pool, pool.variants);
		ck_assert_ptr_null(lease_pick(v, false));
		/* SO_REUSEPORT makes no two servers for one client. */
		ck_assert_ptr_null(lease_pick(v, true));
		for (i = 0; i < spares; i++) {
			send_to(clients[i], "127.0.0.1", (char)('0' + i));
			ck_assert_int_eq(received(sockets[i]), (char)('0' + i));
		}
		i = round % spares;
		server_end(servers[i]);
		servers[i] = datagram_server(v, &sockets[i]);
		connect_client(sockets[i], clients[i]);
	}
	ck_assert_uint_eq(v->count, spares);
	for (i = 0; i < spares; i++)
		server_end(servers[i]);
}
END_TEST

/* The server may have passed the socket to another of its processes, which has
 * not received it yet: the next bind gets another while there is one. */
START_TEST(what_may_be_passed_on_is_given_last)
{
	struct pool_variant *v;
	struct server server;
	int first, second, third, client;

	pool_of(2, "127.0.0.1:20443:28443/udp");
	v = find_datagram("127.0.0.1");
	client = datagram_socket("127.0.0.1", 0);
	server = datagram_server(v, &first);
	connect_client(first, client);
	server_end(server);
	server = datagram_server(v, &second);
	ck_assert_int_ne(first, second);
	ck_assert(sockstate_is_connected(first));
	lease_refresh(&pool, pool.variants);
	lease_refresh(&pool, pool.variants);
	ck_assert(sockstate_is_connected(first));
	/* A socket that is not connected is parked at once. */
	server_end(server);
	server = datagram_server(v, &third);
	ck_assert_int_eq(third, second);
	server_end(datagram_server(v, &third));
	ck_assert_int_eq(third, first);
	server_end(server);
}
END_TEST

/* The other may be on its way to another process of its server. */
START_TEST(of_two_that_nobody_holds_the_one_lent_first_is_given)
{
	struct pool_variant *v;
	struct server earlier, later;
	int first, second, third;
	int clients[2];

	pool_of(2, "127.0.0.1:20443:28443/udp");
	v = find_datagram("127.0.0.1");
	clients[0] = datagram_socket("127.0.0.1", 0);
	clients[1] = datagram_socket("127.0.0.1", 0);
	later = datagram_server(v, &second);
	connect_client(second, clients[0]);
	earlier = datagram_server(v, &first);
	connect_client(first, clients[1]);
	/* Lent again, the first of the pool was lent last. */
	server_end(later);
	later = datagram_server(v, &third);
	ck_assert_int_eq(third, second);
	connect_client(second, clients[0]);
	server_end(earlier);
	server_end(later);
	server_end(datagram_server(v, &third));
	ck_assert_int_eq(third, first);
}
END_TEST

/* Otherwise it would take datagrams that others should get, when its server has
 * closed it.  The last one is kept. */
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
	connect_client(clients_own, client);
	close(client);
	lease_refresh(&pool, NULL);
	ck_assert_uint_eq(v->count, 3);
	age(v);
	lease_refresh(&pool, NULL);
	ck_assert_uint_eq(v->count, 2);
	ck_assert_int_eq(fcntl(sockets[0], F_GETFD), -1);
	ck_assert(sockstate_is_connected(clients_own));
	server_end(client_server);
	servers[1] = datagram_server(v, &sockets[1]);
	age(v);
	lease_refresh(&pool, NULL);
	ck_assert_uint_eq(v->count, 1);
	age(v);
	lease_refresh(&pool, NULL);
	ck_assert(!lease_wants_refresh(&pool));
	server_end(servers[1]);
	servers[1] = datagram_server(v, &sockets[1]);
	age(v);
	lease_refresh(&pool, NULL);
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
		connect_client(socket, client);
		ck_assert_int_eq(shutdown(socket, SHUT_RDWR), 0);
		datagram_server_end(v, server);
		ck_assert_uint_eq(v->count, 2 - (unsigned int)i);
	}
	server = datagram_server(v, &socket);
	ck_assert(!sockstate_is_shut(socket));
	connect_client(socket, client);
	ck_assert_int_eq(shutdown(socket, SHUT_WR), 0);
	datagram_server_end(v, server);
	/* There is still a mapping, without a socket. */
	ck_assert_ptr_eq(find_datagram("127.0.0.1"), v);
	ck_assert_ptr_null(lease_pick(v, false));
}
END_TEST

/* An IPv6 socket that has been connected hears one peer alone (parking.h).  The
 * next server may not connect it, so it gets another one first. */
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
		connect_client(socket, client);
		datagram_server_end(v, server);
		ck_assert_int_eq(v->sockets[0].fd == socket, i == 0 || i >= 3);
	}
}
END_TEST

static void
warn_of(const void *variant)
{
	lease_udp_warn(((const struct pool_variant *)variant)->sockets);
}

START_TEST(parked_by_a_connection_it_hears_one_peer)
{
	static const char *const addresses[] = {"::", "0.0.0.0"};
	const bool old = (_i & 1) != 0, ipv6 = (_i & 2) == 0, gvisor = _i > 3;
	const bool warns = old && ipv6 && !gvisor;
	struct pool_variant *v;
	struct unit_output output;
	struct server server;
	int socket, client;

	/* As before Linux 5.7, without CAP_NET_RAW; or in gVisor. */
	if (old || gvisor)
		deny(SYS_setsockopt, 2, SO_BINDTOIFINDEX, gvisor ? 0 : EPERM);
	pool_of(1, "20443:28443/udp");
	v = find_datagram(addresses[!ipv6]);
	server = datagram_server(v, &socket);
	ck_assert_int_eq(v->sockets[0].hears_one_peer, warns);
	unit_capture(&output, warn_of, v);
	ck_assert_int_eq(strstr(output.err, "or with Linux 5.7") != NULL,
	    warns);
	client = datagram_socket(ipv6 ? OTHER : "127.0.0.1", 0);
	send_to(client, ipv6 ? OTHER : "127.0.0.1", 'a');
	/* This kernel, which is not gVisor, keeps the address. */
	ck_assert_int_eq(received(socket), (old || gvisor) && ipv6 ? 0 : 'a');
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
	lease_refresh(&pool, pool.variants);
	ck_assert(!lease_wants_refresh(&pool));
	send_to(client, "127.0.0.1", 'x');
	ck_assert_int_eq(received(socket->fd), 0);
	ck_assert_uint_eq(v->count, 2);
}
END_TEST

/* Nobody can see whether the server has closed its client's socket. */
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
	lease_refresh(&pool, pool.variants);
	ck_assert_int_eq(v->sockets[0].holding, PROCESS_MAY_HOLD);
	/* The control: it is shared while it has no client. */
	socket = pick(v, false);
	connect_client(socket->fd, client);
	ck_assert_ptr_null(lease_pick(v, false));
	ck_assert_ptr_null(lease_pick(v, true));
	server_end(server);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("lease_udp");
	TCase *t = tcase_create("lease_udp");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_loop_test(t, clients_one_after_the_other, 0, 2);
	tcase_add_loop_test(t, what_is_renewed_takes_nothing_from_a_listener, 0,
	    2);
	tcase_add_test(t, clients_at_once);
	tcase_add_test(t, what_may_be_passed_on_is_given_last);
	tcase_add_test(t, of_two_that_nobody_holds_the_one_lent_first_is_given);
	tcase_add_test(t, what_is_not_connected_is_let_go);
	tcase_add_test(t, what_was_shut_down_is_not_given_again);
	tcase_add_test(t, what_was_never_connected_comes_first);
	tcase_add_loop_test(t, parked_by_a_connection_it_hears_one_peer, 0, 5);
	tcase_add_test(t, given_to_nobody_is_parked_again);
	tcase_add_test(t, a_clients_socket_is_not_given_where_nobody_can_tell);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(suite());
}
