/* SPDX-License-Identifier: ISC */
/*
 * A socket that takes the place of another has its options.
 */
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "socket.h"
#include "sockopt.h"
#include "unit.h"

/* What a server may set: none is the default of a new socket. */
static const struct setting {
	int level;
	int name;
	int family; /* AF_UNSPEC: both */
	int value;
} settings[] = {
    {SOL_SOCKET, SO_REUSEPORT, AF_UNSPEC, 1},
    {SOL_SOCKET, SO_KEEPALIVE, AF_UNSPEC, 1},
    {SOL_SOCKET, SO_RCVBUF, AF_UNSPEC, 40000},
    {SOL_SOCKET, SO_SNDBUF, AF_UNSPEC, 50000},
    {SOL_SOCKET, SO_PRIORITY, AF_UNSPEC, 5},
    {SOL_SOCKET, SO_INCOMING_CPU, AF_UNSPEC, 0},
    {SOL_SOCKET, SO_OOBINLINE, AF_UNSPEC, 1},
    {SOL_SOCKET, SO_DONTROUTE, AF_UNSPEC, 1},
    {SOL_SOCKET, SO_RCVLOWAT, AF_UNSPEC, 10},
    {SOL_SOCKET, SO_TIMESTAMP, AF_UNSPEC, 1},
    {IPPROTO_TCP, TCP_NODELAY, AF_UNSPEC, 1},
    {IPPROTO_TCP, TCP_MAXSEG, AF_UNSPEC, 1000},
    {IPPROTO_TCP, TCP_USER_TIMEOUT, AF_UNSPEC, 9000},
    {IPPROTO_TCP, TCP_FASTOPEN, AF_UNSPEC, 16},
    {IPPROTO_TCP, TCP_WINDOW_CLAMP, AF_UNSPEC, 30000},
    {IPPROTO_TCP, TCP_NOTSENT_LOWAT, AF_UNSPEC, 16384},
    {IPPROTO_TCP, TCP_SAVE_SYN, AF_UNSPEC, 1},
    {IPPROTO_TCP, TCP_SYNCNT, AF_UNSPEC, 3},
    {IPPROTO_TCP, TCP_KEEPIDLE, AF_UNSPEC, 33},
    {IPPROTO_TCP, TCP_KEEPINTVL, AF_UNSPEC, 22},
    {IPPROTO_TCP, TCP_KEEPCNT, AF_UNSPEC, 5},
    {IPPROTO_IP, IP_TOS, AF_INET, 0x28},
    {IPPROTO_IP, IP_TTL, AF_INET, 42},
    {IPPROTO_IP, IP_MTU_DISCOVER, AF_INET, IP_PMTUDISC_DONT},
    {IPPROTO_IP, IP_FREEBIND, AF_UNSPEC, 1},
    {IPPROTO_IPV6, IPV6_TCLASS, AF_INET6, 0x28},
    {IPPROTO_IPV6, IPV6_UNICAST_HOPS, AF_INET6, 42},
    /* The kernel bounds or rounds these: */
    {SOL_SOCKET, SO_RCVBUF, AF_UNSPEC, INT_MAX},
    {IPPROTO_TCP, TCP_DEFER_ACCEPT, AF_UNSPEC, 3},
};

#define ROUNDED 2

static const int families[] = {AF_INET, AF_INET6};

/* A server's, which is not bound yet. */
static int
socket_new(int family)
{
	int fd = socket(family, SOCK_STREAM, 0);

	ck_assert_int_ge(fd, 0);
	return fd;
}

/* One of the pool, bound already. */
static int
socket_bound(int family)
{
	struct endpoint e = {.family = (uint16_t)family};
	int fd = socket_open(&e, IPPROTO_TCP);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(socket_bind(fd, &e), 0);
	return fd;
}

static void
assert_same(const struct sockopt_values *a, const struct sockopt_values *b)
{
	int i;

	for (i = 0; i < SOCKOPT_COUNT; i++)
		ck_assert_msg(a->known[i] == b->known[i] &&
				  memcmp(a->value[i], b->value[i],
					 SOCKOPT_VALUE_MAX) == 0,
			      "level %d, option %d", sockopt_table[i].level,
			      sockopt_table[i].name);
}

START_TEST(table_is_sound)
{
	int i;

	for (i = 0; i < SOCKOPT_COUNT; i++) {
		const struct sockopt *o = &sockopt_table[i];

		ck_assert_int_eq(sockopt_find(o->level, o->name), i);
		ck_assert_uint_ge(o->size, sizeof(int));
		ck_assert_uint_le(o->size, SOCKOPT_VALUE_MAX);
		ck_assert(!o->doubled || o->size == sizeof(int));
	}
}
END_TEST

