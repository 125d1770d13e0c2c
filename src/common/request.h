/* SPDX-License-Identifier: ISC */
/*
 * The messages between the preload library and the helper.  The library connects
 * to an abstract Unix socket, whose name stays known whatever the server closes
 * and executes.  Each request has a connection of its own:
 *
 *   library to helper   struct hello: a nonce
 *   helper to library   struct greeting: the helper knows the proof (proof.h).
 *                       An impostor at the name gets no more than the nonce
 *   library to helper   struct request, with the server's socket
 *   helper to library   struct reply, with a socket if the answer is 0
 *
 * At the end of the connection the helper knows that the socket it sent has
 * arrived, or never will.
 *
 * ask.c, proof.c and expected.c are part of the library, too: none of these needs
 * a C library.
 */
#ifndef REQUEST_H
#define REQUEST_H

#include <stdint.h>

#include "mapping.h"
#include "plan.h"

/* Random words, in hexadecimal digits. */
#define REQUEST_WORD 32

/*
 * The socket to ask at.  The kernel shows the name to everybody (/proc/net/unix,
 * without the prefix and the NUL in front of it); once the helper has been
 * killed, anybody can take it.  Without the key, a request is ignored.  The proof
 * is never sent: the library sends nothing to those who do not know it.
 */
struct rendezvous {
	char name[REQUEST_WORD];
	char key[REQUEST_WORD];
	char proof[REQUEST_WORD];
	/* The network namespace in which the name is ours: SO_NETNS_COOKIE and
	 * the inode number of /proc/PID/ns/net, 16 digits each, zeros if it is
	 * unknown. */
	char network[REQUEST_WORD];
};

#define REQUEST_PREFIX "lowport."

/*
 * A variable of the server and of all it starts; only its user can read it.  For
 * each lowport, the innermost first and with a ':' between them, it holds the
 * words of a struct rendezvous; a '+' if there is a table of what getsockname(2)
 * is to answer; and behind a '@' the expected ports, as in 8443,9990-9992.  The
 * library asks for no other port.
 */
#define REQUEST_VARIABLE  "LOWPORT_PRELOAD"
#define REQUEST_HAS_TABLE '+'
#define REQUEST_PORTS     '@'

struct hello {
	uint64_t nonce[2]; /* random */
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
	uint32_t length; /* at most ENDPOINT_BYTES */
	uint8_t address[ENDPOINT_BYTES];
};

struct reply {
	int32_t answer; /* 0, an errno(3) value, or REQUEST_PASS */
};

/* lowport has nothing to do with this bind: the kernel does it. */
#define REQUEST_PASS (-1)

/* For expected_port. */
struct table {
	uint32_t count;
	struct mapping mappings[PLAN_MAPPINGS_MAX];
};

#endif
