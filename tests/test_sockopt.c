/* SPDX-License-Identifier: ISC */
/*
 * A socket that takes the place of another has its options.
 */
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include "constants.h"
#include "socket.h"
#include "sockopt.h"
#include "unit.h"

/* Values of another type than int. */
static const struct linger linger = {1, 7};
static const struct timeval interval = {3, 0};
static const struct {
	int clock, flags;
} txtime = {1 /* CLOCK_MONOTONIC */, 2};

#define VALUE(structure) 0, &structure, sizeof(structure)
#define TEXT(text)       0, text, sizeof(text) - 1

/* The one whose place matters to the server: once it is set, IP_UNICAST_IF and
 * its like are refused. */
#define DEVICE                                                                 \
	{                                                                      \
		SOL_SOCKET, SO_BINDTODEVICE, AF_UNSPEC, TEXT("lo")             \
	}

/* What a server may set: none is the default of a new socket. */
static const struct setting {
	int level;
	int name;
	int family; /* AF_UNSPEC: both */
	int value;
	const void *structure; /* or this */
	socklen_t size;
} settings[] = {
    {SOL_SOCKET, SO_REUSEPORT, AF_UNSPEC, 1},
    {SOL_SOCKET, SO_KEEPALIVE, AF_UNSPEC, 1},
    {SOL_SOCKET, SO_RCVBUF, AF_UNSPEC, 40000},
    {SOL_SOCKET, SO_SNDBUF, AF_UNSPEC, 50000},
    {SOL_SOCKET, SO_LINGER, AF_UNSPEC, VALUE(linger)},
    {SOL_SOCKET, SO_PRIORITY, AF_UNSPEC, 5},
    {SOL_SOCKET, SO_INCOMING_CPU, AF_UNSPEC, 0},
    {SOL_SOCKET, SO_OOBINLINE, AF_UNSPEC, 1},
    {SOL_SOCKET, SO_DONTROUTE, AF_UNSPEC, 1},
    {SOL_SOCKET, SO_RCVLOWAT, AF_UNSPEC, 10},
    {SOL_SOCKET, SO_RCVTIMEO, AF_UNSPEC, VALUE(interval)},
    {SOL_SOCKET, SO_SNDTIMEO, AF_UNSPEC, VALUE(interval)},
    {SOL_SOCKET, SO_TIMESTAMP, AF_UNSPEC, 1},
    {SOL_SOCKET, SO_TIMESTAMPNS, AF_UNSPEC, 1},
    {SOL_SOCKET, SO_TIMESTAMPING, AF_UNSPEC, 0x18},
    {SOL_SOCKET, SO_BUSY_POLL, AF_UNSPEC, 50},
    {SOL_SOCKET, SO_MAX_PACING_RATE, AF_UNSPEC, 1000000},
    {SOL_SOCKET, SO_PEEK_OFF, AF_UNSPEC, 5},
    {SOL_SOCKET, SO_SELECT_ERR_QUEUE, AF_UNSPEC, 1},
    {SOL_SOCKET, SO_TXREHASH, AF_UNSPEC, 0},
    {SOL_SOCKET, SO_ZEROCOPY, AF_UNSPEC, 1},
    {SOL_SOCKET, SO_BUF_LOCK, AF_UNSPEC, 1},
    {SOL_SOCKET, SO_BROADCAST, AF_UNSPEC, 1},
    {SOL_SOCKET, SO_NO_CHECK, AF_UNSPEC, 1},
    {SOL_SOCKET, SO_RCVMARK, AF_UNSPEC, 1},
    {SOL_SOCKET, SO_RCVPRIORITY, AF_UNSPEC, 1},
    {SOL_SOCKET, SO_RESERVE_MEM, AF_UNSPEC, 4096},
    {SOL_SOCKET, SO_RXQ_OVFL, AF_UNSPEC, 1},
    {SOL_SOCKET, SO_TXTIME, AF_UNSPEC, VALUE(txtime)},
    {SOL_SOCKET, SO_WIFI_STATUS, AF_UNSPEC, 1},
    {IPPROTO_TCP, TCP_NODELAY, AF_UNSPEC, 1},
    {IPPROTO_TCP, TCP_MAXSEG, AF_UNSPEC, 1000},
    {IPPROTO_TCP, TCP_USER_TIMEOUT, AF_UNSPEC, 9000},
    {IPPROTO_TCP, TCP_FASTOPEN, AF_UNSPEC, 16},
    {IPPROTO_TCP, TCP_CONGESTION, AF_UNSPEC, TEXT("reno")},
    {IPPROTO_TCP, TCP_WINDOW_CLAMP, AF_UNSPEC, 30000},
    {IPPROTO_TCP, TCP_NOTSENT_LOWAT, AF_UNSPEC, 16384},
    {IPPROTO_TCP, TCP_SAVE_SYN, AF_UNSPEC, 1},
    {IPPROTO_TCP, TCP_SYNCNT, AF_UNSPEC, 3},
    {IPPROTO_TCP, TCP_KEEPIDLE, AF_UNSPEC, 33},
    {IPPROTO_TCP, TCP_KEEPINTVL, AF_UNSPEC, 22},
    {IPPROTO_TCP, TCP_KEEPCNT, AF_UNSPEC, 5},
    {IPPROTO_TCP, TCP_CORK, AF_UNSPEC, 1},
    {IPPROTO_TCP, TCP_FASTOPEN_CONNECT, AF_UNSPEC, 1},
    {IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE, AF_UNSPEC, 1},
    {IPPROTO_TCP, TCP_INQ, AF_UNSPEC, 1},
    {IPPROTO_TCP, TCP_LINGER2, AF_UNSPEC, 20},
    {IPPROTO_TCP, TCP_QUICKACK, AF_UNSPEC, 0},
    {IPPROTO_TCP, TCP_RTO_MAX_MS, AF_UNSPEC, 5000},
    {IPPROTO_TCP, TCP_THIN_LINEAR_TIMEOUTS, AF_UNSPEC, 1},
    {IPPROTO_TCP, TCP_TX_DELAY, AF_UNSPEC, 1000},
    {IPPROTO_UDP, UDP_SEGMENT, AF_UNSPEC, 1200},
    {IPPROTO_UDP, UDP_GRO, AF_UNSPEC, 1},
    {IPPROTO_UDP, UDP_CORK, AF_UNSPEC, 1},
    {IPPROTO_UDP, UDP_ENCAP, AF_UNSPEC, UDP_ENCAP_L2TPINUDP},
    {IPPROTO_UDP, UDP_NO_CHECK6_TX, AF_UNSPEC, 1},
    {IPPROTO_UDP, UDP_NO_CHECK6_RX, AF_UNSPEC, 1},
    {IPPROTO_IP, IP_TOS, AF_UNSPEC, 0x28},
    {IPPROTO_IP, IP_TTL, AF_UNSPEC, 42},
    {IPPROTO_IP, IP_MTU_DISCOVER, AF_UNSPEC, IP_PMTUDISC_DONT},
    {IPPROTO_IP, IP_FREEBIND, AF_UNSPEC, 1},
    {IPPROTO_IP, IP_PKTINFO, AF_UNSPEC, 1},
    {IPPROTO_IP, IP_RECVTOS, AF_UNSPEC, 1},
    {IPPROTO_IP, IP_RECVTTL, AF_UNSPEC, 1},
    {IPPROTO_IP, IP_RECVERR, AF_UNSPEC, 1},
    {IPPROTO_IP, IP_MINTTL, AF_UNSPEC, 5},
    {IPPROTO_IP, IP_UNICAST_IF, AF_UNSPEC, 0x01000000},
    {IPPROTO_IP, IP_RECVORIGDSTADDR, AF_UNSPEC, 1},
    {IPPROTO_IP, IP_MULTICAST_TTL, AF_UNSPEC, 9},
    {IPPROTO_IP, IP_MULTICAST_LOOP, AF_UNSPEC, 0},
    {IPPROTO_IP, IP_MULTICAST_ALL, AF_INET, 0},
    {IPPROTO_IP, IP_MULTICAST_ALL, AF_INET6, 1}, /* off there */
    {IPPROTO_IP, IP_MULTICAST_IF, AF_UNSPEC, TEXT("\177\0\0\1")},
    {IPPROTO_IP, IP_CHECKSUM, AF_UNSPEC, 1},
    {IPPROTO_IP, IP_PASSSEC, AF_UNSPEC, 1},
    {IPPROTO_IP, IP_RECVERR_RFC4884, AF_UNSPEC, 1},
    {IPPROTO_IP, IP_RECVFRAGSIZE, AF_UNSPEC, 1},
    {IPPROTO_IP, IP_RECVOPTS, AF_UNSPEC, 1},
    {IPPROTO_IP, IP_RETOPTS, AF_UNSPEC, 1},
    {IPPROTO_IPV6, IPV6_TCLASS, AF_INET6, 0x28},
    {IPPROTO_IPV6, IPV6_UNICAST_HOPS, AF_INET6, 42},
    {IPPROTO_IPV6, IPV6_RECVPKTINFO, AF_INET6, 1},
    {IPPROTO_IPV6, IPV6_RECVTCLASS, AF_INET6, 1},
    {IPPROTO_IPV6, IPV6_RECVHOPLIMIT, AF_INET6, 1},
    {IPPROTO_IPV6, IPV6_RECVERR, AF_INET6, 1},
    {IPPROTO_IPV6, IPV6_MTU_DISCOVER, AF_INET6, IPV6_PMTUDISC_DO},
    {IPPROTO_IPV6, IPV6_DONTFRAG, AF_INET6, 1},
    {IPPROTO_IPV6, IPV6_2292DSTOPTS, AF_INET6, 1},
    {IPPROTO_IPV6, IPV6_2292HOPLIMIT, AF_INET6, 1},
    {IPPROTO_IPV6, IPV6_2292HOPOPTS, AF_INET6, 1},
    {IPPROTO_IPV6, IPV6_2292PKTINFO, AF_INET6, 1},
    {IPPROTO_IPV6, IPV6_2292RTHDR, AF_INET6, 1},
    {IPPROTO_IPV6, IPV6_AUTOFLOWLABEL, AF_INET6, 0},
    {IPPROTO_IPV6, IPV6_FLOWINFO, AF_INET6, 1},
    {IPPROTO_IPV6, IPV6_FLOWINFO_SEND, AF_INET6, 1},
    {IPPROTO_IPV6, IPV6_MINHOPCOUNT, AF_INET6, 5},
    {IPPROTO_IPV6, IPV6_RECVDSTOPTS, AF_INET6, 1},
    {IPPROTO_IPV6, IPV6_RECVHOPOPTS, AF_INET6, 1},
    {IPPROTO_IPV6, IPV6_RECVRTHDR, AF_INET6, 1},
    {IPPROTO_IPV6, IPV6_UNICAST_IF, AF_INET6, 0x01000000},
    {IPPROTO_IPV6, IPV6_MULTICAST_HOPS, AF_INET6, 9},
    {IPPROTO_IPV6, IPV6_MULTICAST_LOOP, AF_INET6, 0},
    {IPPROTO_IPV6, IPV6_MULTICAST_ALL, AF_INET6, 0},
    {IPPROTO_IPV6, IPV6_MULTICAST_IF, AF_INET6, 1},
    {IPPROTO_IPV6, IPV6_RECVERR_RFC4884, AF_INET6, 1},
    {IPPROTO_IPV6, IPV6_RECVFRAGSIZE, AF_INET6, 1},
    {IPPROTO_IPV6, IPV6_RECVORIGDSTADDR, AF_INET6, 1},
    {IPPROTO_IPV6, IPV6_RECVPATHMTU, AF_INET6, 1},
    DEVICE,
    /* The kernel bounds, rounds or adds to these: */
    {SOL_SOCKET, SO_RCVBUF, AF_UNSPEC, INT_MAX},
    {IPPROTO_TCP, TCP_DEFER_ACCEPT, AF_UNSPEC, 3},
    {IPPROTO_TCP, TCP_RTO_MIN_US, AF_UNSPEC, 6001},
    {IPPROTO_TCP, TCP_DELACK_MAX_US, AF_UNSPEC, 10001},
    {IPPROTO_IPV6, IPV6_ADDR_PREFERENCES, AF_INET6, 2},
};

