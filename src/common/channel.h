/* SPDX-License-Identifier: ISC */
/*
 * The socket pair between child and helper: the only room that passes
 * descriptors (SCM_RIGHTS, unix(7)).  In order:
 *
 *   child to helper   struct plan
 *   child to helper   a byte: from now on the helper can look at the child,
 *                     which hides until its plan is on its way (privilege.h).
 *                     The helper waits for it when it has dropped all it has
 *   helper to child   struct answer
 *   helper to child   a socket for each port that is mapped by descriptor
 *   child to helper   struct offer, any number of them, each with a descriptor
 *
 * and then its end, when the child has become the server: both ends close on
 * exec.  Message boundaries are kept (SOCK_SEQPACKET); a message of another
 * length, or with other descriptors than it should have, is no message.
 *
 * And the socket at which the preload library connects, and asks (request.h).
 */
#ifndef CHANNEL_H
#define CHANNEL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "plan.h"
#include "request.h"

/* What the child hands the helper, which holds nothing any more. */
enum offer_kind {
	OFFER_INHERITED, /* a socket that a service manager has passed */
	OFFER_NOTIFY,    /* the listener of seccomp_listen */
	OFFER_PRELOAD,   /* the socket the preload library asks at */
};

struct offer {
	uint32_t kind;          /* enum offer_kind */
	uint32_t mapping;       /* of INHERITED: its place in the plan */
	uint32_t interruptible; /* of NOTIFY: see seccomp.h; 0 or 1 */
	/* Of PRELOAD: the words of struct rendezvous. */
	char key[REQUEST_WORD];
	char proof[REQUEST_WORD];
};

/* Makes the pair: [0] for the helper, [1] for the child. */
void channel_open(int ends[2]);

/* Each returns false where the other side is gone or does not keep to the
 * protocol. */
bool channel_send_plan(int channel, const struct plan *);
bool channel_receive_plan(int channel, struct plan *);
bool channel_send_ready(int channel);
bool channel_receive_ready(int channel);
bool channel_send_answer(int channel, const struct answer *);
bool channel_receive_answer(int channel, struct answer *);
bool channel_send_socket(int channel, int socket);
bool channel_send_offer(int channel, const struct offer *, int fd);

/* Return a descriptor, close-on-exec, or -1. */
int channel_receive_socket(int channel);
int channel_receive_offer(int channel, struct offer *);

/* A request, as it arrived. */
struct received_request {
	struct request request;
	pid_t sender; /* the kernel's word for it (SCM_CREDENTIALS); 0 where it
			 has no number here */
	int socket;   /* the server's own, a duplicate */
	int reply;    /* the connection, to reply to */
};

/*
 * None of these waits.  A connection is close-on-exec, and tells whose it is:
 * the user of the process that made it.  Returns -1 with errno.
 */
int channel_accept(int requests, uid_t *);

/* The socket of an arrival is the caller's to close; what is no such message is
 * refused with EBADMSG, and its end is one of length 0.  socket is -1 where the
 * reply has none. */
bool channel_receive_hello(int connection, struct hello *);
bool channel_send_greeting(int connection, const struct greeting *);
bool channel_receive_request(int connection, struct received_request *);
bool channel_send_reply(int connection, const struct reply *, int socket);
bool channel_send_table(int connection, const struct table *);

#endif
