/* SPDX-License-Identifier: ISC */
/*
 * How long commands take to start a server (mark.c), in turn, so that whatever
 * else the machine does meets each alike.
 *
 * usage: measure_start ROUNDS PAUSE LABEL UID [NAME=VALUE] COMMAND [ARG...]
 *        [, LABEL UID [NAME=VALUE] COMMAND [ARG...]]...
 *
 * PAUSE is in milliseconds, before each start.  The group of a UID has the same
 * number.  Only root can name another's.  Prints for each start: label, and the
 * microseconds until the server's main, until it listens, and to the end; -1 if
 * no server said so.
 */
#include <err.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mark.h"
#include "timing.h"

#define COMMANDS_MAX 24
#define WARM_UP      3

struct command {
	const char *label;
	uid_t uid;
	char **argv, **environment;
};

static int marks;

/* By the raw calls, which change this task alone: it is in a vfork(2). */
static bool
become(uid_t uid)
{
	return syscall(SYS_setgroups, 0, NULL) == 0 &&
	    syscall(SYS_setresgid, uid, uid, uid) == 0 &&
	    syscall(SYS_setresuid, uid, uid, uid) == 0;
}

static void
print(const struct command *c, uint64_t start)
{
	double whole = us_since(start), main_at = -1, listen_at = -1;
	struct mark mark;

	if (read(marks, &mark, sizeof(mark)) == sizeof(mark)) {
		main_at = (double)(mark.main_at - start) / 1e3;
		listen_at = (double)(mark.listen_at - start) / 1e3;
	}
	printf("%s %.1f %.1f %.1f\n", c->label, main_at, listen_at, whole);
}

/* vfork(2), so that a start costs what the command costs. */
static void
run(const struct command *c, bool warming)
{
	uint64_t start = now_ns();
	struct mark mark;
	pid_t child = vfork();
	int status;

	if (child < 0)
		err(1, "vfork");
	if (child == 0) {
		if (c->uid == getuid() || become(c->uid))
			execvpe(c->argv[0], c->argv, c->environment);
		_exit(127);
	}
	if (waitpid(child, &status, 0) != child)
		err(1, "waitpid");
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		errx(1, "%s: wait status %#x", c->label, (unsigned int)status);
	if (!warming)
		print(c, start);
	else if (read(marks, &mark, sizeof(mark)) < 0)
		return;
}

/* The environment, and one variable before it. */
static char **
environment_with(char *variable)
{
	size_t count = 0;
	char **all;

	while (environ[count] != NULL)
		count++;
	all = calloc(count + 2, sizeof(*all));
	if (all == NULL)
		err(1, "calloc");
	all[0] = variable;
	memcpy(all + 1, environ, count * sizeof(*all));
	return all;
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
	c->environment = environ;
	if (strchr(*c->argv, '=') != NULL)
		c->environment = environment_with(*c->argv++);
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

/* The servers write to MARK_FD, which every command hands on. */
static void
open_marks(void)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0 ||
	    dup2(ends[1], MARK_FD) != MARK_FD)
		err(1, "pipe");
	marks = ends[0];
}

int
main(int argc, char **argv)
{
	size_t order[COMMANDS_MAX];
	struct command commands[COMMANDS_MAX];
	int rounds = argc > 1 ? atoi(argv[1]) : 0, round;
	useconds_t pause = argc > 2 ? (useconds_t)atoi(argv[2]) * 1000 : 0;
	size_t count = 0, i;
	char **rest = argv + 3;

	if (rounds < 1 || argc < 6)
		errx(1,
		    "usage: measure_start ROUNDS PAUSE LABEL UID COMMAND...");
	for (; rest != NULL && count < COMMANDS_MAX; count++) {
		rest = command_take(&commands[count], rest);
		order[count] = count;
	}
	open_marks();
	for (round = -WARM_UP; round < rounds; round++) {
		shuffle(order, count);
		for (i = 0; i < count; i++) {
			usleep(pause);
			run(&commands[order[i]], round < 0);
		}
	}
	return 0;
}
