/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the helper, after the drop; and where lowport is built, for the
 * listener's filter (filters.c).
 * Reads: nothing.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include "constants.h"
#include "sockopt_table.h"

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
