/* SPDX-License-Identifier: ISC */
/*
 * Which socket of the pool a server is given, with which options, and when it
 * comes back.
 */
#include <limits.h>
#include <netinet/tcp.h>

#include "clock.h"
#include "fixture.h"

/* Waits for the next look for listeners; last: there is none after it. */
static void
await_look_for_listeners(bool last)
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
	/* The second one does not listen yet. */
	lease_commit(&pool, picked, (struct process_descriptor){1, 3},
	    &(int){-1});
	ck_assert_uint_eq(v->count, 2);
	await_look_for_listeners(false);
	ck_assert_uint_eq(v->count, 2);
	ck_assert_int_eq(try_listen(second), 0);
	await_look_for_listeners(true);
	ck_assert_uint_eq(v->count, 1);
	ck_assert_int_eq(fcntl(second, F_GETFD), -1);
}
END_TEST

/* Nobody holds the kept socket while it is on its way, and it stays lent.  When
 * it has arrived, or never will, it matters again who holds it. */
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
		lease_refresh(&pool, pool.variants);
		ck_assert(lease_wants_refresh(&pool));
		ck_assert_ptr_null(lease_pick(v, false));
	}
	close(ends[1]);
	lease_refresh(&pool, pool.variants);
	ck_assert(!lease_wants_refresh(&pool));
	socket = pick(v, false);
	ck_assert_int_eq(unit_descriptors(), before);
	/* The control: without a delivery, the server has it at once. */
	lease_commit(&pool, socket, gone, &(int){-1});
	ck_assert(lease_wants_refresh(&pool));
	lease_refresh(&pool, pool.variants);
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
	lease_refresh(&pool, pool.variants);
	ck_assert(lease_wants_refresh(&pool));
	ck_assert_ptr_null(lease_pick(v, false));
	/* It still serves. */
	ck_assert_int_eq(try_connect("127.0.0.1"), 0);
	server_end(server);
	lease_refresh(&pool, pool.variants);
	ck_assert(!lease_wants_refresh(&pool));
	pick(v, false);
}
END_TEST

/* Hands the kept socket to a server that nobody can look at. */
static struct server
server_start_hidden(struct pool_variant *v)
{
	struct server server;
	struct pool_socket *socket;

	socket = pick(v, false);
	server = server_take(socket, HIDES);
	lease_refresh(&pool, pool.variants);
	ck_assert_int_eq(v->sockets[0].holding, PROCESS_MAY_HOLD);
	return server;
}

/* Otherwise no server could ever bind again: two servers on one socket are
 * better. */
START_TEST(kept_socket_is_given_where_nobody_can_tell)
{
	struct pool_variant *v;
	struct server hidden, second;
	struct pool_socket *socket;
	int i;

	pool_of(1, "20443:28443");
	v = find("0.0.0.0", false);
	/* The control: this server can be looked at. */
	second = server_start(v);
	lease_refresh(&pool, pool.variants);
	ck_assert_ptr_null(lease_pick(v, false));
	server_end(second);
	lease_refresh(&pool, pool.variants);
	hidden = server_start_hidden(v);
	for (i = 0; i < 2; i++)
		socket = pick(v, i != 0);
	ck_assert_int_eq(socket->fd, v->sockets[0].fd);
	second = server_take(socket, LISTENS);
	/* Now the helper sees somebody hold it. */
	lease_refresh(&pool, pool.variants);
	ck_assert_int_eq(v->sockets[0].holding, PROCESS_HOLDS);
	ck_assert(lease_wants_refresh(&pool));
	ck_assert_ptr_null(lease_pick(v, false));
	server_end(second);
	lease_refresh(&pool, pool.variants);
	socket = pick(v, false);
	/* It still serves. */
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
	lease_refresh(&pool, pool.variants);
	ck_assert_int_eq(try_connect("127.0.0.1"), 0);
	ck_assert_int_eq(socket_option(v->sockets[0].fd, SOL_SOCKET,
			     SO_ACCEPTCONN),
	    1);
	server_end(hidden);
	lease_refresh(&pool, pool.variants);
	ck_assert_int_eq(v->sockets[0].holding, PROCESS_NONE_HOLDS);
	ck_assert(!lease_wants_refresh(&pool));
	ck_assert_int_eq(try_connect("127.0.0.1"), ECONNREFUSED);
	server_end(server_start(v));
}
END_TEST

