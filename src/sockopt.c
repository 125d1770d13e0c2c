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

#include "sockopt.h"

#ifndef IPV6_FREEBIND
#define IPV6_FREEBIND 78 /* linux/in6.h; glibc's header lacks it */
#endif

#define INTEGER sizeof(int)
#define NAME    SOCKOPT_VALUE_MAX

/*
 * Observed are the options that decide the variant, that real servers set
 * before they bind, or that a listener hands on to the connections it accepts.
 * The others are read where pidfd_getfd(2) allows: servers set them on every
 * connection, and watching would cost each of those a round trip.
 */
const struct sockopt sockopt_table[SOCKOPT_COUNT] = {
    {SOL_SOCKET, SO_REUSEPORT, INTEGER, true, false},
    {SOL_SOCKET, SO_KEEPALIVE, INTEGER, true, false},
    {SOL_SOCKET, SO_RCVBUF, INTEGER, true, true},
    {SOL_SOCKET, SO_SNDBUF, INTEGER, true, true},
    {SOL_SOCKET, SO_LINGER, sizeof(struct linger), true, false},
    {SOL_SOCKET, SO_BINDTODEVICE, NAME, true, false},
    {SOL_SOCKET, SO_INCOMING_CPU, INTEGER, true, false},
    {SOL_SOCKET, SO_OOBINLINE, INTEGER, false, false},
    {SOL_SOCKET, SO_DONTROUTE, INTEGER, true, false},
    {SOL_SOCKET, SO_RCVLOWAT, INTEGER, false, false},
    {SOL_SOCKET, SO_RCVTIMEO, sizeof(struct timeval), false, false},
    {SOL_SOCKET, SO_SNDTIMEO, sizeof(struct timeval), false, false},
    {SOL_SOCKET, SO_TIMESTAMP, INTEGER, false, false},
    {IPPROTO_TCP, TCP_NODELAY, INTEGER, true, false},
    {IPPROTO_TCP, TCP_MAXSEG, INTEGER, true, false},
    {IPPROTO_TCP, TCP_DEFER_ACCEPT, INTEGER, true, false},
    {IPPROTO_TCP, TCP_USER_TIMEOUT, INTEGER, true, false},
    {IPPROTO_TCP, TCP_FASTOPEN, INTEGER, true, false},
    {IPPROTO_TCP, TCP_CONGESTION, NAME, true, false},
    {IPPROTO_TCP, TCP_WINDOW_CLAMP, INTEGER, true, false},
    {IPPROTO_TCP, TCP_NOTSENT_LOWAT, INTEGER, true, false},
    {IPPROTO_TCP, TCP_SAVE_SYN, INTEGER, true, false},
    {IPPROTO_TCP, TCP_SYNCNT, INTEGER, true, false},
    {IPPROTO_TCP, TCP_KEEPIDLE, INTEGER, false, false},
    {IPPROTO_TCP, TCP_KEEPINTVL, INTEGER, false, false},
    {IPPROTO_TCP, TCP_KEEPCNT, INTEGER, false, false},
    {SOL_SOCKET, SO_BROADCAST, INTEGER, true, false, true},
    {SOL_SOCKET, SO_RXQ_OVFL, INTEGER, true, false, true},
    {SOL_SOCKET, SO_TIMESTAMPNS, INTEGER, true, false, true},
    {IPPROTO_UDP, UDP_SEGMENT, INTEGER, true, false, true},
    {IPPROTO_UDP, UDP_GRO, INTEGER, true, false, true},
    {IPPROTO_IP, IP_PKTINFO, INTEGER, true, false, true},
    {IPPROTO_IP, IP_RECVTOS, INTEGER, true, false, true},
    {IPPROTO_IP, IP_RECVTTL, INTEGER, true, false, true},
    {IPPROTO_IP, IP_RECVERR, INTEGER, true, false, true},
    {IPPROTO_IP, IP_RECVORIGDSTADDR, INTEGER, true, false, true},
    {IPPROTO_IPV6, IPV6_RECVPKTINFO, INTEGER, true, false, true},
    {IPPROTO_IPV6, IPV6_RECVTCLASS, INTEGER, true, false, true},
    {IPPROTO_IPV6, IPV6_RECVHOPLIMIT, INTEGER, true, false, true},
    {IPPROTO_IPV6, IPV6_RECVERR, INTEGER, true, false, true},
    {IPPROTO_IPV6, IPV6_MTU_DISCOVER, INTEGER, true, false, true},
    {IPPROTO_IPV6, IPV6_DONTFRAG, INTEGER, true, false, true},
    {IPPROTO_IP, IP_TOS, INTEGER, true, false},
    {SOL_SOCKET, SO_PRIORITY, INTEGER, true, false}, /* after IP_TOS */
    {IPPROTO_IP, IP_TTL, INTEGER, true, false},
    {IPPROTO_IP, IP_MTU_DISCOVER, INTEGER, true, false},
    {IPPROTO_IP, IP_FREEBIND, INTEGER, true, false},
    {IPPROTO_IPV6, IPV6_TCLASS, INTEGER, true, false},
    {IPPROTO_IPV6, IPV6_UNICAST_HOPS, INTEGER, true, false},
    {IPPROTO_IPV6, IPV6_V6ONLY, INTEGER, true, false},
};

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
 * Setting IP_TOS sets SO_PRIORITY too (ip(7)).  So an IP_TOS that is seen makes
 * the priority one that nobody has set, and one that is applied makes it one to
 * be set, if it is known.
 */
static bool
is_tos(int option)
{
	return option == sockopt_find(IPPROTO_IP, IP_TOS);
}

static bool
is_priority(int option)
{
	return option == sockopt_find(SOL_SOCKET, SO_PRIORITY);
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

	if (is_tos(option))
		sockopt_forget(values, SOL_SOCKET, SO_PRIORITY);
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
is_for(const struct sockopt *entry, int type)
{
	return type == SOCK_DGRAM ? entry->level != IPPROTO_TCP
				  : !entry->datagram;
}

void
sockopt_read(int socket, struct sockopt_values *values)
{
	socklen_t size = sizeof(int);
	int i, type = SOCK_STREAM;

	memset(values, 0, sizeof(*values));
	getsockopt(socket, SOL_SOCKET, SO_TYPE, &type, &size);
	for (i = 0; i < SOCKOPT_COUNT; i++) {
		if (!is_for(&sockopt_table[i], type))
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
		if (is_tos(i))
			sockopt_forget(values, SOL_SOCKET, SO_PRIORITY);
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

bool
sockopt_apply(int socket, const struct sockopt_values *wanted,
    const struct sockopt_values *present)
{
	bool differs = false, tos_set = false;
	int i;

	for (i = 0; i < SOCKOPT_COUNT; i++) {
		if (!wanted->known[i] || !present->known[i])
			continue;
		if (memcmp(wanted->value[i], present->value[i],
			SOCKOPT_VALUE_MAX) == 0 &&
		    !(tos_set && is_priority(i)))
			continue;
		set_one(socket, &sockopt_table[i], wanted->value[i]);
		differs = true;
		tos_set |= is_tos(i);
	}
	return differs;
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
