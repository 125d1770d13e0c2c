/* SPDX-License-Identifier: ISC */
/*
 * How long commands take from start to end, in turn, so that whatever else the
 * machine does meets each alike.
 *
 * usage: bench_start ROUNDS LABEL UID COMMAND [ARG...] [, LABEL UID ...]...
 *
 * The group of a UID has the same number.  Only root can name another's. Prints
 * for each: label, median and minimum in microseconds.
 */
#include <err.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COMMANDS_MAX 16
#define WARM_UP      5

struct command {
	const char *label;
	uid_t uid;
	char **argv;
	double *times;
};

static double
now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

/* By the raw calls, which change this task alone: it is in a vfork(2). */
static bool
become(uid_t uid)
{
	return syscall(SYS_setgroups, 0, NULL) == 0 &&
	    syscall(SYS_setresgid, uid, uid, uid) == 0 &&
	    syscall(SYS_setresuid, uid, uid, uid) == 0;
}

/* vfork(2), so that a start costs what the command costs. */
static double
run(const struct command *c)
{
	double start = now();
	pid_t child = vfork();
	int status;

	if (child < 0)
		err(1, "vfork");
	if (child == 0) {
		if (c->uid == getuid() || become(c->uid))
			execvp(c->argv[0], c->argv);
		_exit(127);
	}
	if (waitpid(child, &status, 0) != child)
		err(1, "waitpid");
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		errx(1, "%s: wait status %#x", c->label, (unsigned int)status);
	return now() - start;
}

static int
compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Takes one command's arguments; returns where the next begins, or NULL. */
static char **
command_take(struct command *c, char **argv)
{
	if (argv[0] == NULL || argv[1] == NULL || argv[2] == NULL)
		errx(1, "a command takes LABEL UID COMMAND");
	c->label = argv[0];
	c->uid = (uid_t)atoi(argv[1]);
	c->argv = argv + 2;
	for (argv = c->argv; *argv != NULL; argv++) {
		if (strcmp(*argv, ",") != 0)
			continue;
		*argv = NULL;
		return argv + 1;
	}
	return NULL;
}

/* Another order each round: what runs before a command leaves it a cold or a
 * warm cache. */
static void
shuffle(size_t *order, size_t count)
{
	size_t i, other, kept;

	for (i = count - 1; i > 0; i--) {
		other = (size_t)random() % (i + 1);
		kept = order[i];
		order[i] = order[other];
		order[other] = kept;
	}
}

int
main(int argc, char **argv)
{
	size_t order[COMMANDS_MAX];
	struct command commands[COMMANDS_MAX];
	int rounds = argc > 1 ? atoi(argv[1]) : 0, round;
	size_t count = 0, i;
	char **rest = argv + 2;

	if (rounds < 1 || argc < 5)
		errx(1, "usage: bench_start ROUNDS LABEL UID COMMAND...");
	for (; rest != NULL && count < COMMANDS_MAX; count++) {
		rest = command_take(&commands[count], rest);
		commands[count].times = calloc((size_t)rounds, sizeof(double));
		order[count] = count;
	}
	for (round = -WARM_UP; round < rounds; round++) {
		shuffle(order, count);
		for (i = 0; i < count; i++)
			commands[order[i]].times[round < 0 ? 0 : round] = run(
			    &commands[order[i]]);
	}
	for (i = 0; i < count; i++) {
		double *times = commands[i].times;

		qsort(times, (size_t)rounds, sizeof(*times), compare);
		printf("%s %.1f %.1f\n", commands[i].label, times[rounds / 2],
		    times[0]);
	}
	return 0;
}