/* A process that nobody can look at, of another variant's server, hides no
 * holder. */
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
	lease_refresh(&pool, pool.variants);
	ck_assert(lease_wants_refresh(&pool));
	ck_assert_int_eq(four->sockets[0].holding, PROCESS_MAY_HOLD);
	ck_assert_int_eq(six->sockets[0].holding, PROCESS_HOLDS);
	server_end(server);
	lease_refresh(&pool, pool.variants);
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
	/* The other server still has it. */
	lease_refresh(&pool, pool.variants);
	ck_assert(lease_wants_refresh(&pool));
	ck_assert_int_eq(try_connect("127.0.0.1"), 0);
	server_end(second);
	lease_refresh(&pool, pool.variants);
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
	/* The price of keeping it: clients still queue until the next look. */
	ck_assert_int_eq(try_connect("127.0.0.1"), 0);
	lease_refresh(&pool, pool.variants);
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
	lease_refresh(&pool, pool.variants);
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
	lease_refresh(&pool, pool.variants);
	socket = pick(v, false);
	ck_assert_int_eq(try_listen(socket->fd), 0);
	assert_serves(socket->fd, "127.0.0.1");
}
END_TEST

/* One that does not listen is in nobody's way. */
START_TEST(closed_sockets_are_made_fresh_together)
{
	struct pool_variant *v;
	struct pool_socket *socket;
	unsigned int i;

	pool_of(10, "20443:28443");
	v = find("0.0.0.0", false);
	for (i = 0; i < 8; i++) {
		lease_refresh(&pool, pool.variants);
		ck_assert_uint_eq(v->lent, i);
		socket = pick(v, false);
		server_end(server_take(socket, BINDS));
	}
	lease_refresh(&pool, pool.variants);
	ck_assert_uint_eq(v->lent, 0);
	/* A listener is in the way of the next one at once. */
	socket = pick(v, false);
	lease_commit(&pool, socket, (struct process_descriptor){1, 3},
	    &(int){-1});
	lease_refresh(&pool, pool.variants);
	ck_assert_uint_eq(v->lent, 1);
	ck_assert_int_eq(try_listen(socket->fd), 0);
	ck_assert_int_eq(try_connect("127.0.0.1"), 0);
	lease_refresh(&pool, pool.variants);
	ck_assert_uint_eq(v->lent, 0);
	ck_assert_int_eq(try_connect("127.0.0.1"), ECONNREFUSED);
}
END_TEST

/* However many sockets servers hold, a bind costs the same. */
START_TEST(what_servers_hold_is_looked_at_once)
{
	struct server servers[8];
	struct pool_variant *v;
	unsigned int i;

	pool_of(10, "20443:28443");
	v = find("0.0.0.0", false);
	for (i = 0; i < LENGTH(servers); i++) {
		lease_refresh(&pool, v);
		servers[i] = server_take(pick(v, false), BINDS);
	}
	lease_refresh(&pool, v);
	for (i = 0; i < LENGTH(servers); i++)
		ck_assert(v->sockets[i].looked_for);
	lease_refresh(&pool, v);
	for (i = 0; i < LENGTH(servers); i++)
		ck_assert(!v->sockets[i].looked_for);
	ck_assert_uint_eq(v->lent, LENGTH(servers));
	for (i = 0; i < LENGTH(servers); i++)
		server_end(servers[i]);
	lease_refresh(&pool, NULL);
	lease_refresh(&pool, NULL);
	ck_assert_uint_eq(v->lent, 0);
}
END_TEST

/* Nor with the ports.  A socket of another port is in nobody's way. */
START_TEST(other_ports_are_not_looked_at)
{
	struct endpoint other = endpoint_of("0.0.0.0", false);
	struct pool_variant *v, *beside;

	pool_of(1, "20443-20444:28443-28444");
	v = find("0.0.0.0", false);
	other.port = SERVER_PORT + 1;
	beside = pool_find(&pool, &other, IPPROTO_TCP);
	ck_assert_uint_eq(beside->endpoint.port, PORT + 1);
	server_end(server_take(pick(v, false), LISTENS));
	lease_refresh(&pool, beside);
	ck_assert_uint_eq(v->lent, 1);
	/* Another address of the port is. */
	lease_refresh(&pool, find("127.0.0.1", false));
	ck_assert_uint_eq(v->lent, 0);
}
END_TEST

START_TEST(one_with_its_first_options_is_picked_first)
{
	struct pool_variant *v;

	pool_of(3, "20443:28443");
	v = find("0.0.0.0", false);
	v->sockets[0].altered = true;
	ck_assert_ptr_eq(pick(v, false), &v->sockets[1]);
	/* Worse is one that hears a single peer. */
	v->sockets[1].hears_one_peer = v->sockets[2].hears_one_peer = true;
	ck_assert_ptr_eq(pick(v, false), &v->sockets[0]);
}
END_TEST

