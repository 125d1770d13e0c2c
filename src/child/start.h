/* SPDX-License-Identifier: ISC */
/*
 * A start, as the child goes through it.
 */
#ifndef START_H
#define START_H

#include <stdbool.h>
#include <stdint.h>

#include "activation.h"
#include "options.h"
#include "plan.h"
#include "rights.h"
#include "user.h"

struct start {
	struct options options;
	struct rights rights;
	struct user user;
	bool user_changes; /* by -u, from root */
	uint64_t kept;     /* capabilities of --keep-caps: privilege.h */
	struct plan plan;
	struct answer answer;
	struct activation activation;
	struct passed_sockets passed;
	char **environment;
	int channel;
};

#endif
