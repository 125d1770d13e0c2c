/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the helper, after the drop.  The table also feeds the build of the
 * listener's filter (filters.c).
 * Reads: option values of the server's sockets.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/socket.h>

#include "constants.h"
#include "sockopt.h"

#define INTEGER sizeof(int)
#define PAIR    (2 * sizeof(int)) /* of integers, or one of twice the size */
#define NAME    SOCKOPT_VALUE_MAX

/*
 * Here is what a process without a capability can set before it binds, and what
 * can be read and set again; tests/test_sockopt.c has the list of those that
 * are not, and why.
 *
 * Observed are the options that decide the variant, that real servers set
 * before they bind, or that a listener hands on to the connections it accepts.
 * The others are read where pidfd_getfd(2) allows: servers set them on every
 * connection or hardly ever, and watching would cost each of those a round
 * trip.
 *
 * The last ones are set last, in this order: others change them, and once a
 * device is there, what names another interface is refused.
 */
const struct sockopt sockopt_table[SOCKOPT_COUNT] = {
    {SOL_SOCKET, SO_REUSEPORT, INTEGER, true},
    {SOL_SOCKET, SO_KEEPALIVE, INTEGER, true},
    {SOL_SOCKET, SO_RCVBUF, INTEGER, true, true, false, SO_BUF_LOCK},
    {SOL_SOCKET, SO_SNDBUF, INTEGER, true, true, false, SO_BUF_LOCK},
    {SOL_SOCKET, SO_LINGER, sizeof(struct linger), true},
    {SOL_SOCKET, SO_INCOMING_CPU, INTEGER, true},
    {SOL_SOCKET, SO_OOBINLINE, INTEGER, false},
    {SOL_SOCKET, SO_DONTROUTE, INTEGER, true},
    {SOL_SOCKET, SO_RCVLOWAT, INTEGER, false},
    {SOL_SOCKET, SO_RCVTIMEO, sizeof(struct timeval), false},
    {SOL_SOCKET, SO_SNDTIMEO, sizeof(struct timeval), false},
    {SOL_SOCKET, SO_TIMESTAMP, INTEGER, false},
    {SOL_SOCKET, SO_TIMESTAMPNS, INTEGER, true},
    {SOL_SOCKET, SO_TIMESTAMPING, PAIR, false},
    {SOL_SOCKET, SO_BUSY_POLL, INTEGER, false},
    {SOL_SOCKET, SO_MAX_PACING_RATE, PAIR, false},
    {SOL_SOCKET, SO_PEEK_OFF, INTEGER, false},
    {SOL_SOCKET, SO_SELECT_ERR_QUEUE, INTEGER, false},
    {SOL_SOCKET, SO_TXREHASH, INTEGER, false},
    {SOL_SOCKET, SO_ZEROCOPY, INTEGER, false},
    {SOL_SOCKET, SO_BROADCAST, INTEGER, true, false, true},
    {SOL_SOCKET, SO_NO_CHECK, INTEGER, false, false, true},
    {SOL_SOCKET, SO_RCVMARK, INTEGER, false, false, true},
    {SOL_SOCKET, SO_RCVPRIORITY, INTEGER, false, false, true},
    {SOL_SOCKET, SO_RESERVE_MEM, INTEGER, false, false, true},
    {SOL_SOCKET, SO_RXQ_OVFL, INTEGER, true, false, true},
    {SOL_SOCKET, SO_TXTIME, PAIR, false, false, true},
    {SOL_SOCKET, SO_WIFI_STATUS, INTEGER, false, false, true},
    {IPPROTO_TCP, TCP_NODELAY, INTEGER, true},
    {IPPROTO_TCP, TCP_MAXSEG, INTEGER, true},
    {IPPROTO_TCP, TCP_DEFER_ACCEPT, INTEGER, true},
    {IPPROTO_TCP, TCP_USER_TIMEOUT, INTEGER, true},
    {IPPROTO_TCP, TCP_FASTOPEN, INTEGER, true},
    {IPPROTO_TCP, TCP_CONGESTION, NAME, true},
    {IPPROTO_TCP, TCP_WINDOW_CLAMP, INTEGER, true},
    {IPPROTO_TCP, TCP_NOTSENT_LOWAT, INTEGER, true},
    {IPPROTO_TCP, TCP_SAVE_SYN, INTEGER, true},
    {IPPROTO_TCP, TCP_SYNCNT, INTEGER, true},
    {IPPROTO_TCP, TCP_KEEPIDLE, INTEGER, false},
    {IPPROTO_TCP, TCP_KEEPINTVL, INTEGER, false},
    {IPPROTO_TCP, TCP_KEEPCNT, INTEGER, false},
    {IPPROTO_TCP, TCP_CORK, INTEGER, false},
    {IPPROTO_TCP, TCP_DELACK_MAX_US, INTEGER, false},
    {IPPROTO_TCP, TCP_FASTOPEN_CONNECT, INTEGER, false},
    {IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE, INTEGER, false},
    {IPPROTO_TCP, TCP_INQ, INTEGER, false},
    {IPPROTO_TCP, TCP_LINGER2, INTEGER, false},
    {IPPROTO_TCP, TCP_QUICKACK, INTEGER, false},
    {IPPROTO_TCP, TCP_RTO_MAX_MS, INTEGER, false},
    {IPPROTO_TCP, TCP_RTO_MIN_US, INTEGER, false},
    {IPPROTO_TCP, TCP_THIN_LINEAR_TIMEOUTS, INTEGER, false},
    {IPPROTO_TCP, TCP_TX_DELAY, INTEGER, false},
    {IPPROTO_UDP, UDP_SEGMENT, INTEGER, true, false, true},
    {IPPROTO_UDP, UDP_GRO, INTEGER, true, false, true},
    {IPPROTO_UDP, UDP_CORK, INTEGER, false, false, true},
    {IPPROTO_UDP, UDP_ENCAP, INTEGER, false, false, true},
    {IPPROTO_UDP, UDP_NO_CHECK6_TX, INTEGER, false, false, true},
    {IPPROTO_UDP, UDP_NO_CHECK6_RX, INTEGER, false, false, true},
    {IPPROTO_IP, IP_TOS, INTEGER, true, false, false, SO_PRIORITY},
    {IPPROTO_IP, IP_TTL, INTEGER, true},
    {IPPROTO_IP, IP_MTU_DISCOVER, INTEGER, true},
    {IPPROTO_IP, IP_FREEBIND, INTEGER, true},
    {IPPROTO_IP, IP_PKTINFO, INTEGER, true},
    {IPPROTO_IP, IP_RECVTOS, INTEGER, true},
    {IPPROTO_IP, IP_RECVTTL, INTEGER, true},
    {IPPROTO_IP, IP_RECVERR, INTEGER, true},
    {IPPROTO_IP, IP_MINTTL, INTEGER, false},
    {IPPROTO_IP, IP_UNICAST_IF, INTEGER, false},
    {IPPROTO_IP, IP_RECVORIGDSTADDR, INTEGER, true, false, true},
    {IPPROTO_IP, IP_MULTICAST_TTL, INTEGER, true, false, true},
    {IPPROTO_IP, IP_MULTICAST_LOOP, INTEGER, true, false, true},
    {IPPROTO_IP, IP_MULTICAST_ALL, INTEGER, true, false, true},
    {IPPROTO_IP, IP_MULTICAST_IF, sizeof(struct in_addr), false, false, true},
    {IPPROTO_IP, IP_CHECKSUM, INTEGER, false, false, true},
    {IPPROTO_IP, IP_PASSSEC, INTEGER, false, false, true},
    {IPPROTO_IP, IP_RECVERR_RFC4884, INTEGER, false, false, true},
    {IPPROTO_IP, IP_RECVFRAGSIZE, INTEGER, false, false, true},
    {IPPROTO_IP, IP_RECVOPTS, INTEGER, false, false, true},
    {IPPROTO_IP, IP_RETOPTS, INTEGER, false, false, true},
    {IPPROTO_IPV6, IPV6_TCLASS, INTEGER, true},
    {IPPROTO_IPV6, IPV6_UNICAST_HOPS, INTEGER, true},
    {IPPROTO_IPV6, IPV6_V6ONLY, INTEGER, true},
    {IPPROTO_IPV6, IPV6_RECVPKTINFO, INTEGER, true},
    {IPPROTO_IPV6, IPV6_RECVTCLASS, INTEGER, true},
    {IPPROTO_IPV6, IPV6_RECVHOPLIMIT, INTEGER, true},
    {IPPROTO_IPV6, IPV6_RECVERR, INTEGER, true},
    {IPPROTO_IPV6, IPV6_MTU_DISCOVER, INTEGER, true},
    {IPPROTO_IPV6, IPV6_DONTFRAG, INTEGER, true},
    {IPPROTO_IPV6, IPV6_2292DSTOPTS, INTEGER, false},
    {IPPROTO_IPV6, IPV6_2292HOPLIMIT, INTEGER, false},
    {IPPROTO_IPV6, IPV6_2292HOPOPTS, INTEGER, false},
    {IPPROTO_IPV6, IPV6_2292PKTINFO, INTEGER, false},
    {IPPROTO_IPV6, IPV6_2292RTHDR, INTEGER, false},
    {IPPROTO_IPV6, IPV6_ADDR_PREFERENCES, INTEGER, false},
    {IPPROTO_IPV6, IPV6_AUTOFLOWLABEL, INTEGER, false},
    {IPPROTO_IPV6, IPV6_FLOWINFO, INTEGER, false},
    {IPPROTO_IPV6, IPV6_FLOWINFO_SEND, INTEGER, false},
    {IPPROTO_IPV6, IPV6_MINHOPCOUNT, INTEGER, false},
    {IPPROTO_IPV6, IPV6_RECVDSTOPTS, INTEGER, false},
    {IPPROTO_IPV6, IPV6_RECVHOPOPTS, INTEGER, false},
    {IPPROTO_IPV6, IPV6_RECVRTHDR, INTEGER, false},
    {IPPROTO_IPV6, IPV6_UNICAST_IF, INTEGER, false},
    {IPPROTO_IPV6, IPV6_MULTICAST_HOPS, INTEGER, true, false, true},
    {IPPROTO_IPV6, IPV6_MULTICAST_LOOP, INTEGER, true, false, true},
    {IPPROTO_IPV6, IPV6_MULTICAST_ALL, INTEGER, true, false, true},
    {IPPROTO_IPV6, IPV6_MULTICAST_IF, INTEGER, false, false, true},
    {IPPROTO_IPV6, IPV6_RECVERR_RFC4884, INTEGER, false, false, true},
    {IPPROTO_IPV6, IPV6_RECVFRAGSIZE, INTEGER, false, false, true},
    {IPPROTO_IPV6, IPV6_RECVORIGDSTADDR, INTEGER, false, false, true},
    {IPPROTO_IPV6, IPV6_RECVPATHMTU, INTEGER, false, false, true},
    {SOL_SOCKET, SO_PRIORITY, INTEGER, true},
    {SOL_SOCKET, SO_BUF_LOCK, INTEGER, false},
    {SOL_SOCKET, SO_BINDTODEVICE, NAME, true},
};

