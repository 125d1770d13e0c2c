/* SPDX-License-Identifier: ISC */
/*
 * Listings: the kernel's own of the sockets that take what comes to a port,
 * those of every user in this network namespace (proc(5), /proc/net/tcp).
 */
#ifndef LISTING_H
#define LISTING_H

#include <stdbool.h>
#include <sys/types.h>

#include "endpoint.h"

struct listed {
	int protocol; /* IPPROTO_TCP: it listens; IPPROTO_UDP: it is bound, and
			 not connected */
	struct endpoint endpoint;
	uid_t uid;
	ino_t inode;
};

/* Calls visit with each of them. */
void listing_each(void (*visit)(const struct listed *, void *), void *argument);

/* True where there is a connection over TCP from or to this port of the host,
 * or a trace of one that has ended. */
bool listing_connected(uint16_t port);

#endif