/* They decide which variant a bind gets, and whether a second one may. */
START_TEST(what_decides_is_observed)
{
	int v6only = sockopt_find(IPPROTO_IPV6, IPV6_V6ONLY);
	int reuseport = sockopt_find(SOL_SOCKET, SO_REUSEPORT);

	ck_assert(sockopt_table[v6only].observed);
	ck_assert(sockopt_table[reuseport].observed);
}
END_TEST

/* SO_REUSEADDR is on in the pool and stays on. */
START_TEST(find_knows_the_table_alone)
{
	ck_assert_int_ge(sockopt_find(SOL_SOCKET, SO_KEEPALIVE), 0);
	ck_assert_int_eq(sockopt_find(SOL_SOCKET, SO_REUSEADDR), -1);
	ck_assert_int_eq(sockopt_find(IPPROTO_UDP, SO_KEEPALIVE), -1);
	ck_assert_int_eq(sockopt_find(-1, -1), -1);
}
END_TEST

static void
set_option(int fd, const struct setting *set)
{
	ck_assert_msg(setsockopt(fd, set->level, set->name, &set->value,
				 sizeof(set->value)) == 0,
		      "level %d, option %d: %m", set->level, set->name);
}

static bool
applies_to(const struct setting *set, int family)
{
	return set->family == AF_UNSPEC || set->family == family;
}

START_TEST(each_option_is_carried_over)
{
	const struct setting *set = &settings[_i];
	struct sockopt_values wanted, present;
	int server, pool;
	size_t i;

	for (i = 0; i < LENGTH(families); i++) {
		if (!applies_to(set, families[i]))
			continue;
		server = socket_new(families[i]);
		pool = socket_bound(families[i]);
		sockopt_read(pool, &present);
		set_option(server, set);
		sockopt_read(server, &wanted);
		ck_assert_int_ne(
		    sockopt_integer(&wanted, set->level, set->name),
		    sockopt_integer(&present, set->level, set->name));
		sockopt_apply(pool, &wanted, &present);
		sockopt_read(pool, &present);
		assert_same(&present, &wanted);
	}
}
END_TEST

/* Options of another type than int. */
static void
set_structures(int fd)
{
	const struct linger linger = {1, 7};
	const struct timeval time = {3, 0};

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof(time));
	setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4);
	setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 2);
}

static void
carry_over(int server, int pool)
{
	struct sockopt_values wanted, present;

	sockopt_read(server, &wanted);
	sockopt_read(pool, &present);
	sockopt_apply(pool, &wanted, &present);
	sockopt_read(pool, &present);
	assert_same(&present, &wanted);
	ck_assert_int_eq(sockopt_integer(&present, SOL_SOCKET, SO_LINGER), 1);
	ck_assert_int_eq(sockopt_integer(&present, SOL_SOCKET, SO_RCVTIMEO), 3);
}

START_TEST(all_options_are_carried_over_at_once)
{
	int server = socket_new(families[_i]);
	size_t i;

	for (i = 0; i < LENGTH(settings); i++)
		if (applies_to(&settings[i], families[_i]))
			set_option(server, &settings[i]);
	set_structures(server);
	carry_over(server, socket_bound(families[_i]));
}
END_TEST

/* Some options change others (IP_TOS sets SO_PRIORITY): the order in which the
 * server set them must not matter. */
START_TEST(order_does_not_matter)
{
	int server = socket_new(families[_i]);
	size_t i;

	set_structures(server);
	for (i = LENGTH(settings); i > 0; i--)
		if (applies_to(&settings[i - 1], families[_i]))
			set_option(server, &settings[i - 1]);
	carry_over(server, socket_bound(families[_i]));
}
END_TEST

/* No option differs, so none is set: a hand-off costs no more than it must. */
START_TEST(bound_socket_has_the_defaults)
{
	int server = socket_new(families[_i]);
	int pool = socket_bound(families[_i]);
	struct sockopt_values wanted, present;

	sockopt_read(server, &wanted);
	sockopt_read(pool, &present);
	assert_same(&wanted, &present);
}
END_TEST

