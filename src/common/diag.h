/* SPDX-License-Identifier: ISC */
/*
 * sock_diag(7): the kernel's list of sockets.  This room asks and reads; others
 * decide what the answers mean.  It allocates nothing, and goes on when the
 * helper is confined.
 */
#ifndef DIAG_H
#define DIAG_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "endpoint.h"

struct diag_query {
	int family; /* AF_INET, AF_INET6; AF_UNSPEC: both of TCP, for the price
		       of one: the kernel walks its table of ports once */
	int protocol;
	uint32_t states; /* a bit for each TCP_ of <netinet/tcp.h> */
	uint16_t port;   /* 0: all.  Sockets that are bound only come always. */
};

struct diag_socket {
	struct endpoint local; /* v6only only if it is bound or listens */
	struct endpoint peer;
	uint32_t interface; /* SO_BINDTODEVICE's index, or 0 */
	unsigned int state;
	uid_t uid; /* of its maker, as this user namespace numbers it */
	ino_t inode;
};

/* The kernel puts less into one message. */
#define DIAG_PIECE 16384

/* An answer while it is read. */
struct diag_answer {
	int diag;
	const struct nlmsghdr *next;
	unsigned int left; /* bytes from next on */
	char piece[DIAG_PIECE] __attribute__((aligned(8)));
};

/* Returns a descriptor to ask at, close-on-exec, or -1 with errno if the
 * kernel has none (gVisor) or a sandbox forbids it. */
int diag_open(void);

/* Asks; with -1 for diag, nobody answers.  The answer is to be read to its end
 * before the next question. */
void diag_ask(struct diag_answer *, int diag, const struct diag_query *);

/* The next socket of the answer; false at its end, or if nobody answers. */
bool diag_next(struct diag_answer *, struct diag_socket *);

/*
 * True if a UDP socket of another user than own is bound to the port, and to
 * an address that the endpoint overlaps; *uid is whose.  Some 30 microseconds
 * for each family.
 */
bool diag_find_stranger(int diag, uid_t own, const struct endpoint *,
    uid_t *uid);

#endif
