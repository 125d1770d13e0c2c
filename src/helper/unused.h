/* SPDX-License-Identifier: ISC */
/*
 * Mappings that no bind has used: what the server's processes have bound
 * instead, and what is to be done about it.
 */
#ifndef UNUSED_H
#define UNUSED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "plan.h"

/* Ports that the server binds itself; so many are remembered. */
#define UNUSED_BINDS 16

/* Expected ports that the server has bound itself, uncovered; so many are
 * remembered. */
#define UNUSED_UNCOVERED 16

/* Binds that are learnt about, at some microseconds each. */
#define UNUSED_EXAMINED 64

/* What came of a bind is known, or is not: the kernel carried it out. */
#define UNUSED_UNKNOWN (-1)

struct unused_bind {
	uint16_t port, protocol;
	int error;          /* of bind(2), 0, or UNUSED_UNKNOWN */
	unsigned int looks; /* at which it was seen to listen */
};

struct unused {
	const struct plan *plan;
	bool used[PLAN_MAPPINGS_MAX]; /* a bind has used the mapping */
	struct unused_bind binds[UNUSED_BINDS];
	size_t count;
	unsigned int examined;
	long long due; /* for unused_visit, in clock_milliseconds; 0: never */
	bool reported[PLAN_MAPPINGS_MAX];
	struct unused_uncovered {
		uint16_t port, protocol;
	} uncovered[UNUSED_UNCOVERED];
	size_t uncovered_count;
	bool stuck;      /* the server is root, and cannot change its user */
	bool unreadable; /* some bind could not be looked at */
	/* Processes with an expected port itself: one of the server, and one
	 * that is not. */
	struct unused_holder {
		pid_t process; /* 0: none */
		uint16_t port, protocol;
	} stray, foreign;
};

/* The server is this process now. */
void unused_start(struct unused *, pid_t server);

/* Reports what is unused yet if that is due: once, some time after the start. */
void unused_visit(struct unused *);

/* True where some mapping is unused, and that has not been reported. */
bool unused_any(const struct unused *, int protocol);

/* True where it is of use to learn about a bind of a port no mapping expects. */
bool unused_examines(struct unused *);

/* The server has bound this port itself, or tried to. */
void unused_note(struct unused *, uint16_t port, int protocol, int error);

/* It has bound an expected port of an address that no mapping covers. */
void unused_note_uncovered(struct unused *, uint16_t port, int protocol);
bool unused_is_uncovered(const struct unused *, uint16_t port, int protocol);

/* One of its sockets has been seen to listen there. */
void unused_note_listener(struct unused *, uint16_t port, int protocol);

/* Reports unused mappings while the server listens at another port. */
void unused_look(struct unused *);

/* Reports all that are unused; status is what the server has ended with, or 0.
 */
void unused_report(struct unused *, int status);

#endif
