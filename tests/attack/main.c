/* SPDX-License-Identifier: ISC */
/*
 * usage: attacker ATTACK [ARGUMENT...]
 *        attacker report DESCRIPTOR | serve PORT | after
 *
 * The table of the attacks (attack.h), and the server behind lowport.  Whatever
 * an attack has started ends with it, and it ends in time.
 */
#include <arpa/inet.h>
#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "attack.h"

const char *lowport, *attackable;
volatile pid_t running, hostage;

#define SHORT 50  /* seconds for one start, or a few */
#define LONG  290 /* for many: less than attack_*.bats gives it */

static const struct attack {
	const char *name;
	int (*run)(char **arguments);
	int arguments; /* at least */
	unsigned int seconds;
} attacks[] = {
    {"reach", attack_reach, 0, SHORT},
    {"seize", attack_seize, 0, SHORT},
    {"steps", attack_steps, 1, SHORT},
    {"catch", attack_catch, 1, LONG},
    {"watch", attack_watch, 1, SHORT},
    {"during", attack_during, 2, SHORT},
    {"bound", attack_bound, 1, SHORT},
    {"core", attack_core, 2, SHORT},

    {"type", attack_type, 1, LONG},

    {"forge", attack_forge, 1, SHORT},

    {"storm", attack_storm, 2, LONG},
    {"squeeze", attack_squeeze, 2, LONG},
    {"starve", attack_starve, 1, SHORT},
    {"traced", attack_traced, 1, SHORT},
    {"fake", attack_fake, 0, SHORT},
    {"share", attack_share, 1, SHORT},
};

static void
out_of_time(int signal)
{
	(void)signal;
	if (hostage > 0)
		kill(hostage, SIGKILL);
	if (running > 0)
		kill(running, SIGKILL);
	_exit(124);
}

/* Binds 8443 and writes what port that was to a descriptor. */
static int
report_port(int output)
{
	struct sockaddr_in address = {0};
	socklen_t length = sizeof(address);
	int fd = bind_port(8443);

	if (fd < 0 || listen(fd, 1) != 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &length) != 0)
		return 1;
	dprintf(output, "%u\n", ntohs(address.sin_port));
	return 0;
}

static int
serve(uint16_t port)
{
	int fd = bind_port(port);

	if (fd < 0 || listen(fd, 1) != 0)
		err(1, "port %u", port);
	pause();
	return 0;
}

static const struct attack *
find_attack(const char *name, int arguments)
{
	size_t i;

	for (i = 0; i < LENGTH(attacks); i++)
		if (strcmp(attacks[i].name, name) == 0 &&
		    arguments >= attacks[i].arguments)
			return &attacks[i];
	errx(2, "there is no attack '%s' of %d arguments", name, arguments);
}

int
main(int argc, char **argv)
{
	const struct attack *attack;

	lowport = getenv("LOWPORT");
	attackable = getenv("ATTACKABLE");
	if (argc > 2 && strcmp(argv[1], "report") == 0)
		return report_port(atoi(argv[2]));
	if (argc > 2 && strcmp(argv[1], "serve") == 0)
		return serve((uint16_t)atoi(argv[2]));
	if (argc == 2 && strcmp(argv[1], "after") == 0)
		return print_rest();
	if (argc < 2 || lowport == NULL || attackable == NULL)
		errx(2,
		    "usage: attacker ATTACK [ARGUMENT...], $LOWPORT, "
		    "$ATTACKABLE");
	attack = find_attack(argv[1], argc - 2);
	/* Orphans come here, and nothing outlives its time. */
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	atexit(end_all);
	signal(SIGALRM, out_of_time);
	alarm(attack->seconds);
	return attack->run(argv + 2);
}