/* What is seen to be set counts as what would be read afterwards. */
START_TEST(note_is_what_read_finds)
{
	const struct setting *set = &settings[_i];
	int option = sockopt_find(set->level, set->name);
	struct sockopt_values read, noted;
	int family = set->family == AF_INET6 ? AF_INET6 : AF_INET, fd;

	fd = socket_new(family);
	sockopt_read(fd, &noted);
	set_option(fd, set);
	sockopt_note(&noted, option, &set->value, sizeof(set->value));
	sockopt_read(fd, &read);
	ck_assert_mem_eq(noted.value[option], read.value[option],
			 SOCKOPT_VALUE_MAX);
}
END_TEST

/* Applied from a note, an option ends as the server's own would. */
START_TEST(note_is_carried_over)
{
	const struct setting *set = &settings[_i];
	int option = sockopt_find(set->level, set->name);
	int family = set->family == AF_INET6 ? AF_INET6 : AF_INET;
	struct sockopt_values wanted = {{0}}, present, expected;
	int server = socket_new(family), pool = socket_bound(family);

	set_option(server, set);
	sockopt_read(server, &expected);
	sockopt_note(&wanted, option, &set->value, sizeof(set->value));
	sockopt_read(pool, &present);
	sockopt_apply(pool, &wanted, &present);
	sockopt_read(pool, &present);
	ck_assert_mem_eq(present.value[option], expected.value[option],
			 SOCKOPT_VALUE_MAX);
}
END_TEST

static void
note_integer(struct sockopt_values *values, int level, int name, int value)
{
	sockopt_note(values, sockopt_find(level, name), &value, sizeof(value));
}

static bool
is_known(const struct sockopt_values *values, int level, int name)
{
	return values->known[sockopt_find(level, name)];
}

static void
set_integer(int fd, int level, int name, int value)
{
	ck_assert_int_eq(setsockopt(fd, level, name, &value, sizeof(value)), 0);
}

/* The kernel's rule, which the next tests rely on (ip(7), IP_TOS). */
START_TEST(type_of_service_sets_the_priority)
{
	int fd = socket_new(AF_INET);

	set_integer(fd, SOL_SOCKET, SO_PRIORITY, 5);
	set_integer(fd, IPPROTO_IP, IP_TOS, 0x10);
	ck_assert_int_eq(socket_option(fd, SOL_SOCKET, SO_PRIORITY), 6);
	set_integer(fd, SOL_SOCKET, SO_PRIORITY, 5);
	ck_assert_int_eq(socket_option(fd, IPPROTO_IP, IP_TOS), 0x10);
}
END_TEST

START_TEST(note_of_type_of_service_forgets_the_priority)
{
	struct sockopt_values values = {{0}};

	note_integer(&values, SOL_SOCKET, SO_PRIORITY, 5);
	note_integer(&values, SOL_SOCKET, SO_KEEPALIVE, 1);
	note_integer(&values, IPPROTO_IP, IP_TTL, 9);
	ck_assert(is_known(&values, SOL_SOCKET, SO_PRIORITY));
	note_integer(&values, IPPROTO_IP, IP_TOS, 0x10);
	ck_assert(!is_known(&values, SOL_SOCKET, SO_PRIORITY));
	ck_assert(is_known(&values, SOL_SOCKET, SO_KEEPALIVE));
	ck_assert(is_known(&values, IPPROTO_IP, IP_TTL));
	ck_assert_int_eq(sockopt_integer(&values, IPPROTO_IP, IP_TOS), 0x10);
}
END_TEST

START_TEST(note_of_priority_after_type_of_service_stays)
{
	struct sockopt_values values = {{0}};

	note_integer(&values, IPPROTO_IP, IP_TOS, 0x10);
	note_integer(&values, SOL_SOCKET, SO_PRIORITY, 5);
	ck_assert_int_eq(sockopt_integer(&values, SOL_SOCKET, SO_PRIORITY), 5);
	ck_assert_int_eq(sockopt_integer(&values, IPPROTO_IP, IP_TOS), 0x10);
}
END_TEST

/* In either order, what is noted ends as with the server's own socket. */
START_TEST(notes_of_both_are_carried_over)
{
	int server = socket_new(AF_INET), pool = socket_bound(AF_INET), i;
	struct sockopt_values noted = {{0}}, present;

	for (i = 0; i < 2; i++)
		if (i == _i) {
			set_integer(server, IPPROTO_IP, IP_TOS, 0x10);
			note_integer(&noted, IPPROTO_IP, IP_TOS, 0x10);
		} else {
			set_integer(server, SOL_SOCKET, SO_PRIORITY, 5);
			note_integer(&noted, SOL_SOCKET, SO_PRIORITY, 5);
		}
	sockopt_read(pool, &present);
	sockopt_apply(pool, &noted, &present);
	ck_assert_int_eq(socket_option(server, SOL_SOCKET, SO_PRIORITY),
			 _i == 0 ? 5 : 6);
	ck_assert_int_eq(socket_option(pool, SOL_SOCKET, SO_PRIORITY),
			 _i == 0 ? 5 : 6);
	ck_assert_int_eq(socket_option(pool, IPPROTO_IP, IP_TOS), 0x10);
}
END_TEST

