/* SPDX-License-Identifier: ISC */
/*
 * What the kernel must do for the pool to work, one claim a test, and what the
 * pool makes of it.  Ports here are high: who may bind them is not the matter.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "pool.h"
#include "socket.h"
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
	int fd = socket_open(&e);

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
	*error =
	    connect(fd, (struct sockaddr *)&storage, length) == 0 ? 0 : errno;
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

	ck_assert_int_eq(
	    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)), 0);
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
	int fd = socket_open(&e);

	/* A helper after its drop is as ordinary as its server. */
	unit_become_ordinary();
	ck_assert_msg(
	    fd >= 0 && socket_bind(fd, &e) == 0,
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
	} rows[] = {{"0.0.0.0", false},   {"::ffff:0.0.0.0", false},
		    {"::", false},        {"::", true},
		    {"127.0.0.1", false}, {"::ffff:127.0.0.1", false},
		    {"::1", false},       {"127.0.0.2", false}};
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
	fd = socket_open(&e);
	ck_assert_int_eq(
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &off, sizeof(off)), 0);
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

	fd = socket_open(&e);
	ck_assert_int_eq(socket_bind(fd, &e), 0);
	close(fd);
	ck_assert_int_eq(try_listen(listener), 0);
	fd = socket_open(&e);
	ck_assert_int_eq(socket_bind(fd, &e), -1);
	ck_assert_int_eq(errno, EADDRINUSE);
}
END_TEST

/* Hence a variant for each. */
START_TEST(v6only_cannot_change_after_bind)
{
	struct endpoint e = endpoint_of("::", false);
	int fd = socket_open(&e), on = 1;

	ck_assert_int_eq(
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)), 0);
	fd = socket_bound("::", false);
	ck_assert_int_eq(
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)), -1);
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

START_TEST(unlisten_keeps_the_binding)
{
	int fd = socket_bound("0.0.0.0", false);
	struct endpoint e;

	ck_assert_int_eq(try_listen(fd), 0);
	assert_serves(fd, "127.0.0.1");
	socket_unlisten(fd);
	ck_assert_int_eq(try_connect("127.0.0.1"), ECONNREFUSED);
	ck_assert(socket_endpoint(fd, &e));
	ck_assert_uint_eq(e.port, PORT);
	ck_assert_int_eq(try_listen(fd), 0);
	assert_serves(fd, "127.0.0.1");
}
END_TEST

