/* SPDX-License-Identifier: ISC */
/*
 * The method: by which of the hand-offs the server gets its sockets.
 */
#ifndef METHOD_H
#define METHOD_H

#include <stdbool.h>

#include "reason.h"
#include "start.h"

/* What has become of it. */
struct method {
	enum options_method taken; /* NOTIFY, PRELOAD or NONE */
	bool interruptible;        /* of notify: struct seccomp_listener's */
	char why[REASON_TEXT];     /* none works, or it is not notify; may be
				      empty */
};

/*
 * Installs the method that was asked for in this process, for good, and tries
 * it; where that is left to lowport, notify, and where that does not work or
 * cannot be, preload.  The environment of the start is made the server's.
 */
struct method method_install(struct start *);

#endif