/* A reload moves it to another descriptor or process. */
START_TEST(holder_may_have_moved)
{
	struct pool_variant *v;
	struct server server;

	pool_of(1, "20443:28443");
	v = find("0.0.0.0", false);
	server = server_start(v);
	v->sockets[0].holder = (struct process_descriptor){1, 3};
	lease_refresh(&pool, pool.variants);
	ck_assert(lease_wants_refresh(&pool));
	ck_assert_int_eq(v->sockets[0].holder.pid, server.pid);
	ck_assert_int_eq(v->sockets[0].holder.fd, 3);
	server_end(server);
	lease_refresh(&pool, pool.variants);
	ck_assert(!lease_wants_refresh(&pool));
	pick(v, false);
}
END_TEST

/* ---- The mapped port as a source port */

/* A server takes the next socket and connects it to a peer; returns the
 * peer. */
static int
client_start(struct pool_variant *v, struct server *server)
{
	struct pool_socket *socket;
	int peer;

	lease_refresh(&pool, pool.variants);
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
		/* No bind needs the socket yet. */
		lease_refresh(&pool, NULL);
		age(v);
		lease_refresh(&pool, NULL);
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
		lease_refresh(&pool, NULL);
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

/* Nobody can see whether the server still has its connection. */
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
	lease_refresh(&pool, pool.variants);
	ck_assert_int_eq(v->sockets[0].holding, PROCESS_MAY_HOLD);
	ck_assert_ptr_null(lease_pick(v, false));
	ck_assert_ptr_null(lease_pick(v, true));
	ck_assert_int_eq(write(v->sockets[0].fd, "y", 1), 1);
	ck_assert_int_eq(read(peer, &byte, 1), 1);
	server_end(server);
	lease_refresh(&pool, pool.variants);
	lease_refresh(&pool, pool.variants);
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
		lease_refresh(&pool, pool.variants);
		socket = pick(v, false);
		server_end(server_take(socket, BINDS));
		ck_assert_uint_eq(v->count, 2);
	}
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
	OBSERVED, /* the ones it was seen to set */
	FETCHED,  /* all of them, from its socket */
};

/* Makes seen what the helper learns of a new server that sets these, unless
 * 0. */
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

/* One server after the other gets the kept socket.  The second has its own
 * options, in whatever way each of the two was learned. */
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
	lease_refresh(&pool, pool.variants);
	socket = pick(v, false);
	learn(&seen, _i >> 3 & 1, second, 0);
	lease_prepare(&pool, socket, &seen, false);
	ck_assert_int_eq(socket_option(socket->fd, SOL_SOCKET, SO_KEEPALIVE),
	    second);
}
END_TEST

/* Lends the only socket of a variant to a server that has bound one with these
 * options.  It turns another option on after the hand-off, and ends. */
static struct pool_socket *
come_back_altered(struct pool_variant *v, const struct sockopt_values *seen,
    int level, int name)
{
	struct pool_socket *socket = pick(v, false);
	const int on = 1;

	lease_prepare(&pool, socket, seen, false);
	ck_assert_int_eq(setsockopt(socket->fd, level, name, &on, sizeof(on)),
	    0);
	server_end(server_take(socket, LISTENS));
	lease_refresh(&pool, v);
	ck_assert(!socket->lent && socket->altered);
	return socket;
}

/* A server sets options after the hand-off, too. */
START_TEST(options_set_since_are_not_the_next_ones)
{
	struct sockopt_values seen;
	struct pool_variant *v;
	struct pool_socket *socket;

	pool_of(1, "20443:28443");
	v = find("0.0.0.0", false);
	learn(&seen, _i, 0, 0);
	come_back_altered(v, &seen, SOL_SOCKET, SO_KEEPALIVE);
	socket = pick(v, false);
	lease_prepare(&pool, socket, &seen, false);
	ck_assert_int_eq(socket_option(socket->fd, SOL_SOCKET, SO_KEEPALIVE),
	    0);
}
END_TEST