START_TEST(unlisten_resets_who_waits)
{
	int fd = socket_bound("0.0.0.0", false), error, client;
	char byte;

	ck_assert_int_eq(try_listen(fd), 0);
	client = connect_to("127.0.0.1", &error);
	ck_assert_int_eq(error, 0);
	socket_unlisten(fd);
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
START_TEST(unlisten_of_what_never_listened_harms_nothing)
{
	int fd = socket_bound("0.0.0.0", false);

	socket_unlisten(fd);
	socket_unlisten(fd);
	ck_assert_int_eq(try_listen(fd), 0);
	assert_serves(fd, "127.0.0.1");
}
END_TEST

/* ---- The pool */

static struct pool pool;
static struct plan plan;

static void
plan_map(const char *text)
{
	char why[MAPPING_WHY];

	ck_assert(
	    mapping_parse(&plan.mappings[plan.mapping_count++], text, why));
}

static void
pool_of(unsigned int spares, const char *mapping)
{
	struct answer answer = {0};
	char text[ENDPOINT_TEXT];

	plan.spares = spares;
	plan_map(mapping);
	ck_assert_msg(pool_fill(&pool, &plan, &answer), "%s: %s",
		      endpoint_format(&answer.endpoint, text),
		      strerror(answer.error));
	ck_assert_uint_eq(answer.outcome, OUTCOME_READY);
}

static struct pool_variant *
find(const char *address, bool v6only)
{
	struct endpoint asked = endpoint_of(address, v6only);

	asked.port = SERVER_PORT;
	return pool_find(&pool, &asked);
}

/* What a server of another process does with what it has been given. */
struct server {
	pid_t pid;
	int leash;
};

static _Noreturn void
server_run(int socket, bool listens, int ready, int leash)
{
	char error;

	dup2(socket, 3);
	dup2(ready, 4);
	dup2(leash, 5);
	close_range(6, ~0U, 0);
	error = (char)(listens ? try_listen(3) : 0);
	if (write(4, &error, 1) != 1 || read(5, &error, 1) != 0)
		_exit(99);
	_exit(EXIT_SUCCESS);
}

/* Hands a socket out as handoff.c does.  The server has it at descriptor 3. */
static struct server
server_take(struct pool_variant *v, int socket, bool listens)
{
	int ready[2], leash[2];
	struct server server;
	char error;

	ck_assert_int_eq(pipe(ready), 0);
	ck_assert_int_eq(pipe(leash), 0);
	/* Beyond what the server overwrites. */
	ready[1] = fcntl(ready[1], F_DUPFD, 10);
	leash[0] = fcntl(leash[0], F_DUPFD, 10);
	server.pid = fork();
	ck_assert_int_ge(server.pid, 0);
	if (server.pid == 0)
		server_run(socket, listens, ready[1], leash[0]);
	ck_assert_int_eq(read(ready[0], &error, 1), 1);
	ck_assert_int_eq(error, 0);
	pool_commit(v, socket, (struct process_descriptor){server.pid, 3});
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
	int socket;

	pool_refresh(&pool);
	ck_assert_int_eq(pool_pick(v, false, &socket), 0);
	return server_take(v, socket, true);
}

START_TEST(fills_each_variant)
{
	int before = unit_descriptors();

	pool_of(4, "20443:28443");
	ck_assert_uint_eq(pool.count, MAPPING_VARIANTS_MAX);
	ck_assert_uint_eq(pool_size(&plan), 3 * 4 + 4);
	ck_assert_int_eq(unit_descriptors(), before + 3 * 4 + 4);
}
END_TEST

START_TEST(finds_the_variant_alone)
{
	static const struct {
		const char *address;
		bool v6only;
	} covered[] = {{"0.0.0.0", false},   {"::ffff:0.0.0.0", false},
		       {"127.0.0.1", false}, {"::ffff:127.0.0.1", true},
		       {"::", false},        {"::", true},
		       {"::1", false},       {"::1", true}};
	struct pool_variant *v;
	struct endpoint bound;
	size_t i;

	pool_of(1, "20443:28443");
	for (i = 0; i < LENGTH(covered); i++) {
		v = find(covered[i].address, covered[i].v6only);
		ck_assert_ptr_nonnull(v);
		ck_assert(socket_endpoint(v->sockets[0], &bound));
		ck_assert_uint_eq(bound.port, PORT);
		bound.v6only =
		    socket_option(v->sockets[0], IPPROTO_IPV6, IPV6_V6ONLY);
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
	ck_assert_uint_eq(pool_find(&pool, &asked)->mapping, 0);
	ck_assert_uint_eq(pool_find(&pool, &asked)->endpoint.port, 20444);
}
END_TEST

/* Reported as it is, and no socket left behind of the variant. */
START_TEST(port_in_use_is_reported)
{
	int listener = socket_bound("0.0.0.0", false), before;
	struct answer answer = {0};

	plan.spares = 4;
	plan_map("20443:28443");
	ck_assert_int_eq(try_listen(listener), 0);
	before = unit_descriptors();
	ck_assert(!pool_fill(&pool, &plan, &answer));
	ck_assert_uint_eq(answer.outcome, OUTCOME_NOT_BOUND);
	ck_assert_int_eq(answer.error, EADDRINUSE);
	ck_assert_uint_eq(answer.endpoint.port, PORT);
	ck_assert_int_eq(unit_descriptors(), before);
	close(listener);
	ck_assert(pool_fill(&pool, &plan, &answer));
}
END_TEST

START_TEST(address_of_no_interface_is_reported)
{
	struct answer answer = {0};

	plan.spares = 1;
	plan_map("127.0.0.1:20443:28443");
	ck_assert(pool_fill(&pool, &plan, &answer));
	plan_map("198.51.100.1:20444:28444");
	ck_assert(!pool_fill(&pool, &plan, &answer));
	ck_assert_uint_eq(answer.outcome, OUTCOME_NOT_BOUND);
	ck_assert_int_eq(answer.error, EADDRNOTAVAIL);
}
END_TEST

START_TEST(each_pick_is_another_socket)
{
	struct pool_variant *v;
	int first, again, second;

	pool_of(3, "20443:28443");
	v = find("0.0.0.0", false);
	ck_assert_int_eq(pool_pick(v, false, &first), 0);
	ck_assert_int_eq(pool_pick(v, false, &again), 0);
	ck_assert_int_eq(first, again);
	pool_commit(v, first, (struct process_descriptor){1, 3});
	ck_assert_int_eq(fcntl(first, F_GETFD), -1);
	ck_assert_int_eq(pool_pick(v, false, &second), 0);
	ck_assert_int_ne(first, second);
	ck_assert_uint_eq(v->count, 2);
	ck_assert(!pool_shares(&pool));
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
	int socket;

	pool_of(2, "20443:28443");
	v = find("0.0.0.0", false);
	server = server_start(v);
	ck_assert_int_eq(pool_pick(v, false, &socket), 0);
	ck_assert_int_eq(try_listen(socket), EADDRINUSE);
	server_end(server);
	ck_assert_int_eq(try_listen(socket), 0);
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
		ck_assert_int_eq(pool_shares(&pool), i > 0);
		ck_assert_int_eq(try_connect("127.0.0.1"), 0);
		server_end(server);
	}
}
END_TEST

START_TEST(kept_socket_is_refused_while_it_is_held)
{
	struct pool_variant *v;
	struct server server;
	int socket;

	pool_of(1, "20443:28443");
	v = find("0.0.0.0", false);
	server = server_start(v);
	pool_refresh(&pool);
	ck_assert(pool_shares(&pool));
	ck_assert_int_eq(pool_pick(v, false, &socket), EADDRINUSE);
	/* It still serves: refresh has not touched it. */
	ck_assert_int_eq(try_connect("127.0.0.1"), 0);
	server_end(server);
	pool_refresh(&pool);
	ck_assert(!pool_shares(&pool));
	ck_assert_int_eq(pool_pick(v, false, &socket), 0);
}
END_TEST

START_TEST(kept_socket_is_shared_with_reuseport)
{
	struct pool_variant *v;
	struct server first, second;
	int socket, again;

	pool_of(1, "20443:28443");
	v = find("0.0.0.0", false);
	ck_assert_int_eq(pool_pick(v, true, &socket), 0);
	first = server_take(v, socket, true);
	ck_assert_int_eq(pool_pick(v, true, &again), 0);
	ck_assert_int_eq(again, socket);
	second = server_take(v, socket, true);
	server_end(first);
	/* The other one still has it. */
	pool_refresh(&pool);
	ck_assert(pool_shares(&pool));
	ck_assert_int_eq(try_connect("127.0.0.1"), 0);
	server_end(second);
	pool_refresh(&pool);
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
	pool_refresh(&pool);
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
	int socket;

	pool_of(1, "20443:28443");
	v = find("0.0.0.0", false);
	server_end(server_start(v));
	pool_refresh(&pool);
	ck_assert_int_eq(pool_pick(v, false, &socket), 0);
	ck_assert_int_eq(try_listen(socket), 0);
	assert_serves(socket, "127.0.0.1");
}
END_TEST

/* The server died between bind(2) and listen(2). */
START_TEST(socket_that_never_listened_serves_as_new)
{
	struct pool_variant *v;
	int socket;

	pool_of(1, "20443:28443");
	v = find("0.0.0.0", false);
	ck_assert_int_eq(pool_pick(v, false, &socket), 0);
	server_end(server_take(v, socket, false));
	pool_refresh(&pool);
	ck_assert_int_eq(pool_pick(v, false, &socket), 0);
	ck_assert_int_eq(try_listen(socket), 0);
	assert_serves(socket, "127.0.0.1");
}
END_TEST

/* Moved to another descriptor, or to another process, as reloads do. */
START_TEST(holder_may_have_moved)
{
	struct pool_variant *v;
	struct server server;
	int socket;

	pool_of(1, "20443:28443");
	v = find("0.0.0.0", false);
	server = server_start(v);
	v->holder = (struct process_descriptor){1, 3};
	pool_refresh(&pool);
	ck_assert(pool_shares(&pool));
	ck_assert_int_eq(v->holder.pid, server.pid);
	ck_assert_int_eq(v->holder.fd, 3);
	server_end(server);
	pool_refresh(&pool);
	ck_assert(!pool_shares(&pool));
	ck_assert_int_eq(pool_pick(v, false, &socket), 0);
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
	int socket;

	pool_of(2, "20443:28443");
	v = find("0.0.0.0", false);
	ck_assert_int_eq(pool_pick(v, false, &socket), 0);
	want(&wanted, SOL_SOCKET, SO_KEEPALIVE, 1);
	pool_prepare(&pool, v, socket, &wanted, true);
	ck_assert_int_eq(socket_option(socket, SOL_SOCKET, SO_KEEPALIVE), 1);
	ck_assert_int_ne(fcntl(socket, F_GETFL) & O_NONBLOCK, 0);
	pool_prepare(&pool, v, socket, &wanted, false);
	ck_assert_int_eq(fcntl(socket, F_GETFL) & O_NONBLOCK, 0);
}
END_TEST

/* One server after the other gets the kept socket.  Whether the second's
 * options are all known, or those it was seen to set, they are its own. */
static void
kept_socket_has(int first, int second, bool complete)
{
	struct sockopt_values wanted = {{0}};
	struct pool_variant *v;
	int socket, fresh;

	pool_of(1, "20443:28443");
	v = find("0.0.0.0", false);
	ck_assert_int_eq(pool_pick(v, false, &socket), 0);
	want(&wanted, SOL_SOCKET, SO_KEEPALIVE, first);
	pool_prepare(&pool, v, socket, &wanted, false);
	server_end(server_take(v, socket, true));
	pool_refresh(&pool);
	ck_assert_int_eq(pool_pick(v, false, &socket), 0);
	memset(&wanted, 0, sizeof(wanted));
	fresh = socket_bound("0.0.0.0", false);
	if (complete)
		sockopt_read(fresh, &wanted);
	if (complete || second != 0)
		want(&wanted, SOL_SOCKET, SO_KEEPALIVE, second);
	pool_prepare(&pool, v, socket, &wanted, false);
	ck_assert_int_eq(socket_option(socket, SOL_SOCKET, SO_KEEPALIVE),
			 second);
}

START_TEST(kept_socket_has_the_options_of_its_server)
{
	kept_socket_has(_i & 1, _i >> 1 & 1, _i >> 2 & 1);
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
	tcase_add_test(t, address_of_no_interface_is_reported);
	tcase_add_test(t, each_pick_is_another_socket);
	tcase_add_test(t, close_of_a_handed_out_socket_closes_the_port);
	tcase_add_test(t, second_server_conflicts_at_listen);
	tcase_add_test(t, last_socket_is_kept);
	tcase_add_test(t, kept_socket_is_refused_while_it_is_held);
	tcase_add_test(t, kept_socket_is_shared_with_reuseport);
	tcase_add_test(t, kept_socket_is_made_fresh);
	tcase_add_test(t, fresh_socket_serves_as_new);
	tcase_add_test(t, socket_that_never_listened_serves_as_new);
	tcase_add_test(t, holder_may_have_moved);
	tcase_add_test(t, prepare_sets_flags_and_options);
	tcase_add_loop_test(t, kept_socket_has_the_options_of_its_server, 0, 8);
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
	tcase_add_test(t, unlisten_keeps_the_binding);
	tcase_add_test(t, unlisten_resets_who_waits);
	tcase_add_test(t, unlisten_of_what_never_listened_harms_nothing);
	suite_add_tcase(s, t);
	add_pool(s);
	return s;
}

int
main(void)
{
	return unit_run(suite());
}
