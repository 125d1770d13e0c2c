/* SPDX-License-Identifier: ISC */
/*
 * Socket activation, both ways: the server is given sockets when it starts, and
 * a service manager has given some to lowport.  As sd_listen_fds(3) defines it,
 * LISTEN_FDS is how many there are, from descriptor 3 on; LISTEN_PID the
 * process they are for; LISTEN_FDNAMES their names, with colons between them.
 */
#ifndef ACTIVATION_H
#define ACTIVATION_H

#include <stdbool.h>

#include "options.h"
#include "plan.h"

/* The sockets, in the order of the mappings, each of a range by itself. */
struct activation {
	unsigned int count;
	int *sockets;       /* close-on-exec, above all numbers they will get */
	const char **names; /* of each */
};

/* The sockets of a service manager's that inherited mappings are of. */
struct passed_sockets {
	unsigned int count;
	struct {
		int fd;
		uint32_t mapping; /* its place in the plan */
	} sockets[PLAN_MAPPINGS_MAX * PLAN_INHERITED_MAX];
};

/*
 * Finds the sockets of each inherited mapping among those this process was
 * given: by name, or by port where they have no names.  They close on exec from
 * here on, and the environment that is returned says nothing of them.  Ends the
 * process where a mapping has none.  Without such a mapping, nothing changes.
 */
char **activation_find_passed(struct passed_sockets *, const struct options *,
    char **environment);

/*
 * Receives the sockets of all mappings by descriptor that have theirs, and has
 * those of TCP listen.  Moves the channel out of their way.  Returns false
 * where the helper has ended.
 */
bool activation_receive(struct activation *, int *channel,
    const struct options *, const struct plan *, const struct answer *);

/*
 * Gives the sockets their descriptors, closing whatever is there; and writes the
 * number of the descriptor in place of each {NAME} in the command's arguments.
 * Returns the environment: with the three variables, or, where there was such a
 * name, without.  Ends the process where one is that of several.
 */
char **activation_install(const struct activation *, char **environment,
    char **command);

#endif