#define ROUNDED 5

static const int families[] = {AF_INET, AF_INET6};

/* Every kind of socket there is. */
#define KINDS 4
static const struct kind {
	int family;
	int type;
} kinds[KINDS] = {
    {AF_INET, SOCK_STREAM},
    {AF_INET6, SOCK_STREAM},
    {AF_INET, SOCK_DGRAM},
    {AF_INET6, SOCK_DGRAM},
};

/* A server's, which is not bound yet. */
static int
socket_of(struct kind kind)
{
	int fd = socket(kind.family, kind.type, 0);

	ck_assert_int_ge(fd, 0);
	return fd;
}

static int
socket_new(int family)
{
	return socket_of((struct kind){family, SOCK_STREAM});
}

/* One of the pool, bound already. */
static int
socket_bound_of(struct kind kind)
{
	struct endpoint e = {.family = (uint16_t)kind.family};
	int fd = socket_open(&e,
	    kind.type == SOCK_DGRAM ? IPPROTO_UDP : IPPROTO_TCP);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(socket_bind(fd, &e), 0);
	return fd;
}

static int
socket_bound(int family)
{
	return socket_bound_of((struct kind){family, SOCK_STREAM});
}

static void
assert_same(const struct sockopt_values *a, const struct sockopt_values *b)
{
	int i;

	for (i = 0; i < SOCKOPT_COUNT; i++)
		ck_assert_msg(a->known[i] == b->known[i] &&
			memcmp(a->value[i], b->value[i], SOCKOPT_VALUE_MAX) ==
			    0,
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
		ck_assert(
		    !(o->flags & SOCKOPT_DOUBLED) || o->size == sizeof(int));
	}
}
END_TEST

