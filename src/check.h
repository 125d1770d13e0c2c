/* SPDX-License-Identifier: ISC */
/*
 * --check: what would happen, by doing all of it but the last step.
 */
#ifndef CHECK_H
#define CHECK_H

#include "activation.h"
#include "options.h"
#include "origin.h"
#include "plan.h"
#include "user.h"

/* A start that has come as far as the helper's answer. */
struct start {
	struct options options;
	struct origin origin;
	struct user user;
	struct plan plan;
	struct answer answer;
	struct activation activation;
	struct heritage heritage;
	char **environment;
	int channel;
};

/* Report on it: who it runs as, what the policy says, whether each mapping has
 * its sockets, and, for which it is tried, how they are handed over. */
void check_user(const struct start *);
void check_policy(const struct start *);
void check_mappings(const struct start *);
void check_handoff(const struct start *);

/* All of these, and whether the command is there.  Ends the process. */
_Noreturn void check_report(const struct start *);

/* --check-policy: reads a file as the policy, tells each error, and ends the
 * process. */
_Noreturn void check_policy_file(const char *path);

#endif
