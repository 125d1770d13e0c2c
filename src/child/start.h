/* SPDX-License-Identifier: ISC */
/*
 * The state of the child on its way to the server.
 */
#ifndef START_H
#define START_H

#include <stdbool.h>
#include <stdint.h>

#include "activation.h"
#include "options.h"
#include "plan.h"
#include "reason.h"
#include "rights.h"
#include "user.h"

struct start {
	struct options options;
	struct rights rights;
	struct user user;
	bool user_changes; /* root gave another one by -u */
	uint64_t kept;     /* set of --keep-caps (privilege.h) */
	struct plan plan;
	struct answer answer;
	struct activation activation;
	struct passed_sockets passed;
	char no_notify[REASON_TEXT]; /* auto asks for bpf for this reason */
	char **environment;
	int channel;
	char no_helper[REASON_TEXT]; /* fork(2) failed for this reason */
};

#endif
