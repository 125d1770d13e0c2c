/* SPDX-License-Identifier: ISC */
/*
 * The file of a program: which loader or interpreter runs it, and whether
 * LD_PRELOAD reaches its bind(2) (ld.so(8), elf(5), execve(2)).
 */
#ifndef BINARY_H
#define BINARY_H

#include <stdbool.h>
#include <stdint.h>

/* Room for a path; a longer one is cut off. */
#define BINARY_PATH 256

enum binary_kind {
	BINARY_UNKNOWN, /* not readable, or of another form */
	BINARY_SCRIPT,
	BINARY_DYNAMIC, /* it has a loader */
	BINARY_STATIC,
	BINARY_GO, /* it makes its system calls itself */
};

struct binary {
	enum binary_kind kind;
	uint8_t class;    /* EI_CLASS: 32 or 64 bits */
	uint16_t machine; /* e_machine */
	bool capable;     /* it has a capability: its loader ignores LD_PRELOAD,
			 under no_new_privs too (ld.so(8)) */
	bool gains;       /* executing it may raise privilege */
	char path[BINARY_PATH];     /* its own */
	char runner[BINARY_PATH];   /* its loader or interpreter; empty: none */
	char argument[BINARY_PATH]; /* a script's for that, its first word */
};

/* Looks at a file. */
struct binary binary_read(const char *path);

#endif
