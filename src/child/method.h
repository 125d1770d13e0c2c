/* SPDX-License-Identifier: ISC */
/*
 * The method: which hand-off gives the server its sockets: notify, bpf or preload.
 */
#ifndef METHOD_H
#define METHOD_H

#include <stdbool.h>

#include "reason.h"
#include "start.h"

struct method {
	enum options_method taken; /* not AUTO */
	bool interruptible;        /* of notify: struct seccomp_listener's */
	char why[REASON_TEXT];     /* none works, or it is not notify; may be
				      empty */
};

/*
 * Installs the method of --method in this process, for good, and tries it.  auto
 * is notify; or, if notify does not work or does not go with the options, from
 * root bpf, and otherwise preload.  Makes start->environment the server's.
 */
struct method method_install(struct start *);

/* Whether the helper is to try bpf, which takes root's capabilities: the plan
 * says so.  To be asked before the plan is sent.  For auto, no_notify says why. */
enum plan_bpf method_wants_bpf(struct start *);

/* True if the kernel maps the ports: the helper has found that it can. */
bool method_is_bpf(const struct start *);

/* Its name, as --method takes it. */
const char *method_name(enum options_method);

#endif
