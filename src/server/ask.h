/* SPDX-License-Identifier: ISC */
/*
 * The preload library's questions to the helper, in the messages of request.h.
 */
#ifndef ASK_H
#define ASK_H

#include <sys/socket.h>
#include <sys/un.h>

#include "request.h"

/* Writes the abstract address of that name; returns its length. */
socklen_t ask_address(struct sockaddr_un *, const struct rendezvous *);

/* Finds out, before the server confines itself, whether it may set options that
 * take a capability. */
void ask_prepare(void);

/*
 * Asks for a socket for this bind(2) and puts it at fd, whose close-on-exec
 * flag stays as it is.  Returns the answer of the reply, or:
 *
 *   REQUEST_PASS  the socket belongs to another network namespace.
 *   ENOSYS        the helper is gone, or does not answer within seconds; a
 *                 trapped call returns the same.
 *   EACCES        this process is forbidden that port (landlock(7)).
 *
 * Safe in signal handlers.
 */
int ask_bind(const struct rendezvous *, int fd, const void *address,
    socklen_t length);

/* True if Landlock forbids this process to bind the port of this address. */
bool ask_is_forbidden(int protocol, const void *address);

/* Returns the inode number of this thread's network namespace, or 0 if /proc
 * does not show it. */
uint64_t ask_network_inode(void);

/* Asks for the table.  Returns 0 or an errno(3) value. */
int ask_table(const struct rendezvous *, struct table *);

#endif
