/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child, which holds no capability.
 * Reads: sockets the helper sends, and the command's arguments.
 */
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "activation.h"
#include "channel.h"
#include "environment.h"
#include "message.h"

/* SD_LISTEN_FDS_START */
#define FIRST 3

static bool
is_given(const struct plan *plan, const struct answer *answer, uint32_t i)
{
	return mapping_by_descriptor(&plan->mappings[i]) &&
	    answer->results[i].outcome == OUTCOME_READY;
}

static unsigned int
count_sockets(const struct plan *plan, const struct answer *answer)
{
	unsigned int count = 0;
	uint32_t i;

	for (i = 0; i < plan->mapping_count; i++)
		if (is_given(plan, answer, i))
			count += plan->mappings[i].ports;
	return count;
}

static void
allocate(struct activation *a, unsigned int count)
{
	a->sockets = calloc(count, sizeof(*a->sockets));
	a->names = calloc(count, sizeof(*a->names));
	if (a->sockets == NULL || a->names == NULL)
		fatal("cannot keep %u sockets", count);
}

/* To a number that no socket will be given. */
static int
move_up(int fd, unsigned int count)
{
	int moved = fcntl(fd, F_DUPFD_CLOEXEC, FIRST + (int)count);

	if (moved < 0)
		fatal("cannot hold %u sockets; raise 'ulimit -n'", count);
	close(fd);
	return moved;
}

static bool
receive_one(struct activation *a, unsigned int total, int channel,
    const struct mapping *m, const char *name)
{
	int fd = channel_receive_socket(channel);

	if (fd < 0)
		return false;
	fd = move_up(fd, total);
	if (m->protocol == IPPROTO_TCP && listen(fd, SOMAXCONN) != 0)
		fatal("cannot listen at port %u", m->public_port);
	a->sockets[a->count] = fd;
	a->names[a->count++] = name;
	return true;
}

bool
activation_receive(struct activation *a, int *channel,
    const struct options *options, const struct plan *plan,
    const struct answer *answer)
{
	const unsigned int total = count_sockets(plan, answer);
	uint32_t i, n;

	*a = (struct activation){0};
	if (total == 0)
		return true;
	allocate(a, total);
	*channel = move_up(*channel, total);
	for (i = 0; i < plan->mapping_count; i++) {
		if (!is_given(plan, answer, i))
			continue;
		for (n = 0; n < plan->mappings[i].ports; n++)
			if (!receive_one(a, total, *channel, &plan->mappings[i],
				options->names[i]))
				return false;
	}
	return true;
}

/*
 * The number of the one descriptor with the name that "{name}" has at the start
 * of the text, and the length of that; 0 where nothing is called so.
 */
static int
number_of(const struct activation *a, const char *text, size_t *length)
{
	const char *end = strchr(text, '}');
	unsigned int i;
	int number = 0;

	if (*text != '{' || end == NULL)
		return 0;
	*length = (size_t)(end - text) + 1;
	for (i = 0; i < a->count; i++) {
		if (strlen(a->names[i]) != *length - 2 ||
		    strncmp(a->names[i], text + 1, *length - 2) != 0)
			continue;
		if (number != 0)
			fatalx("%.*s in the command stands for several "
			       "sockets; give each mapping a name of its own",
			    (int)*length, text);
		number = FIRST + (int)i;
	}
	return number;
}

static char *
substitute(const struct activation *a, const char *argument)
{
	size_t size, length;
	char *text = NULL;
	FILE *out = open_memstream(&text, &size);
	int number;

	if (out == NULL)
		fatal("cannot read the command");
	while (*argument != '\0') {
		number = number_of(a, argument, &length);
		if (number == 0)
			fputc(*argument++, out);
		else
			argument += fprintf(out, "%d", number) > 0 ? length : 0;
	}
	fclose(out);
	return text;
}

static char *
join_names(const struct activation *a)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	unsigned int i;

	if (out == NULL)
		fatal("cannot name the sockets");
	for (i = 0; i < a->count; i++)
		fprintf(out, "%s%s", i == 0 ? "" : ":", a->names[i]);
	fclose(out);
	return text;
}

static char **
set_variables(const struct activation *a, char **environment)
{
	char number[16];

	snprintf(number, sizeof(number), "%u", a->count);
	environment = environment_set(environment, "LISTEN_FDS", number);
	/* It becomes the server by exec, which keeps the number. */
	snprintf(number, sizeof(number), "%d", getpid());
	environment = environment_set(environment, "LISTEN_PID", number);
	return environment_set(environment, "LISTEN_FDNAMES", join_names(a));
}

char **
activation_install(const struct activation *a, char **environment,
    char **command)
{
	unsigned int i;

	if (a->count == 0)
		return environment;
	for (i = 0; i < a->count; i++)
		if (dup2(a->sockets[i], FIRST + (int)i) < 0)
			fatal("cannot give the server its socket");
	for (; *command != NULL; command++)
		*command = substitute(a, *command);
	return set_variables(a, environment);
}
