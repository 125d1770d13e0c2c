/* SPDX-License-Identifier: ISC */
/*
 * The socket pair between child and helper: the only room that passes
 * descriptors (SCM_RIGHTS, unix(7)).  In order:
 *
 *   child to helper   struct plan
 *   helper to child   struct answer
 *   helper to child   a socket for each port that is mapped by descriptor
 *   child to helper   struct greeting, with the listener
 *   child to helper   the greeting's number of struct inheritance, each with a
 *                     socket that a service manager has passed
 *
 * and then its end, when the child has become the server: both ends close on
 * exec.  Message boundaries are kept (SOCK_SEQPACKET); a message of another
 * length, or with other descriptors than it should have, is no message.
 */
#ifndef CHANNEL_H
#define CHANNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "plan.h"

struct greeting {
	uint32_t killable;  /* struct seccomp_listener's, 0 or 1 */
	uint32_t inherited; /* how many sockets are to come */
};

struct inheritance {
	uint32_t mapping; /* its place in the plan */
};

/* Makes the pair: [0] for the helper, [1] for the child. */
void channel_open(int ends[2]);

/* Each returns false where the other side is gone or does not keep to the
 * protocol. */
bool channel_send_plan(int channel, const struct plan *);
bool channel_receive_plan(int channel, struct plan *);
bool channel_send_answer(int channel, const struct answer *);
bool channel_receive_answer(int channel, struct answer *);
bool channel_send_socket(int channel, int socket);
bool channel_send_listener(int channel, const struct greeting *, int listener);

bool channel_send_inherited(int channel, const struct inheritance *,
    int socket);

/* Return a socket, close-on-exec, or -1. */
int channel_receive_socket(int channel);
int channel_receive_inherited(int channel, struct inheritance *);

/* Returns the listener, close-on-exec, or -1. */
int channel_receive_listener(int channel, struct greeting *);

/* True once the other side has closed its end.  Does not wait. */
bool channel_ended(int channel);

#endif
