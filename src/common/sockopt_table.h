/* SPDX-License-Identifier: ISC */
/*
 * The socket options that are carried over from the server's socket to the one
 * that takes its place; and which of them the helper watches the server set, if
 * it cannot read the server's socket.
 */
#ifndef SOCKOPT_TABLE_H
#define SOCKOPT_TABLE_H

#include <stdint.h>

enum sockopt_flag {
	SOCKOPT_OBSERVED = 1, /* servers set it before they bind */
	SOCKOPT_DOUBLED = 2,  /* the kernel reads back twice what was set */
	SOCKOPT_DATAGRAM = 4, /* of UDP sockets alone */
	SOCKOPT_REPORTED = 8, /* IP_PKTOPTIONS or its like shows it */
};

struct sockopt {
	int level; /* as setsockopt(2) takes it */
	int name;
	uint8_t size;    /* bytes of the value */
	uint8_t flags;   /* of enum sockopt_flag */
	uint8_t changes; /* the one of SOL_SOCKET set by it too, or 0 */
};

#define SOCKOPT_COUNT     113
#define SOCKOPT_VALUE_MAX 16 /* struct timeval, names of 15 bytes */

extern const struct sockopt sockopt_table[SOCKOPT_COUNT];

/* Returns the option's index in the table, or -1. */
int sockopt_find(int level, int name);

#endif