/* They decide which variant a bind gets, and whether a second one may. */
START_TEST(what_decides_is_observed)
{
	int v6only = sockopt_find(IPPROTO_IPV6, IPV6_V6ONLY);
	int reuseport = sockopt_find(SOL_SOCKET, SO_REUSEPORT);

	ck_assert(sockopt_table[v6only].flags & SOCKOPT_OBSERVED);
	ck_assert(sockopt_table[reuseport].flags & SOCKOPT_OBSERVED);
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

/* False where this kernel does not have it, or asks for a capability, as some
 * do for SO_BUSY_POLL and SO_RCVMARK. */
static bool
set_option(int fd, const struct setting *set)
{
	const void *value = set->structure != NULL ? set->structure
						   : &set->value;
	socklen_t size = set->structure != NULL ? set->size
						: sizeof(set->value);

	if (setsockopt(fd, set->level, set->name, value, size) == 0)
		return true;
	ck_assert_msg(errno == ENOPROTOOPT || errno == EOPNOTSUPP ||
		errno == EPERM,
	    "level %d, option %d: %m", set->level, set->name);
	return false;
}

static bool
applies_to(const struct setting *set, struct kind kind)
{
	const struct sockopt
	    *o = &sockopt_table[sockopt_find(set->level, set->name)];

	if (set->family != AF_UNSPEC && set->family != kind.family)
		return false;
	return kind.type == SOCK_DGRAM ? o->level != IPPROTO_TCP
				       : !(o->flags & SOCKOPT_DATAGRAM);
}

static struct kind
kind_of(const struct setting *set)
{
	int i = 0;

	while (!applies_to(set, kinds[i]))
		i++;
	return kinds[i];
}

/* A row that the tests below do not set is one they prove nothing of.
 * IPV6_V6ONLY decides the variant, and cannot be set on a bound socket. */
START_TEST(each_row_is_set_here)
{
	const struct sockopt *o = sockopt_table;
	size_t i;

	for (; o < sockopt_table + SOCKOPT_COUNT; o++) {
		for (i = 0; i < LENGTH(settings); i++)
			if (settings[i].level == o->level &&
			    settings[i].name == o->name)
				break;
		ck_assert_msg(i < LENGTH(settings) ||
			(o->level == IPPROTO_IPV6 && o->name == IPV6_V6ONLY),
		    "level %d, option %d", o->level, o->name);
	}
}
END_TEST

/* Returns whether it was there to be carried. */
static bool
carry_setting(const struct setting *set, struct kind kind)
{
	const int option = sockopt_find(set->level, set->name);
	int server = socket_of(kind), pool = socket_bound_of(kind);
	struct sockopt_values wanted, present;

	sockopt_read(pool, &present);
	if (!set_option(server, set))
		return false;
	sockopt_read(server, &wanted);
	/* The control: no name of 16 zeros, and no default. */
	ck_assert(wanted.known[option]);
	ck_assert_mem_ne(wanted.value[option], present.value[option],
	    SOCKOPT_VALUE_MAX);
	ck_assert(sockopt_apply(pool, &wanted, &present));
	sockopt_read(pool, &present);
	assert_same(&present, &wanted);
	close(server);
	close(pool);
	return true;
}

START_TEST(each_option_is_carried_over)
{
	size_t i, there = 0;

	for (i = 0; i < KINDS; i++)
		if (applies_to(&settings[_i], kinds[i]))
			there += carry_setting(&settings[_i], kinds[i]);
	if (there == 0)
		fprintf(stderr, "not for this kernel: level %d, option %d\n",
		    settings[_i].level, settings[_i].name);
}
END_TEST

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
	int server = socket_of(kinds[_i]);
	size_t i;

	for (i = 0; i < LENGTH(settings); i++)
		if (applies_to(&settings[i], kinds[_i]))
			set_option(server, &settings[i]);
	carry_over(server, socket_bound_of(kinds[_i]));
}
END_TEST

