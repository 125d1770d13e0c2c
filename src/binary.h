/* SPDX-License-Identifier: ISC */
/*
 * What a program's file is, as far as that decides whether LD_PRELOAD reaches
 * its bind(2) (ld.so(8), elf(5)).
 */
#ifndef BINARY_H
#define BINARY_H

#include <stdbool.h>
#include <stdint.h>

/* Room for a path in a message. */
#define BINARY_PATH 200

enum binary_kind {
	BINARY_UNKNOWN, /* not readable, or nothing known */
	BINARY_DYNAMIC, /* a loader loads it */
	BINARY_STATIC,  /* none does */
	BINARY_GO,      /* whose calls pass by the C library */
};

struct binary {
	enum binary_kind kind;
	uint8_t class;          /* EI_CLASS: 32 or 64 bits */
	uint16_t machine;       /* e_machine */
	bool gains;             /* executing it may raise privilege */
	char path[BINARY_PATH]; /* the file all this is of; may be cut off */
};

/*
 * Looks at a file; at a script's interpreter, and behind env(1) at the program
 * that stands there, looked up in PATH of this environment.
 */
struct binary binary_read(const char *path, char **environment);

#endif
