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

/* The options of one socket. */
struct sockopt_values {
	bool known[SOCKOPT_COUNT];
	uint8_t value[SOCKOPT_COUNT][SOCKOPT_VALUE_MAX];
};

/* Takes the value that a setsockopt(2) passed; length is in bytes. */
void sockopt_note(struct sockopt_values *, int option, const void *value,
    size_t length);

/* Makes the option unknown. */
void sockopt_forget(struct sockopt_values *, int level, int name);

/* Reads every option that is for a socket of its type; or those that are not
 * known (and zero) so far; or one alone. */
void sockopt_read(int socket, struct sockopt_values *);
void sockopt_read_rest(int socket, int family, int type,
    struct sockopt_values *);
void sockopt_read_one(int socket, struct sockopt_values *, int level, int name);

/* Copies the known values of the second over those of the first. */
void sockopt_overlay(struct sockopt_values *, const struct sockopt_values *);

/*
 * Sets what differs between wanted and present; returns whether anything did.
 * An option that cannot be set is left as it is: the server could not have set
 * it either.
 */
bool sockopt_apply(int socket, const struct sockopt_values *wanted,
    const struct sockopt_values *present);

/* Sets SO_BINDTODEVICE alone; false if it is unknown or names no interface. */
bool sockopt_apply_device(int socket, const struct sockopt_values *);

/* The value of an integer option of the table, 0 if it is unknown. */
int sockopt_integer(const struct sockopt_values *, int level, int name);

#endif