/* Some options change others (IP_TOS sets SO_PRIORITY): the order in which the
 * server set them must not matter. */
START_TEST(order_does_not_matter)
{
	static const struct setting device = DEVICE;
	int server = socket_of(kinds[_i]);
	size_t i;

	for (i = LENGTH(settings); i > 0; i--)
		if (settings[i - 1].structure != device.structure &&
		    applies_to(&settings[i - 1], kinds[_i]))
			set_option(server, &settings[i - 1]);
	set_option(server, &device);
	carry_over(server, socket_bound_of(kinds[_i]));
}
END_TEST

/* What a process without a capability can set and read, and is not carried
 * over. */
static const struct {
	int level;
	int name;
	const char *why;
} left[] = {
    {SOL_SOCKET, SO_REUSEADDR, "is on in the pool and stays on"},
    {SOL_SOCKET, SO_PASSCRED, "is for local sockets"},
    {SOL_SOCKET, SO_PASSSEC, "is for local sockets"},
    {SOL_SOCKET, 76 /* SO_PASSPIDFD */, "is for local sockets"},
    {SOL_SOCKET, 43 /* SO_NOFCS */, "is for packet sockets"},
    {SOL_SOCKET, SO_LOCK_FILTER, "belongs to a filter, which stays behind"},
    {SOL_SOCKET, 62 /* SO_BINDTOIFINDEX */, "is SO_BINDTODEVICE"},
    {SOL_SOCKET, 63 /* SO_TIMESTAMP_NEW */, "is for 32-bit programs"},
    {SOL_SOCKET, 64 /* SO_TIMESTAMPNS_NEW */, "is for 32-bit programs"},
    {SOL_SOCKET, 65 /* SO_TIMESTAMPING_NEW */, "is for 32-bit programs"},
    {SOL_SOCKET, 66 /* SO_RCVTIMEO_NEW */, "is SO_RCVTIMEO"},
    {SOL_SOCKET, 67 /* SO_SNDTIMEO_NEW */, "is SO_SNDTIMEO"},
    {IPPROTO_TCP, 33 /* TCP_FASTOPEN_KEY */, "reads the host's where none is"},
    {IPPROTO_IP, IP_OPTIONS, "has any length"},
    {IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, "chooses a port, and there is one"},
    {IPPROTO_IP, 51 /* IP_LOCAL_PORT_RANGE */, "chooses a port too"},
    {IPPROTO_IPV6, 30 /* IPV6_ROUTER_ALERT_ISOLATE */, "is for raw sockets"},
    {IPPROTO_IPV6, IPV6_RTHDR, "has any length"},
    {IPPROTO_IPV6, 78 /* IPV6_FREEBIND */, "is IP_FREEBIND"},
};

