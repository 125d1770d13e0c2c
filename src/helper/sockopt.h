/* SPDX-License-Identifier: ISC */
/*
 * The values of a socket's options: read, compared, and set on the socket that
 * takes its place.
 */
#ifndef SOCKOPT_H
#define SOCKOPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sockopt_table.h"

/* Values of the options of one socket; known tells which are there. */
struct sockopt_values {
	bool known[SOCKOPT_COUNT];
	uint8_t value[SOCKOPT_COUNT][SOCKOPT_VALUE_MAX];
};

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
