/* SPDX-License-Identifier: ISC */
/*
 * The messages between child and helper, and between preload library and helper.
 * This room alone passes descriptors (SCM_RIGHTS, unix(7)), but for the library's
 * side (ask.c).  A message of another length, or with another number of
 * descriptors, is refused.
 *
 * Child and helper have a socket pair.  In order:
 *
 *   child to helper   struct plan
 *   child to helper   a byte: the child, which hides until its plan is sent
 *                     (privilege.h), can be looked at now.  The helper waits for
 *                     it, having dropped its privilege
 *   helper to child   struct answer
 *   helper to child   a socket for each port that is mapped by descriptor
 *   child to helper   struct offer, any number of them, each with a descriptor
 *
 * The end of the channel means that the child has become the server, as both ends
 * close on exec, or has ended.
 *
 * The preload library connects to a socket that rendezvous.h makes; request.h has
 * its messages.
 */
#ifndef CHANNEL_H
#define CHANNEL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "plan.h"
#include "request.h"

/* The child sends offers to the helper, which is powerless by then. */
enum offer_kind {
	OFFER_INHERITED, /* a socket that a service manager passed */
	OFFER_NOTIFY,    /* the listener of seccomp_listen */
	OFFER_PRELOAD,   /* the socket the preload library connects to */
	OFFER_MANAGER,   /* a socket that sends to the service manager */
	OFFER_REPORTS,   /* the one its reports come to; after MANAGER */
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

/* Each returns false if the other side has gone or has sent something else. */
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

struct received_request {
	struct request request;
	pid_t sender; /* as the kernel says (SCM_CREDENTIALS); 0 if it has no
			 number here */
	int socket;   /* a duplicate of the server's */
	int reply;    /* the connection */
};

/*
 * None of these waits.  channel_accept returns a connection, close-on-exec, and
 * writes the user of the process that made it; or it returns -1 with errno.
 */
int channel_accept(int requests, uid_t *);

/* These return false with errno: EBADMSG for a message that is no such one, or at
 * the end of the connection.  The caller closes the socket of a request.  socket
 * is -1 if the reply has none. */
bool channel_receive_hello(int connection, struct hello *);
bool channel_send_greeting(int connection, const struct greeting *);
bool channel_receive_request(int connection, struct received_request *);
bool channel_send_reply(int connection, const struct reply *, int socket);
bool channel_send_table(int connection, const struct table *);

/* A message of sd_notify(3).  A longer one the manager would not take. */
#define REPORT_TEXT 4096
#define REPORT_FDS  253 /* SCM_MAX_FD, unix(7) */

struct report {
	char text[REPORT_TEXT];
	size_t length;
	struct ucred sender; /* as in struct received_request */
	size_t fd_count;
	int fds[REPORT_FDS];
};

/* Neither waits: without a report, receiving fails with EAGAIN.  The caller ends
 * each report that he has received. */
bool channel_receive_report(int socket, struct report *);
void channel_send_report(int socket, const struct report *);
void channel_end_report(const struct report *);

#endif