static bool
is_decided(int level, int name)
{
	size_t i;

	for (i = 0; i < LENGTH(left); i++)
		if (left[i].level == level && left[i].name == name)
			return true;
	return sockopt_find(level, name) >= 0;
}

/* Whether some value can be set and read. */
static bool
takes_a_value(struct kind kind, int level, int name)
{
	static const int values[] = {0, 1, 2, 5, 200, 1500, 6000, 1000000};
	uint8_t before[64] = {0}, after[64] = {0};
	bool takes = false;
	socklen_t size;
	size_t i;
	int fd;

	for (i = 0; i < LENGTH(values) && !takes; i++) {
		fd = socket_of(kind);
		size = sizeof(before);
		takes = getsockopt(fd, level, name, before, &size) == 0 &&
		    setsockopt(fd, level, name, &values[i],
			sizeof(values[i])) == 0;
		size = sizeof(after);
		takes = takes &&
		    getsockopt(fd, level, name, after, &size) == 0 &&
		    memcmp(before, after, sizeof(after)) != 0;
		close(fd);
	}
	return takes;
}

/* Asks the kernel, up to the newest option that was looked at (Linux 6.18). */
START_TEST(each_option_there_is_is_decided)
{
	static const struct {
		int level, newest;
	} levels[] = {
	    {SOL_SOCKET, 84},
	    {IPPROTO_TCP, 46},
	    {IPPROTO_UDP, 104},
	    {IPPROTO_IP, 52},
	    {IPPROTO_IPV6, 78},
	};
	size_t i;
	int name;

	unit_become_ordinary();
	for (i = 0; i < LENGTH(levels); i++)
		for (name = 0; name <= levels[i].newest; name++)
			ck_assert_msg(is_decided(levels[i].level, name) ||
				!takes_a_value(kinds[_i], levels[i].level,
				    name),
			    "level %d, option %d", levels[i].level, name);
}
END_TEST