#define LAST_ONES (SOCKOPT_COUNT - 3)

int
sockopt_find(int level, int name)
{
	int i;

	for (i = 0; i < SOCKOPT_COUNT; i++)
		if (sockopt_table[i].level == level &&
		    sockopt_table[i].name == name)
			return i;
	return -1;
}

/*
 * Setting IP_TOS sets SO_PRIORITY too (ip(7)), and setting the size of a buffer
 * fixes it, which SO_BUF_LOCK tells.  So an option that is seen makes the one
 * it changes one that nobody has set.
 */
static void
forget_changed(struct sockopt_values *values, int option)
{
	if (sockopt_table[option].changes != 0)
		sockopt_forget(values, SOL_SOCKET,
		    sockopt_table[option].changes);
}

/*
 * Brings a value to the form sockopt_read leaves: padded with zeros, buffers
 * doubled as socket(7) says the kernel does.
 */
void
sockopt_note(struct sockopt_values *values, int option, const void *value,
    size_t length)
{
	const struct sockopt *entry = &sockopt_table[option];
	uint32_t doubled;

	forget_changed(values, option);
	memset(values->value[option], 0, SOCKOPT_VALUE_MAX);
	memcpy(values->value[option], value,
	    length < entry->size ? length : entry->size);
	values->known[option] = true;
	if (!entry->doubled)
		return;
	memcpy(&doubled, values->value[option], sizeof(doubled));
	doubled *= 2;
	memcpy(values->value[option], &doubled, sizeof(doubled));
}

