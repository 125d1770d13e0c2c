/* SPDX-License-Identifier: ISC */
/*
 * The command line and the LOWPORT_ variables.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "mapping_text.h"
#include "message.h"
#include "plan.h"

#define LOWPORT_VERSION "0.1.0"

enum purpose {
	PURPOSE_RUN,
	PURPOSE_CHECK,        /* --check */
	PURPOSE_CHECK_POLICY, /* --check-policy FILE */
	PURPOSE_DOCTOR,       /* --doctor */
};

/* How the server gets its sockets, but for those by descriptor. */
enum options_method {
	METHOD_AUTO,
	METHOD_NOTIFY,  /* notify.h */
	METHOD_PRELOAD, /* preload.h */
	METHOD_NONE,    /* of what is taken: none works */
};

/* Lists of --keep-caps: one for each capability there can be. */
#define OPTIONS_KEEP_CAPS 64

struct options {
	enum purpose purpose;
	const char *policy_file; /* to be checked */
	struct mapping mappings[PLAN_MAPPINGS_MAX];
	size_t mapping_count;
	size_t ports; /* of all mappings */
	/* @NAME, of those by descriptor and those inherited. */
	char names[PLAN_MAPPINGS_MAX][MAPPING_NAME];
	const char *user; /* USER[:GROUP], or NULL */
	enum options_method method;
	bool method_given;  /* by an option */
	bool show_expected; /* --show-expected-port */
	bool new_privs;     /* --allow-new-privs */
	/* --keep-caps: lists of capabilities */
	const char *keep_caps[OPTIONS_KEEP_CAPS];
	size_t keep_caps_count;
	unsigned int spares;
	enum verbosity verbosity;
	struct supervision supervision; /* -c, -g, -e, -r, --pdeathsig, -w */
	bool group_given;               /* -g or -c */
	bool rewrites;                  /* there was a -r */
	bool journal;   /* standard error is systemd's journal */
	bool observe;   /* LOWPORT_LEARN=observe: never pidfd_getfd(2) */
	bool baseline;  /* LOWPORT_KERNEL=5.9: use nothing newer */
	char **command; /* NULL-terminated, the server's argv; empty perhaps
			   where the purpose is not to run it */
};

/*
 * --spares unless given: one for each processor this process may run on, as
 * SO_REUSEPORT workers are, within these bounds; the lower one where a mapping
 * is of a range.
 */
#define OPTIONS_SPARES_MIN 2
#define OPTIONS_SPARES_MAX 16
unsigned int options_default_spares(void);

/* Writes a mapping as -p takes it; returns its argument. */
const char *options_format(const struct options *, size_t mapping,
    char[MAPPING_NAMED]);

/*
 * Reads options up to the first argument that is none; then, but for
 * --check-policy, the variables of lowport(1), ENVIRONMENT.  Ends the process:
 * with --help and --version after printing (status 0), on anything it does not
 * understand after saying so (125).
 */
void options_parse(struct options *, int argc, char **argv, char **environment);

#endif
