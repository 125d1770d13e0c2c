/* SPDX-License-Identifier: ISC */
/*
 * The pool has each socket that the plan asks for, or reports why not.  But for
 * grants, ports here are high: anybody may bind them.
 */
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/resource.h>

#include "fixture.h"
#include "privilege.h"

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

/* Each port of a range, of each of two mappings, and none beside them. */
START_TEST(finds_each_port_of_a_range)
{
	struct endpoint asked = endpoint_of("0.0.0.0", false);
	struct pool_variant *v;
	struct answer answer;
	uint16_t i;

	plan_map("20443-20446:28443-28446");
	plan_map("20543-20544:28447-28448");
	ck_assert(fill(&answer));
	for (i = 0; i < 6; i++) {
		asked.port = (uint16_t)(28443 + i);
		ck_assert(pool_expects(&pool, asked.port));
		v = pool_find(&pool, &asked, IPPROTO_TCP);
		ck_assert_uint_eq(v->mapping, i >= 4);
		ck_assert_uint_eq(v->endpoint.port,
		    i < 4 ? 20443 + i : 20543 + i - 4);
	}
	ck_assert(!pool_expects(&pool, 28442));
	ck_assert(!pool_expects(&pool, 28449));
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

/* And no socket of the variant is left behind. */
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

/* True if no socket at all is bound to the port, listening or not.  (A port
 * that tests connect to is not free: TIME_WAIT.) */
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

/* The other one sets SO_REUSEADDR too, and does not listen. */
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

	/* This port has no old connections of other tests. */
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

/* The other mappings have their sockets. */
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

/* So it is if the host may lack the variant; and the hand-offs have their
 * descriptors. */
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

/* Enters a network namespace in which lo has no address.  (Until it was up
 * once, the kernel has no table of addresses, and lets any be bound.) */
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
	/* Other functions pass over the variants that are absent. */
	ck_assert(pool_expects(&pool, SERVER_PORT));
	ck_assert(!lease_wants_refresh(&pool));
	lease_refresh(&pool, pool.variants);
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

/* As on a kernel with ipv6.disable=1. */
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

/* ---- Grants */

/* Enters a network of its own, in which this process holds the capability.
 * Root or not, it is in the permitted set alone, as in the helper. */
static bool
have_own_network(void)
{
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
		return false;
	set_loopback(SIOCSIFFLAGS, (struct ifreq){.ifr_flags = IFF_UP});
	privilege_lower();
	return true;
}

/* A mapping that is not granted it is bound as anybody could. */
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
	/* Nothing is left effective. */
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

/* ---- gVisor */

static bool as_in_gvisor;

/* In place of the C library's: in gVisor, SO_REUSEADDR of a bound socket stays as
 * it was for bind(2). */
int
setsockopt(int fd, int level, int name, const void *value, socklen_t size)
{
	struct endpoint bound;

	if (as_in_gvisor && level == SOL_SOCKET && name == SO_REUSEADDR &&
	    socket_endpoint(fd, &bound) && bound.port != 0)
		return 0;
	return (int)syscall(SYS_setsockopt, fd, level, name, value, size);
}

/* Whether the port is shared is then for the child to see. */
START_TEST(binds_beside_what_was_bound_alone)
{
	const int before = unit_descriptors();
	struct answer answer;

	plan.spares = 4;
	plan_map("20556:28443");
	ck_assert(fill(&answer));
	ck_assert_uint_eq(answer.results[0].crowded, 0);
	ck_assert_int_eq(unit_descriptors(), before + 6 * 4 + 1);
	plan.mappings[0].public_port++;
	as_in_gvisor = true;
	ck_assert(fill(&answer));
	assert_result(&answer, 0, OUTCOME_READY, 0);
	ck_assert_uint_eq(answer.results[0].crowded, 1);
	ck_assert_uint_eq(sockets_of(0), 6 * 4 + 1);
	ck_assert_int_eq(unit_descriptors(), before + 2 * (6 * 4 + 1));
	ck_assert_int_eq(try_listen(find("::", false)->sockets[0].fd), 0);
}
END_TEST

START_TEST(does_not_bind_beside_others)
{
	struct endpoint e = endpoint_of("127.0.0.1", false);
	const int listener = socket_open(&e, IPPROTO_TCP);
	int before;
	struct answer answer;

	e.port = 20556;
	ck_assert_int_eq(socket_bind(listener, &e), 0);
	ck_assert_int_eq(try_listen(listener), 0);
	as_in_gvisor = _i != 0;
	plan.spares = 4;
	plan_map("20556:28443");
	before = unit_descriptors();
	ck_assert(!fill(&answer));
	assert_result(&answer, 0, OUTCOME_NOT_BOUND, EADDRINUSE);
	ck_assert_uint_eq(answer.results[0].crowded, 1);
	ck_assert_int_eq(unit_descriptors(), before);
}
END_TEST

/* ---- Sockets of a service manager's */

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
	/* It is for any address of its family, again and again. */
	v = pool_find(&pool, &asked, IPPROTO_TCP);
	ck_assert_ptr_nonnull(v);
	for (i = 0; i < 3; i++) {
		struct pool_socket *picked = pick(v, false);

		ck_assert_int_eq(picked->fd, fd);
		lease_commit(&pool, picked,
		    (struct process_descriptor){getpid(), fd}, &(int){-1});
	}
	ck_assert(!lease_wants_refresh(&pool));
	lease_refresh(&pool, pool.variants);
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

static Suite *
suite(void)
{
	Suite *s = suite_create("pool");
	TCase *t = tcase_create("pool");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, fills_each_variant);
	tcase_add_test(t, finds_the_variant_alone);
	tcase_add_test(t, one_address_covers_no_other);
	tcase_add_test(t, expects_the_server_port_alone);
	tcase_add_test(t, finds_each_port_of_a_range);
	tcase_add_test(t, two_mappings_keep_apart);
	tcase_add_test(t, port_in_use_is_reported);
	tcase_add_loop_test(t, a_tcp_port_that_is_shared_is_reported, 0, 11);
	tcase_add_test(t, failure_to_bind_leaves_nothing_of_its_mapping);
	/* In the first mapping or the second, at a common variant or not. */
	tcase_add_loop_test(t, failure_to_open_leaves_nothing_of_its_mapping, 0,
	    20);
	tcase_add_test(t, address_of_no_interface_is_reported);
	tcase_add_test(t, does_without_loopback_addresses);
	tcase_add_loop_test(t, needs_the_address_that_was_named, 0, 2);
	tcase_add_test(t, does_without_ipv6);
	tcase_add_test(t, needs_ipv6_where_it_was_named);
	tcase_add_test(t, grants_decide_what_the_capability_is_used_for);
	tcase_add_test(t, a_grant_is_no_capability);
	tcase_add_test(t, binds_beside_what_was_bound_alone);
	tcase_add_loop_test(t, does_not_bind_beside_others, 0, 2);
	tcase_add_test(t, inherits_bound_sockets_of_the_protocol);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(suite());
}