void
sockopt_forget(struct sockopt_values *values, int level, int name)
{
	values->known[sockopt_find(level, name)] = false;
}

/* Each that is not costs the hand-off a system call for nothing. */
static bool
is_for(const struct sockopt *entry, int family, int type)
{
	if (entry->level == IPPROTO_IPV6 && family == AF_INET)
		return false;
	return type == SOCK_DGRAM ? entry->level != IPPROTO_TCP
				  : !entry->datagram;
}

static int
integer_of(int socket, int name)
{
	socklen_t size = sizeof(int);
	int value = 0;

	getsockopt(socket, SOL_SOCKET, name, &value, &size);
	return value;
}

void
sockopt_read(int socket, struct sockopt_values *values)
{
	const int family = integer_of(socket, SO_DOMAIN);
	const int type = integer_of(socket, SO_TYPE);
	socklen_t size;
	int i;

	memset(values, 0, sizeof(*values));
	for (i = 0; i < SOCKOPT_COUNT; i++) {
		if (!is_for(&sockopt_table[i], family, type))
			continue;
		size = sockopt_table[i].size;
		values->known[i] = getsockopt(socket, sockopt_table[i].level,
				       sockopt_table[i].name, values->value[i],
				       &size) == 0;
	}
}

void
sockopt_overlay(struct sockopt_values *values,
    const struct sockopt_values *over)
{
	int i;

	for (i = 0; i < SOCKOPT_COUNT; i++) {
		if (!over->known[i])
			continue;
		forget_changed(values, i);
		values->known[i] = true;
		memcpy(values->value[i], over->value[i], SOCKOPT_VALUE_MAX);
	}
}

