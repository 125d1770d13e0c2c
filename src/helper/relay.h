/* SPDX-License-Identifier: ISC */
/*
 * The server's reports by sd_notify(3), passed on to the service manager: it takes
 * them from the process that it started, which is the helper.
 */
#ifndef RELAY_H
#define RELAY_H

#include <poll.h>
#include <stdbool.h>
#include <sys/types.h>

struct relay {
	int manager;  /* sends to it; 0: there is none */
	int reports;  /* the server sends here; 0: nothing can come */
	bool waiting; /* a report is there, the manager may have no room */
};

/* Return false if the socket is none that can be used. */
bool relay_set_manager(struct relay *, int socket);
bool relay_set_reports(struct relay *, int socket);

/* The descriptor for poll(2) to wait for, and the action then.  user is the
 * server's. */
struct pollfd relay_await(const struct relay *);
void relay_attend(struct relay *, uid_t user);

/* Once the server has ended: passes on what it has reported last.  Waits for the
 * manager, but not for ever, nor as long as somebody keeps sending: then prints a
 * warning. */
void relay_finish(const struct relay *, uid_t user);

#endif
