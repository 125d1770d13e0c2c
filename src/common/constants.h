/* SPDX-License-Identifier: ISC */
/*
 * Socket options and system calls that the headers of some C library, or of an
 * older kernel, do not name.  The numbers are those of most architectures
 * (asm-generic/socket.h, asm-generic/unistd.h, linux/tcp.h and so on).
 */
#ifndef CONSTANTS_H
#define CONSTANTS_H

#include <linux/bpf.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#ifndef SYS_close_range
#define SYS_close_range 436 /* Linux 5.9 */
#endif
#ifndef SYS_openat2
#define SYS_openat2 437 /* 5.6 */
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438 /* 5.6 */
#endif
#ifndef __NR_landlock_create_ruleset
#define __NR_landlock_create_ruleset 444 /* 5.13 */
#endif
#ifndef __NR_landlock_restrict_self
#define __NR_landlock_restrict_self 446 /* 5.13 */
#endif
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset __NR_landlock_create_ruleset
#endif
#ifndef SYS_landlock_restrict_self
#define SYS_landlock_restrict_self __NR_landlock_restrict_self
#endif
#ifndef BPF_ATOMIC
#define BPF_ATOMIC BPF_XADD /* 5.12; the same number */
#endif
#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262 /* 5.6 */
#endif
#ifndef SO_BINDTOIFINDEX
#define SO_BINDTOIFINDEX 62 /* Linux 5.1 */
#endif
#ifndef SO_PREFER_BUSY_POLL
#define SO_PREFER_BUSY_POLL 69 /* 5.11 */
#endif
#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71 /* 5.14 */
#endif
#ifndef SO_BUF_LOCK
#define SO_BUF_LOCK 72 /* 5.15 */
#endif
#ifndef SO_RESERVE_MEM
#define SO_RESERVE_MEM 73 /* 5.16 */
#endif
#ifndef SO_TXREHASH
#define SO_TXREHASH 74 /* 5.18 */
#endif
#ifndef SO_RCVMARK
#define SO_RCVMARK 75 /* 5.19 */
#endif
#ifndef SO_RCVPRIORITY
#define SO_RCVPRIORITY 82 /* 6.14 */
#endif
#ifndef TCP_MSS_DEFAULT
#define TCP_MSS_DEFAULT 536
#endif
#ifndef TCP_RTO_MAX_MS
#define TCP_RTO_MAX_MS 44 /* 6.15 */
#endif
#ifndef TCP_RTO_MIN_US
#define TCP_RTO_MIN_US 45 /* 6.15 */
#endif
#ifndef TCP_DELACK_MAX_US
#define TCP_DELACK_MAX_US 46 /* 6.15 */
#endif
#ifndef UDP_NO_CHECK6_TX
#define UDP_NO_CHECK6_TX 101
#endif
#ifndef UDP_NO_CHECK6_RX
#define UDP_NO_CHECK6_RX 102
#endif
#ifndef IP_RECVERR_RFC4884
#define IP_RECVERR_RFC4884 26
#endif
#ifndef IPV6_FLOWINFO
#define IPV6_FLOWINFO 11 /* linux/in6.h */
#endif
#ifndef IPV6_MULTICAST_ALL
#define IPV6_MULTICAST_ALL 29
#endif
#ifndef IPV6_RECVERR_RFC4884
#define IPV6_RECVERR_RFC4884 31
#endif
#ifndef IPV6_FLOWINFO_SEND
#define IPV6_FLOWINFO_SEND 33 /* linux/in6.h */
#endif

#endif
