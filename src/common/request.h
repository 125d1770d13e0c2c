/* SPDX-License-Identifier: ISC */
/*
 * What the preload library asks the helper: at an abstract Unix socket, whose
 * name survives whatever a server closes and executes.  One connection for each
 * request:
 *
 *   library to helper   struct hello, a nonce
 *   helper to library   struct greeting: it knows the proof (proof.h).  Whoever
 *                       else has the name gets nothing but the nonce
 *   library to helper   struct request, with the server's socket
 *   helper to library   struct reply, with a socket where the answer is 0
 *
 * and its end tells the helper that what it sent has arrived, or never will.
 *
 * The library asks in ask.c.  proof.c and expected.c are part of it too: none of
 * these needs a C library.
 */
#ifndef REQUEST_H
#define REQUEST_H

#include <stdint.h>

#include "mapping.h"
#include "plan.h"

/* Random words, in hexadecimal digits. */
#define REQUEST_WORD 32

/*
 * Where to ask.  The kernel shows the name to everybody (/proc/net/unix, without
 * the prefix and the NUL in front of it), and it is free for anybody once the
 * helper has been killed.  Who does not know the key is not heard, and who does
 * not know the proof, which is never sent, is sent nothing.
 */
struct rendezvous {
	char name[REQUEST_WORD];
	char key[REQUEST_WORD];
	char proof[REQUEST_WORD];
	/* The network namespace: SO_NETNS_COOKIE and the inode number of
	 * /proc/PID/ns/net, each of 16 digits, zeros where it is unknown.
	 * Elsewhere the name is nobody's, or another's. */
	char network[REQUEST_WORD];
};

#define REQUEST_PREFIX "lowport."

/*
 * Variable of the server and of all it starts, whose environment its user alone
 * can read: for each lowport, the innermost first and with a ':' between them,
 * the words of a struct rendezvous, a '+' where there is a table of what
 * getsockname(2) is to answer, and behind a '@' the expected ports, with commas
 * between them, 8443,9990-9992.  No others are asked for.
 */
#define REQUEST_VARIABLE  "LOWPORT_PRELOAD"
#define REQUEST_HAS_TABLE '+'
#define REQUEST_PORTS     '@'

/* Of random bytes. */
struct hello {
	uint64_t nonce[2];
};

struct greeting {
	uint64_t tag;
};

enum request_kind {
	REQUEST_BIND,
	REQUEST_TABLE, /* asks for the table */
};

struct request {
	char key[REQUEST_WORD];
	uint32_t kind;   /* enum request_kind */
	int32_t fd;      /* bind(2)'s arguments */
	uint32_t length; /* ENDPOINT_BYTES at the most */
	uint8_t address[ENDPOINT_BYTES];
};

/* With the socket where the answer is 0. */
struct reply {
	int32_t answer; /* 0, an errno(3) value, or REQUEST_PASS */
};

/* Not lowport's affair: let the kernel do it. */
#define REQUEST_PASS (-1)

/* For expected_port. */
struct table {
	uint32_t count;
	struct mapping mappings[PLAN_MAPPINGS_MAX];
};

#endif
