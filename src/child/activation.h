/* SPDX-License-Identifier: ISC */
/*
 * Socket activation, both ways: lowport gives sockets to the server when it
 * starts, and a service manager passes some to lowport.  The variables are those
 * of sd_listen_fds(3): LISTEN_FDS is how many sockets there are, from descriptor
 * 3 on; LISTEN_PID is the process they are for; LISTEN_FDNAMES has their names,
 * with colons between them.
 */
#ifndef ACTIVATION_H
#define ACTIVATION_H

#include <stdbool.h>

#include "options.h"
#include "plan.h"

/* The sockets for the server, in the order of the mappings and of their ports. */
struct activation {
	unsigned int count;
	int *sockets; /* close-on-exec; no number here is one they will get */
	const char **names;
};

/* The sockets that a service manager passed, and inherited mappings name. */
struct passed_sockets {
	unsigned int count;
	struct {
		int fd;
		uint32_t mapping; /* its place in the plan */
	} sockets[PLAN_MAPPINGS_MAX * PLAN_INHERITED_MAX];
};

/*
 * Finds the sockets of each inherited mapping: by name, or by port if they have
 * no names.  All that were passed become close-on-exec, and the environment that
 * is returned lacks the variables.  Ends the process if a mapping has no socket.
 * Changes nothing if no mapping is inherited.
 */
char **activation_find_passed(struct passed_sockets *, const struct options *,
    char **environment);

/*
 * Receives the sockets of the mappings by descriptor, and makes those of TCP
 * listen.  Moves the channel out of their way.  Returns false if the helper has
 * ended.
 */
bool activation_receive(struct activation *, int *channel,
    const struct options *, const struct plan *, const struct answer *);

/*
 * Gives the sockets their descriptors, and closes what has these numbers.  Puts
 * the number of the descriptor in place of each {NAME} in the command.  Returns
 * the environment: without the three variables if there was such a name, with
 * them otherwise.  Ends the process if several sockets have the name.
 */
char **activation_install(const struct activation *, char **environment,
    char **command);

#endif