/* The last of several sockets is as fresh as the first was. */
START_TEST(options_of_one_socket_are_not_the_next_ones)
{
	struct sockopt_values seen;
	struct pool_variant *v;
	struct pool_socket *socket;
	int i;

	pool_of(3, "20443:28443");
	v = find("0.0.0.0", false);
	for (i = 1; i <= 6; i++) {
		lease_refresh(&pool, pool.variants);
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

/* Between two servers. */
START_TEST(options_are_restored_while_there_is_time)
{
	struct sockopt_values seen;
	struct pool_variant *v;
	struct pool_socket *socket;

	pool_of(1, "20443:28443");
	v = find("0.0.0.0", false);
	learn(&seen, false, 1, 0);
	socket = come_back_altered(v, &seen, IPPROTO_TCP, TCP_NODELAY);
	ck_assert_int_ge(lease_due(&pool), 0);
	pool.restore_at = LLONG_MAX;
	lease_restore_one(&pool);
	ck_assert_int_eq(socket_option(socket->fd, SOL_SOCKET, SO_KEEPALIVE),
	    1);
	pool.restore_at = 0;
	lease_restore_one(&pool);
	ck_assert_int_eq(socket_option(socket->fd, SOL_SOCKET, SO_KEEPALIVE),
	    0);
	ck_assert_int_eq(socket_option(socket->fd, IPPROTO_TCP, TCP_NODELAY),
	    0);
	/* It may not have been to be set: this is seen first. */
	ck_assert(socket->altered);
	lease_restore_one(&pool);
	ck_assert(!socket->altered);
	pool.refresh_at = pool.listening_at = 0;
	ck_assert_int_eq(lease_due(&pool), -1);
}
END_TEST

/* A server may bind at any moment. */
START_TEST(options_of_a_lent_socket_are_not_restored)
{
	struct sockopt_values seen;
	struct pool_variant *v;
	struct pool_socket *socket;
	struct server server;

	pool_of(1, "20443:28443");
	v = find("0.0.0.0", false);
	learn(&seen, false, 1, 0);
	socket = come_back_altered(v, &seen, IPPROTO_TCP, TCP_NODELAY);
	pool.restore_at = 0;
	if (_i > 0)
		lease_restore_one(&pool);
	ck_assert_ptr_eq(pick(v, false), socket);
	lease_prepare(&pool, socket, &seen, false);
	server = server_take(socket, LISTENS);
	pool.restore_at = 0;
	lease_restore_one(&pool);
	ck_assert_int_eq(socket_option(socket->fd, SOL_SOCKET, SO_KEEPALIVE),
	    1);
	ck_assert_int_eq(socket_option(socket->fd, IPPROTO_TCP, TCP_NODELAY),
	    0);
	server_end(server);
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

/* One server after the other gets the kept socket.  A type of service sets the
 * priority, which stays. */
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
		lease_refresh(&pool, pool.variants);
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

/* ---- Each option is set once at the most: setsockopt here takes the place of
 * the C library's, and counts. */

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

/* Two servers share a port by SO_REUSEPORT: it is never off in between. */
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
	lease_refresh(&pool, pool.variants);
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

/* An option that does not differ is not set: that would cost a system call. */
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
add_listeners(Suite *s)
{
	TCase *t = tcase_create("listeners");

	tcase_add_checked_fixture(t, setup, NULL);
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
	tcase_add_test(t, closed_sockets_are_made_fresh_together);
	tcase_add_test(t, what_servers_hold_is_looked_at_once);
	tcase_add_test(t, other_ports_are_not_looked_at);
	tcase_add_test(t, one_with_its_first_options_is_picked_first);
	tcase_add_test(t, holder_may_have_moved);
	suite_add_tcase(s, t);
}

static void
add_connections(Suite *s)
{
	TCase *t = tcase_create("connections");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_loop_test(t, connections_one_after_the_other, 1, 4);
	tcase_add_test(t, connections_at_once);
	tcase_add_test(t, a_connection_is_not_given_where_nobody_can_tell);
	tcase_add_test(t, what_was_bound_alone_comes_back);
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
	tcase_add_test(t, options_are_restored_while_there_is_time);
	tcase_add_loop_test(t, options_of_a_lent_socket_are_not_restored, 0, 2);
	tcase_add_loop_test(t, prepared_for_nobody_is_prepared_anew, 0, 2);
	tcase_add_test(t, kept_socket_has_the_priority_of_its_server);
	tcase_add_loop_test(t, shared_socket_keeps_reuseport, 0, 4);
	tcase_add_test(t, defaults_are_not_set);
	suite_add_tcase(s, t);
}

static Suite *
suite(void)
{
	Suite *s = suite_create("lease");

	add_listeners(s);
	add_connections(s);
	add_options(s);
	return s;
}

int
main(void)
{
	return unit_run(suite());
}
