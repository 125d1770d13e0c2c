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
	PURPOSE_CHECK,         /* --check */
	PURPOSE_CHECK_POLICY,  /* --check-policy FILE */
	PURPOSE_DOCTOR,        /* --doctor */
	PURPOSE_FROM_IPTABLES, /* --from-iptables [FILE]... */
	PURPOSE_ATTACH,        /* --attach [GROUP] */
	PURPOSE_DETACH,        /* --detach [GROUP] */
	PURPOSE_ATTACHED,      /* --attached */
};

/* The way by which the server gets the sockets of the ports it binds. */
enum options_method {
	METHOD_AUTO,
	METHOD_NOTIFY,  /* notify.h */
	METHOD_PRELOAD, /* preload.h */
	METHOD_BPF,     /* server_group.h */
	METHOD_NONE,    /* neither works */
};

/* The most --keep-caps: one for each capability there can be. */
#define OPTIONS_KEEP_CAPS 64

struct options {
	enum purpose purpose;
	const char *policy_file; /* of --check-policy */
	const char *group_name;  /* GROUP; NULL: the one lowport is in */
	bool force;              /* --force */
	bool json;               /* --json */
	const char *unit;        /* of --unit, or NULL */
	struct mapping mappings[PLAN_MAPPINGS_MAX];
	size_t mapping_count;
	size_t ports;                                /* of all mappings */
	char names[PLAN_MAPPINGS_MAX][MAPPING_NAME]; /* each mapping's @NAME */
	const char *user;                            /* USER[:GROUP], or NULL */
	enum options_method method;
	bool method_given;                        /* by an option */
	bool show_expected;                       /* --show-expected-port */
	bool new_privs;                           /* --allow-new-privs */
	const char *keep_caps[OPTIONS_KEEP_CAPS]; /* lists of capabilities */
	size_t keep_caps_count;
	unsigned int spares;
	enum verbosity verbosity;
	struct supervision supervision; /* -c, -g, -e, -r, --pdeathsig, -w */
	bool group_given;               /* -g or -c */
	bool rewrites;                  /* -r */
	bool journal;   /* standard error is systemd's journal */
	bool observe;   /* LOWPORT_LEARN=observe: never pidfd_getfd(2) */
	bool baseline;  /* LOWPORT_KERNEL=5.9: use nothing newer */
	char **command; /* the server's argv, NULL-terminated; may be empty
			   if the purpose is not to run it */
};

/*
 * The default of --spares: one for each processor this process may run on, as
 * servers have that many SO_REUSEPORT workers, within these bounds.  With a
 * range of ports, it is the lower bound.
 */
#define OPTIONS_SPARES_MIN 2
#define OPTIONS_SPARES_MAX 16
unsigned int options_default_spares(void);

/* Writes a mapping as -p takes it; returns text. */
const char *options_format(const struct options *, size_t mapping,
    char text[MAPPING_NAMED]);

/*
 * Reads the options, up to the command; then, without --check-policy, the
 * variables of lowport(1), ENVIRONMENT.  Ends the process after printing --help
 * or --version (status 0), and after a message on anything it does not
 * understand (125).
 */
void options_parse(struct options *, int argc, char **argv, char **environment);

#endif
