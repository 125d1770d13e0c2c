/* SPDX-License-Identifier: ISC */
/*
 * The socket options of a listener: one table says which are carried over from
 * the server's socket to the one that takes its place, and which of them are
 * watched when the server's socket itself cannot be read.
 */
#ifndef SOCKOPT_TABLE_H
#define SOCKOPT_TABLE_H

#include <stdbool.h>
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

/* Returns the option's place in the table, or -1. */
int sockopt_find(int level, int name);

#endif