START_TEST(nothing_is_decided_twice)
{
	size_t i;

	for (i = 0; i < LENGTH(left); i++)
		ck_assert_msg(sockopt_find(left[i].level, left[i].name) == -1,
		    "level %d, option %d %s", left[i].level, left[i].name,
		    left[i].why);
}
END_TEST

/* No option differs, so none is set: a hand-off costs no more than it must. */
START_TEST(bound_socket_has_the_defaults)
{
	int server = socket_of(kinds[_i]), pool = socket_bound_of(kinds[_i]);
	struct sockopt_values wanted, present;

	sockopt_read(server, &wanted);
	sockopt_read(pool, &present);
	assert_same(&wanted, &present);
}
END_TEST

static void
note_setting(struct sockopt_values *values, const struct setting *set)
{
	const int option = sockopt_find(set->level, set->name);

	if (set->structure != NULL)
		sockopt_note(values, option, set->structure, set->size);
	else
		sockopt_note(values, option, &set->value, sizeof(set->value));
}

/* What is seen to be set counts as what would be read afterwards. */
START_TEST(note_is_what_read_finds)
{
	const struct setting *set = &settings[_i];
	int option = sockopt_find(set->level, set->name);
	struct sockopt_values read, noted;
	int fd = socket_of(kind_of(set));

	sockopt_read(fd, &noted);
	if (!set_option(fd, set))
		return;
	note_setting(&noted, set);
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
	const struct kind kind = kind_of(set);
	struct sockopt_values wanted = {{0}}, present, expected;
	int server = socket_of(kind), pool = socket_bound_of(kind);

	if (!set_option(server, set))
		return;
	sockopt_read(server, &expected);
	note_setting(&wanted, set);
	sockopt_read(pool, &present);
	sockopt_apply(pool, &wanted, &present);
	sockopt_read(pool, &present);
	ck_assert_mem_eq(present.value[option], expected.value[option],
	    SOCKOPT_VALUE_MAX);
}
END_TEST

/* From one server's to the next one's: what goes off takes nothing with it. */
START_TEST(timestamps_are_carried_over_to_a_used_socket)
{
	static const int names[] = {SO_TIMESTAMP, SO_TIMESTAMPNS};
	const int on = names[_i], off = names[1 - _i], one = 1;
	int server = socket_new(AF_INET), pool = socket_bound(AF_INET);
	struct sockopt_values wanted, present;

	setsockopt(server, SOL_SOCKET, on, &one, sizeof(one));
	setsockopt(pool, SOL_SOCKET, off, &one, sizeof(one));
	ck_assert_int_eq(socket_option(pool, SOL_SOCKET, off), 1);
	sockopt_read(server, &wanted);
	sockopt_read(pool, &present);
	sockopt_apply(pool, &wanted, &present);
	ck_assert_int_eq(socket_option(pool, SOL_SOCKET, on), 1);
	ck_assert_int_eq(socket_option(pool, SOL_SOCKET, off), 0);
}
END_TEST

/* A buffer whose size was set does not grow; one set back to the default does
 * again. */
