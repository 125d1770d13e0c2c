/* SPDX-License-Identifier: ISC */
/*
 * The kernel's lists of sockets, of every user in this network namespace
 * (proc(5), /proc/net/tcp).
 */
#ifndef LISTING_H
#define LISTING_H

#include <stdbool.h>
#include <sys/types.h>

#include "endpoint.h"

/* A socket that takes what comes to its port. */
struct listed {
	int protocol; /* IPPROTO_TCP: it listens; IPPROTO_UDP: it is bound, and
			 not connected */
	struct endpoint endpoint;
	uid_t uid;
	ino_t inode;
};

/* Calls visit with each. */
void listing_each(void (*visit)(const struct listed *, void *), void *argument);

/* True if there is a TCP connection from or to this port of the host, or a
 * trace of one that has ended. */
bool listing_connected(uint16_t port);

#endif
