/* SPDX-License-Identifier: ISC */
/*
 * The method: which hand-off gives the server its sockets, notify or preload.
 */
#ifndef METHOD_H
#define METHOD_H

#include <stdbool.h>

#include "reason.h"
#include "start.h"

struct method {
	enum options_method taken; /* NOTIFY, PRELOAD or NONE */
	bool interruptible;        /* of notify: struct seccomp_listener's */
	char why[REASON_TEXT];     /* none works, or it is not notify; may be
				      empty */
};

/*
 * Installs the method of --method in this process, for good, and tries it.  auto
 * is notify; or preload, if notify does not work or does not go with the options.
 * Makes start->environment the server's.
 */
struct method method_install(struct start *);

#endif
