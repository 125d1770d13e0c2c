/* SPDX-License-Identifier: ISC */
/*
 * Who has a port that is in use.
 */
#ifndef HOLDER_H
#define HOLDER_H

#include <stdbool.h>
#include <sys/types.h>

#include "endpoint.h"

struct holder {
	uid_t uid;     /* of the socket's maker */
	bool listens;  /* or, of TCP, is bound only */
	pid_t pid;     /* 0: the process cannot be seen */
	char name[32]; /* of the process, "?" where it cannot be read */
};

/*
 * Finds a socket of IPPROTO_TCP or IPPROTO_UDP that is in the way of a bind(2) to
 * the endpoint; of TCP, one that listens rather than one that is bound only
 * (sock_diag(7); those are told since Linux 6.8).  Returns false where there is
 * none, or none can be seen.
 */
bool holder_find(struct holder *, const struct endpoint *, int protocol);

#endif