static void
set_one(int socket, const struct sockopt *entry, const uint8_t *value)
{
	int half;

	if (!entry->doubled) {
		setsockopt(socket, entry->level, entry->name, value,
		    entry->size);
		return;
	}
	memcpy(&half, value, sizeof(half));
	half /= 2;
	setsockopt(socket, entry->level, entry->name, &half, sizeof(half));
}

/* What of an apply there is to go by. */
struct application {
	int socket;
	const struct sockopt_values *wanted, *present;
	bool changed[SOCKOPT_COUNT]; /* by another that was set */
	bool differs;
};

static void
apply_one(struct application *a, int i)
{
	const struct sockopt *entry = &sockopt_table[i];
	const uint8_t *wanted = a->wanted->value[i];

	if (!a->wanted->known[i] || !a->present->known[i])
		return;
	if (!a->changed[i] &&
	    memcmp(wanted, a->present->value[i], SOCKOPT_VALUE_MAX) == 0)
		return;
	set_one(a->socket, entry, wanted);
	a->differs = true;
	if (entry->changes != 0)
		a->changed[sockopt_find(SOL_SOCKET, entry->changes)] = true;
}

static bool
is_on(const uint8_t *value)
{
	static const uint8_t off[SOCKOPT_VALUE_MAX];

	return memcmp(value, off, sizeof(off)) != 0;
}

/* Off before on: to turn SO_TIMESTAMP off turns SO_TIMESTAMPNS off, and the
 * other way round, and only one of them is ever on. */
bool
sockopt_apply(int socket, const struct sockopt_values *wanted,
    const struct sockopt_values *present)
{
	struct application a = {socket, wanted, present};
	int i;

	for (i = 0; i < LAST_ONES; i++)
		if (!is_on(wanted->value[i]))
			apply_one(&a, i);
	for (i = 0; i < LAST_ONES; i++)
		if (is_on(wanted->value[i]))
			apply_one(&a, i);
	for (; i < SOCKOPT_COUNT; i++)
		apply_one(&a, i);
	return a.differs;
}

bool
sockopt_apply_device(int socket, const struct sockopt_values *values)
{
	int option = sockopt_find(SOL_SOCKET, SO_BINDTODEVICE);

	if (!values->known[option] || values->value[option][0] == '\0')
		return false;
	set_one(socket, &sockopt_table[option], values->value[option]);
	return true;
}

int
sockopt_integer(const struct sockopt_values *values, int level, int name)
{
	int option = sockopt_find(level, name), value;

	if (option < 0 || !values->known[option])
		return 0;
	memcpy(&value, values->value[option], sizeof(value));
	return value;
}