/* The server's priority is the one that is there, but not any more once the
 * type of service is set. */
START_TEST(priority_is_carried_over_with_type_of_service)
{
	static const int priorities[] = {0, 5};
	int server = socket_new(AF_INET), pool = socket_bound(AF_INET);
	struct sockopt_values wanted, present;

	set_integer(pool, SOL_SOCKET, SO_PRIORITY, priorities[_i]);
	set_integer(server, IPPROTO_IP, IP_TOS, 0x10);
	set_integer(server, SOL_SOCKET, SO_PRIORITY, priorities[_i]);
	sockopt_read(server, &wanted);
	sockopt_read(pool, &present);
	sockopt_apply(pool, &wanted, &present);
	sockopt_read(pool, &present);
	assert_same(&present, &wanted);
}
END_TEST

START_TEST(apply_tells_whether_anything_differed)
{
	struct sockopt_values none = {{0}}, wanted, present;
	int fd = socket_bound(families[_i]);

	sockopt_read(fd, &present);
	wanted = present;
	ck_assert(!sockopt_apply(fd, &wanted, &present));
	ck_assert(!sockopt_apply(fd, &none, &present));
	ck_assert(!sockopt_apply(fd, &wanted, &none));
	note_integer(&wanted, SOL_SOCKET, SO_KEEPALIVE, 1);
	ck_assert(sockopt_apply(fd, &wanted, &present));
	sockopt_read(fd, &present);
	ck_assert(!sockopt_apply(fd, &wanted, &present));
	note_integer(&wanted, SOL_SOCKET, SO_KEEPALIVE, 0);
	ck_assert(sockopt_apply(fd, &wanted, &present));
	ck_assert_int_eq(socket_option(fd, SOL_SOCKET, SO_KEEPALIVE), 0);
}
END_TEST

/* Known values cover what is below; the rest shows through. */
START_TEST(overlay_covers_what_is_known)
{
	struct sockopt_values values = {{0}}, over = {{0}}, none = {{0}};
	struct sockopt_values before;

	note_integer(&values, SOL_SOCKET, SO_KEEPALIVE, 1);
	note_integer(&values, SOL_SOCKET, SO_RCVBUF, 40000);
	note_integer(&over, SOL_SOCKET, SO_RCVBUF, 50000);
	note_integer(&over, IPPROTO_TCP, TCP_NODELAY, 1);
	note_integer(&over, SOL_SOCKET, SO_REUSEPORT, 1);
	over.known[sockopt_find(SOL_SOCKET, SO_REUSEPORT)] = false;
	sockopt_overlay(&values, &over);
	ck_assert_int_eq(sockopt_integer(&values, SOL_SOCKET, SO_KEEPALIVE), 1);
	ck_assert_int_eq(sockopt_integer(&values, SOL_SOCKET, SO_RCVBUF),
			 100000);
	ck_assert_int_eq(sockopt_integer(&values, IPPROTO_TCP, TCP_NODELAY), 1);
	ck_assert(!is_known(&values, SOL_SOCKET, SO_REUSEPORT));
	ck_assert(!is_known(&values, IPPROTO_IP, IP_TTL));
	before = values;
	sockopt_overlay(&values, &none);
	assert_same(&values, &before);
	sockopt_overlay(&none, &values);
	assert_same(&none, &values);
}
END_TEST

START_TEST(overlay_takes_whole_values)
{
	struct sockopt_values values = {{0}}, over = {{0}};
	int option = sockopt_find(IPPROTO_TCP, TCP_CONGESTION);

	sockopt_note(&values, option, "0123456789abcdef", SOCKOPT_VALUE_MAX);
	sockopt_note(&over, option, "reno", 4);
	sockopt_overlay(&values, &over);
	ck_assert_mem_eq(values.value[option], "reno\0\0\0\0\0\0\0\0\0\0\0",
			 SOCKOPT_VALUE_MAX);
	sockopt_note(&over, option, "0123456789abcdef", SOCKOPT_VALUE_MAX);
	sockopt_overlay(&values, &over);
	ck_assert_mem_eq(values.value[option], "0123456789abcdef",
			 SOCKOPT_VALUE_MAX);
}
END_TEST

