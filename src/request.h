/* SPDX-License-Identifier: ISC */
/*
 * What the preload library asks the helper.  Each request is a datagram to an
 * abstract Unix socket, which survives whatever a server closes and executes,
 * with one end of a socket pair to reply to: the other end tells when nobody is
 * left to.
 *
 * request.c and expected.c are part of the library too, and so is all they use:
 * neither needs a C library.
 */
#ifndef REQUEST_H
#define REQUEST_H

#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "mapping.h"
#include "plan.h"

#define REQUEST_MAGIC 0x6c6f7072u

/* The socket's name: this, behind a NUL, and 32 hexadecimal digits. */
#define REQUEST_PREFIX "lowport."
#define REQUEST_NAME   33 /* the digits and a NUL */

/*
 * Variables of the server and of all it starts: the names of sockets to ask at,
 * with colons between them, the innermost lowport's first.  One with a '+'
 * behind it has a table of expected ports.
 */
#define REQUEST_VARIABLE  "LOWPORT_PRELOAD"
#define REQUEST_HAS_TABLE '+'

enum request_kind {
	REQUEST_BIND,
	REQUEST_TABLE, /* asks for the table */
};

struct request {
	uint32_t magic;
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

/* Writes the abstract address of that name; returns its length. */
socklen_t request_address(struct sockaddr_un *, const char *name);

/*
 * Asks for a socket for this bind(2) and puts it at fd, where its close-on-exec
 * flag stays as it is.  Returns a reply's answer; ENOSYS where the helper is
 * gone, as a trapped call does then.  Safe in signal handlers.
 */
int request_bind(const char *name, int fd, const void *address,
    socklen_t length);

/* Asks for the table.  Returns 0 or an errno(3) value. */
int request_table(const char *name, struct table *);

#endif
