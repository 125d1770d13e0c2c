/* SPDX-License-Identifier: ISC */
/*
 * The socket options of a listener: one table says which are carried over from
 * the server's socket to the one that takes its place, and which of them are
 * watched where the server's socket itself cannot be read.
 */
#ifndef SOCKOPT_H
#define SOCKOPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sockopt {
	int level; /* as setsockopt(2) takes it */
	int name;
	uint8_t size;    /* bytes of the value */
	bool observed;   /* servers set it before they bind: watch it */
	bool doubled;    /* the kernel reads back twice what was set */
	bool datagram;   /* of UDP sockets alone */
	uint8_t changes; /* the one of SOL_SOCKET set by it too, or 0 */
};

#define SOCKOPT_COUNT     113
#define SOCKOPT_VALUE_MAX 16 /* struct timeval, names of 15 bytes */

extern const struct sockopt sockopt_table[SOCKOPT_COUNT];

/* Values of the options of one socket; known tells which are there. */
struct sockopt_values {
	bool known[SOCKOPT_COUNT];
	uint8_t value[SOCKOPT_COUNT][SOCKOPT_VALUE_MAX];
};

/* Returns the option's place in the table, or -1. */
int sockopt_find(int level, int name);

/* Takes the values a setsockopt(2) passed; length is in bytes. */
void sockopt_note(struct sockopt_values *, int option, const void *value,
    size_t length);

/* Makes an option one that is not known. */
void sockopt_forget(struct sockopt_values *, int level, int name);

/* Reads every option that is for a socket of its type. */
void sockopt_read(int socket, struct sockopt_values *);

/* Puts the values of the second that are known over those of the first. */
void sockopt_overlay(struct sockopt_values *, const struct sockopt_values *);

/*
 * Sets what differs between wanted and present, and returns whether anything
 * did.  An option that cannot be set is left: the server could not have set it
 * either.
 */
bool sockopt_apply(int socket, const struct sockopt_values *wanted,
    const struct sockopt_values *present);

/* Sets SO_BINDTODEVICE alone; true where it is known, and of an interface. */
bool sockopt_apply_device(int socket, const struct sockopt_values *);

/* The integer value of an option of the table, 0 where it is not known. */
int sockopt_integer(const struct sockopt_values *, int level, int name);

#endif
