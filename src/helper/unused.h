/* SPDX-License-Identifier: ISC */
/*
 * Mappings that no bind has used: reports the ports that the server's processes
 * have bound instead, and a remedy.
 */
#ifndef UNUSED_H
#define UNUSED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "plan.h"

/* So many ports that the server binds itself are remembered. */
#define UNUSED_BINDS 16

/* And so many binds of expected ports that no mapping covers. */
#define UNUSED_UNCOVERED 16

/* So many binds are learnt about, at some microseconds each. */
#define UNUSED_EXAMINED 64

/* In place of a bind's errno(3) value: only the kernel knows the outcome. */
#define UNUSED_UNKNOWN (-1)

struct unused_bind {
	uint16_t port, protocol;
	int error;          /* of bind(2), 0, or UNUSED_UNKNOWN */
	bool below;         /* only a process in a group below did (bpf) */
	unsigned int looks; /* at which it was seen to listen */
};

struct unused {
	const struct plan *plan;
	bool used[PLAN_MAPPINGS_MAX]; /* a bind has used the mapping */
	struct unused_bind binds[UNUSED_BINDS];
	size_t count;
	unsigned int examined;
	bool reported[PLAN_MAPPINGS_MAX];
	struct unused_uncovered {
		uint16_t port, protocol;
	} uncovered[UNUSED_UNCOVERED];
	size_t uncovered_count;
	bool stuck;      /* the server is root, and cannot change its user */
	bool unreadable; /* some bind could not be looked at */
	/* Processes that have an expected port themselves: one of the server's,
	 * and another one. */
	struct unused_holder {
		pid_t process; /* 0: none */
		uint16_t port, protocol;
	} stray, foreign;
};

/* The child has become the server. */
void unused_start(struct unused *, pid_t server);

/* True if some mapping is unused, and has not been reported. */
bool unused_any(const struct unused *, int protocol);

/* True if the outcome of a bind of an unexpected port is worth learning. */
bool unused_examines(struct unused *);

/* The server has asked for this port: error is what came of it. */
void unused_note(struct unused *, uint16_t port, int protocol, int error);

/* A process in a control group below the server's has asked for this public
 * port, or a program of that group has made it this one before ours saw it. */
void unused_note_below(struct unused *, uint16_t port, int protocol);

/* It has bound an expected port of an address that no mapping covers. */
void unused_note_uncovered(struct unused *, uint16_t port, int protocol);
bool unused_is_uncovered(const struct unused *, uint16_t port, int protocol);

/* One of the server's sockets was seen to listen at this port. */
void unused_note_listener(struct unused *, uint16_t port, int protocol);

/* Reports an unused mapping if the server listens at another port. */
void unused_look(struct unused *);

/* Reports all that are unused; status is the server's, or 0 while it runs. */
void unused_report(struct unused *, int status);

#endif