START_TEST(lock_of_buffers_is_carried_over)
{
	int server = socket_new(AF_INET), pool = socket_bound(AF_INET);
	int fresh = socket_new(AF_INET), size, i;
	struct sockopt_values wanted, present, noted = {{0}};

	sockopt_read(fresh, &present);
	if (!present.known[sockopt_find(SOL_SOCKET, SO_BUF_LOCK)])
		return;
	size = socket_option(fresh, SOL_SOCKET, SO_RCVBUF) / 2;
	setsockopt(server, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	sockopt_read(server, &wanted);
	sockopt_apply(pool, &wanted, &present);
	ck_assert_int_eq(socket_option(pool, SOL_SOCKET, SO_BUF_LOCK), 2);
	for (i = 0; i < 2; i++) {
		size = 40000;
		setsockopt(pool, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
		sockopt_read(pool, &present);
		sockopt_read(fresh, &wanted);
		sockopt_apply(pool, &wanted, &present);
		ck_assert_int_eq(socket_option(pool, SOL_SOCKET, SO_BUF_LOCK),
		    0);
	}
	/* One that was seen to be set locks, as it would itself. */
	sockopt_note(&noted, sockopt_find(SOL_SOCKET, SO_RCVBUF), &size,
	    sizeof(size));
	sockopt_read(pool, &present);
	wanted = present;
	sockopt_overlay(&wanted, &noted);
	sockopt_apply(pool, &wanted, &present);
	ck_assert_int_eq(socket_option(pool, SOL_SOCKET, SO_BUF_LOCK), 2);
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

static int
listen_anywhere(struct sockaddr_storage *address, socklen_t *length)
{
	int fd = socket_bound(AF_INET);

	ck_assert_int_eq(listen(fd, 2), 0);
	*length = sizeof(*address);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)address, length),
	    0);
	return fd;
}

/* A socket had a connection, or one server set its TCP_MAXSEG; the next server has
 * not set it.  As on a fresh socket, nothing limits the segments then. */
START_TEST(segments_are_not_limited_by_what_was_before)
{
	const struct sockaddr nowhere = {.sa_family = AF_UNSPEC};
	struct sockaddr_storage address;
	struct sockopt_values wanted, present;
	socklen_t length;
	int listener = listen_anywhere(&address, &length);
	int fresh = socket(AF_INET, SOCK_STREAM, 0);
	int used = socket(AF_INET, SOCK_STREAM, 0), size = 700, most;

	sockopt_read(fresh, &wanted);
	ck_assert_int_eq(connect(fresh, (void *)&address, length), 0);
	most = socket_option(fresh, IPPROTO_TCP, TCP_MAXSEG);
	ck_assert_int_gt(most, size);
	if (_i & 1)
		ck_assert_int_eq(setsockopt(used, IPPROTO_TCP, TCP_MAXSEG,
				     &size, sizeof(size)),
		    0);
	if (_i & 2) {
		ck_assert_int_eq(connect(used, (void *)&address, length), 0);
		ck_assert_int_eq(connect(used, &nowhere, sizeof(nowhere)), 0);
	}
	sockopt_read(used, &present);
	sockopt_apply(used, &wanted, &present);
	ck_assert_int_eq(connect(used, (void *)&address, length), 0);
	ck_assert_int_eq(socket_option(used, IPPROTO_TCP, TCP_MAXSEG), most);
	close(listener);
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
	tcase_add_test(t, each_row_is_set_here);
	tcase_add_loop_test(t, each_option_there_is_is_decided, 0, KINDS);
	tcase_add_test(t, nothing_is_decided_twice);
	tcase_add_loop_test(t, all_options_are_carried_over_at_once, 0, KINDS);
	tcase_add_loop_test(t, order_does_not_matter, 0, KINDS);
	tcase_add_loop_test(t, bound_socket_has_the_defaults, 0, KINDS);
	tcase_add_loop_test(t, timestamps_are_carried_over_to_a_used_socket, 0,
	    2);
	tcase_add_test(t, lock_of_buffers_is_carried_over);
	tcase_add_loop_test(t, note_is_what_read_finds, 0,
	    LENGTH(settings) - ROUNDED);
	tcase_add_loop_test(t, note_is_carried_over, 0, LENGTH(settings));
	tcase_add_test(t, type_of_service_sets_the_priority);
	tcase_add_test(t, note_of_type_of_service_forgets_the_priority);
	tcase_add_test(t, note_of_priority_after_type_of_service_stays);
	tcase_add_loop_test(t, notes_of_both_are_carried_over, 0, 2);
	tcase_add_loop_test(t, priority_is_carried_over_with_type_of_service, 0,
	    2);
	tcase_add_loop_test(t, segments_are_not_limited_by_what_was_before, 0,
	    4);
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
