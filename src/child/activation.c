/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child: activation_find_passed before it becomes the user, the rest
 * when it holds no capability but those of --keep-caps.
 * Reads: sockets from the helper, sockets from the caller, LISTEN_ variables, the
 * command's arguments.
 */
#include <fcntl.h>
#include <limits.h>
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
#include "number.h"
#include "socket.h"

/* SD_LISTEN_FDS_START */
#define FIRST 3

struct listen_variables {
	unsigned int count;
	const char *names; /* NULL: there is no LISTEN_FDNAMES */
};

static unsigned int
read_number(char **environment, const char *name)
{
	const char *value = environment_get(environment, name);
	unsigned long number = 0;

	if (value != NULL && !number_parse(&number, value, 0, INT_MAX))
		fatalx("%s '%.32s' is no number; see sd_listen_fds(3)", name,
		    value);
	return (unsigned int)number;
}

static struct listen_variables
read_variables(char **environment)
{
	const struct listen_variables variables = {read_number(environment,
						       "LISTEN_FDS"),
	    environment_get(environment, "LISTEN_FDNAMES")};
	const unsigned int pid = read_number(environment, "LISTEN_PID");

	if (variables.count == 0)
		fatalx("no socket was passed to lowport (LISTEN_FDS); start it "
		       "by a .socket unit, or by systemd-socket-activate");
	/* The helper has the number of the process that was started. */
	if (pid != 0 && pid != (unsigned int)getppid())
		fatalx("the sockets are for process %u (LISTEN_PID), and this "
		       "is process %d; start lowport itself, or by exec",
		    pid, getppid());
	return variables;
}

static char **
unset_variables(char **environment)
{
	static const char *const names[] = {"LISTEN_FDS", "LISTEN_PID",
	    "LISTEN_PIDFDID", "LISTEN_FDNAMES"};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		environment = environment_unset(environment, names[i]);
	return environment;
}

/* True when the n-th of the names is this one. */
static bool
is_called(const char *names, unsigned int n, const char *name)
{
	size_t length;

	for (; n > 0 && *names != '\0'; n--) {
		names += strcspn(names, ":");
		names += *names == ':';
	}
	length = strcspn(names, ":");
	return n == 0 && length == strlen(name) &&
	    strncmp(names, name, length) == 0;
}

/* The name is a port here: 443, or https. */
static bool
is_at_port(int fd, const char *name, int protocol)
{
	struct mapping m[MAPPING_PROTOCOLS];
	char text[MAPPING_NAME + 8], ignored[MAPPING_NAME], why[REASON_TEXT];
	struct endpoint bound;

	snprintf(text, sizeof(text), "%s%s", name,
	    protocol == IPPROTO_UDP ? "/udp" : "");
	return mapping_parse(m, ignored, text, why) == 1 &&
	    socket_endpoint(fd, &bound) && bound.port == m[0].public_port;
}

static void
find_for(struct passed_sockets *passed, const struct options *options,
    uint32_t i, const struct listen_variables *variables)
{
	const char *name = options->names[i], *names = variables->names;
	const int protocol = options->mappings[i].protocol;
	const char *const kind = protocol == IPPROTO_UDP ? "UDP" : "TCP";
	const unsigned int before = passed->count;
	unsigned int n;

	for (n = 0; n < variables->count; n++) {
		const int fd = FIRST + (int)n;

		if (socket_option(fd, SOL_SOCKET, SO_PROTOCOL) != protocol ||
		    (names != NULL ? !is_called(names, n, name)
				   : !is_at_port(fd, name, protocol)))
			continue;
		if (passed->count - before == PLAN_INHERITED_MAX)
			fatalx("more than %d sockets are called '%s'; give "
			       "them different names",
			    PLAN_INHERITED_MAX, name);
		passed->sockets[passed->count].fd = fd;
		passed->sockets[passed->count++].mapping = i;
	}
	if (passed->count == before && names != NULL)
		fatalx("no %s socket called '%s' was passed to lowport "
		       "(LISTEN_FDNAMES=%s); see FileDescriptorName= in "
		       "systemd.socket(5)",
		    kind, name, names);
	if (passed->count == before)
		fatalx("no %s socket of port '%s' was passed to lowport, and "
		       "the sockets have no names; see FileDescriptorName= in "
		       "systemd.socket(5)",
		    kind, name);
}

char **
activation_find_passed(struct passed_sockets *passed,
    const struct options *options, char **environment)
{
	struct listen_variables variables;
	unsigned int n;
	uint32_t i;

	passed->count = 0;
	if (!mapping_any_inherited(options->mappings, options->mapping_count))
		return environment;
	variables = read_variables(environment);
	for (n = 0; n < variables.count; n++)
		if (fcntl(FIRST + (int)n, F_SETFD, FD_CLOEXEC) != 0)
			fatal("LISTEN_FDS is %u, and descriptor %u is none of "
			      "lowport's",
			    variables.count, FIRST + n);
	for (i = 0; i < options->mapping_count; i++)
		if (mapping_inherited(&options->mappings[i]))
			find_for(passed, options, i, &variables);
	return unset_variables(environment);
}

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
		fatal("cannot keep a list of %u sockets", count);
}

/* Moves a descriptor above the numbers that the sockets will get. */
static int
move_up(int fd, unsigned int count)
{
	int moved = fcntl(fd, F_DUPFD_CLOEXEC, FIRST + (int)count);

	if (moved < 0)
		fatal("cannot open %u sockets; raise 'ulimit -n'", count);
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
		fatal("cannot listen on port %u", m->public_port);
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
 * If the text begins with "{NAME}", returns the number of that descriptor, and
 * in *length the length of "{NAME}".  Returns 0 if no socket has the name.
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
			fatalx("%.*s in the command names several sockets; "
			       "give each mapping a name of its own",
			    (int)*length, text);
		number = FIRST + (int)i;
	}
	return number;
}

/* Returns true if the argument names a socket. */
static bool
substitute(const struct activation *a, char **argument)
{
	const char *rest = *argument;
	size_t size, length;
	char *text = NULL;
	FILE *out = open_memstream(&text, &size);
	bool named = false;
	int number;

	if (out == NULL)
		fatal("cannot read the command");
	while (*rest != '\0') {
		number = number_of(a, rest, &length);
		named |= number != 0;
		if (number == 0)
			fputc(*rest++, out);
		else
			rest += fprintf(out, "%d", number) > 0 ? length : 0;
	}
	fclose(out);
	*argument = text;
	return named;
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
	environment = unset_variables(environment);
	environment = environment_set(environment, "LISTEN_FDS", "%u",
	    a->count);
	/* This process becomes the server by exec, and keeps its number. */
	environment = environment_set(environment, "LISTEN_PID", "%d",
	    getpid());
	return environment_set(environment, "LISTEN_FDNAMES", "%s",
	    join_names(a));
}

char **
activation_install(const struct activation *a, char **environment,
    char **command)
{
	bool named = false;
	unsigned int i;

	if (a->count == 0)
		return environment;
	for (i = 0; i < a->count; i++)
		if (dup2(a->sockets[i], FIRST + (int)i) < 0)
			fatal("cannot give the server its socket as "
			      "descriptor %u",
			    FIRST + i);
	for (; *command != NULL; command++)
		named |= substitute(a, command);
	/* gunicorn would take one socket twice if it got both. */
	return named ? unset_variables(environment)
		     : set_variables(a, environment);
}
