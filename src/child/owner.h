/* SPDX-License-Identifier: ISC */
/*
 * The server that has a port now, and the service it is part of.
 */
#ifndef OWNER_H
#define OWNER_H

#include "holder.h"

#define OWNER_UNIT    256
#define OWNER_COMMAND 2048

struct owner {
	struct holder holder;
	char unit[OWNER_UNIT];       /* of systemd's; "": none */
	char command[OWNER_COMMAND]; /* its words for a shell; "": not known */
	bool is_contained;           /* in a container's group */
};

/* False if nobody has the port. */
bool owner_find(struct owner *, uint16_t port, int protocol);

/* Writes the commands that a unit starts, as its file has them, a line each: the
 * lines of ExecStart= behind the '='.  False if there is none, or no such file. */
bool owner_unit_command(const char *unit, char command[OWNER_COMMAND]);

/* True if a line of the unit's file says so, as in "Type=notify". */
bool owner_unit_has(const char *unit, const char *line);

#endif