/* A byte for IP_TOS, a name without its NUL, and more than there is room for.
 */
START_TEST(note_takes_any_length)
{
	int option = sockopt_find(IPPROTO_TCP, TCP_CONGESTION);
	char longest[] = "0123456789abcdef-and-more";
	struct sockopt_values values = {{0}};

	sockopt_note(&values, option, "reno", 4);
	ck_assert_str_eq((char *)values.value[option], "reno");
	sockopt_note(&values, option, "a", 1);
	ck_assert_str_eq((char *)values.value[option], "a");
	sockopt_note(&values, option, longest, sizeof(longest));
	ck_assert_mem_eq(values.value[option], longest, SOCKOPT_VALUE_MAX);
	ck_assert(!values.known[option + 1]);
	option = sockopt_find(IPPROTO_IP, IP_TOS);
	sockopt_note(&values, option, "\x28", 1);
	ck_assert_int_eq(sockopt_integer(&values, IPPROTO_IP, IP_TOS), 0x28);
}
END_TEST

START_TEST(unknown_options_are_left)
{
	struct sockopt_values wanted = {{0}}, present;
	int option = sockopt_find(SOL_SOCKET, SO_KEEPALIVE);
	int fd = socket_bound(AF_INET), on = 1;

	sockopt_read(fd, &present);
	sockopt_note(&wanted, option, &on, sizeof(on));
	sockopt_apply(fd, &wanted, &present);
	ck_assert_int_eq(socket_option(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
	memset(&wanted, 0, sizeof(wanted));
	sockopt_read(fd, &present);
	sockopt_apply(fd, &wanted, &present);
	ck_assert_int_eq(socket_option(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
}
END_TEST

START_TEST(integer_of_what_is_not_known_is_0)
{
	int option = sockopt_find(SOL_SOCKET, SO_KEEPALIVE), on = 1;
	struct sockopt_values values = {{0}};

	sockopt_note(&values, option, &on, sizeof(on));
	ck_assert_int_eq(sockopt_integer(&values, SOL_SOCKET, SO_KEEPALIVE), 1);
	values.known[option] = false;
	ck_assert_int_eq(sockopt_integer(&values, SOL_SOCKET, SO_KEEPALIVE), 0);
	ck_assert_int_eq(sockopt_integer(&values, SOL_SOCKET, SO_REUSEADDR), 0);
}
END_TEST

START_TEST(read_of_no_socket_knows_nothing)
{
	struct sockopt_values values;
	int i;

	sockopt_read(socket_new(AF_INET), &values);
	ck_assert(values.known[0]);
	sockopt_read(-1, &values);
	for (i = 0; i < SOCKOPT_COUNT; i++)
		ck_assert(!values.known[i]);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("sockopt");
	TCase *t = tcase_create("sockopt");

	tcase_add_test(t, table_is_sound);
	tcase_add_test(t, what_decides_is_observed);
	tcase_add_test(t, find_knows_the_table_alone);
	tcase_add_loop_test(t, each_option_is_carried_over, 0,
			    LENGTH(settings));
	tcase_add_loop_test(t, all_options_are_carried_over_at_once, 0, 2);
	tcase_add_loop_test(t, order_does_not_matter, 0, 2);
	tcase_add_loop_test(t, bound_socket_has_the_defaults, 0, 2);
	tcase_add_loop_test(t, note_is_what_read_finds, 0,
			    LENGTH(settings) - ROUNDED);
	tcase_add_loop_test(t, note_is_carried_over, 0, LENGTH(settings));
	tcase_add_test(t, type_of_service_sets_the_priority);
	tcase_add_test(t, note_of_type_of_service_forgets_the_priority);
	tcase_add_test(t, note_of_priority_after_type_of_service_stays);
	tcase_add_loop_test(t, notes_of_both_are_carried_over, 0, 2);
	tcase_add_loop_test(t, priority_is_carried_over_with_type_of_service, 0,
			    2);
	tcase_add_loop_test(t, apply_tells_whether_anything_differed, 0, 2);
	tcase_add_test(t, overlay_covers_what_is_known);
	tcase_add_test(t, overlay_takes_whole_values);
	tcase_add_test(t, note_takes_any_length);
	tcase_add_test(t, unknown_options_are_left);
	tcase_add_test(t, integer_of_what_is_not_known_is_0);
	tcase_add_test(t, read_of_no_socket_knows_nothing);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(suite());
}
