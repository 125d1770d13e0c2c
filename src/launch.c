/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child.  It gives up every capability at once, but for those a
 * change of user takes, which only root has.  The only room that calls exec.
 * Reads: everything that is the caller's: arguments, environment.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "channel.h"
#include "environment.h"
#include "explain.h"
#include "launch.h"
#include "message.h"
#include "options.h"
#include "privilege.h"
#include "seccomp.h"
#include "socket.h"
#include "status.h"
#include "user.h"

static void
choose_user(struct user *user, const struct options *options)
{
	char why[USER_WHY];

	*user = (struct user){.uid = getuid(), .gid = getgid()};
	if (options->user != NULL && !user_resolve(user, options->user, why))
		fatalx("user '%.100s': %s", options->user, why);
	if (user->uid != getuid() && getuid() != 0)
		fatalx("user '%.100s': only root can start a server as another "
		       "user; leave out -u",
		    options->user);
	if (user->uid == 0 && (options->user == NULL || *options->user == ':'))
		fatalx("refusing to run the server as root; add -u USER, or "
		       "-u root to insist");
}

static void
make_plan(struct plan *plan, const struct options *options)
{
	memset(plan, 0, sizeof(*plan));
	plan->magic = PLAN_MAGIC;
	plan->uid = getuid();
	plan->gid = getgid();
	plan->spares = options->spares;
	plan->verbosity = options->verbosity;
	plan->observe = options->observe;
	plan->baseline = options->baseline;
	plan->mapping_count = (uint32_t)options->mapping_count;
	memcpy(plan->mappings, options->mappings,
	    options->mapping_count * sizeof(options->mappings[0]));
}

/* The helper says for itself why it ended, if it did. */
static _Noreturn void
helper_gone(void)
{
	_exit(STATUS_FAILURE);
}

static void
have_ports_bound(int channel, const struct plan *plan,
    const struct origin *origin, struct answer *answer)
{
	if (!channel_send_plan(channel, plan) ||
	    !channel_receive_answer(channel, answer))
		helper_gone();
	if (answer->outcome != OUTCOME_READY)
		explain_answer(answer, origin);
}

static void
install_handoff(int channel, bool observe, bool baseline)
{
	struct seccomp_listener listener = seccomp_listen(observe, baseline);
	struct greeting greeting = {.killable = listener.killable};

	if (listener.fd < 0)
		explain_no_listener(errno);
	if (!channel_send_listener(channel, &greeting, listener.fd))
		helper_gone();
	close(listener.fd);
}

/*
 * End to end: a bind(2) as the server will make it must end with the public
 * port.  What the helper lends for it stays in the pool.
 */
static void
try_handoff(const struct mapping *m)
{
	struct mapping_variant variants[MAPPING_VARIANTS_MAX];
	struct endpoint bound = {0};
	int fd;

	mapping_variants(m, variants);
	variants[0].endpoint.port = m->server_port;
	fd = socket_open(&variants[0].endpoint);
	if (fd < 0)
		fatal("cannot make a socket to try the hand-off");
	if (socket_bind(fd, &variants[0].endpoint) != 0)
		explain_probe(errno);
	if (!socket_endpoint(fd, &bound) || bound.port != m->public_port)
		explain_probe(0);
	close(fd);
}

/*
 * A process group of its own, so that a signal to lowport's group (timeout(1),
 * a shell's kill %1) reaches the server once, by way of the helper; and the
 * terminal, where lowport has it.
 */
static void
make_job(void)
{
	bool foreground = tcgetpgrp(STDIN_FILENO) == getpgrp();

	setpgid(0, 0);
	if (foreground)
		tcsetpgrp(STDIN_FILENO, getpgrp());
}

static _Noreturn void
execute(char **command, char **environment, const sigset_t *signals)
{
	make_job();
	sigprocmask(SIG_SETMASK, signals, NULL);
	/* PATH is looked up in environ(7). */
	environ = environment;
	execvp(command[0], command);
	if (errno == ENOENT)
		fatal_status(STATUS_NOT_FOUND, "cannot execute '%.200s': %s",
		    command[0],
		    access(command[0], F_OK) == 0 ? "its interpreter is missing"
						  : "not found");
	fatal_status(STATUS_NOT_EXECUTABLE, "cannot execute '%.200s': %s",
	    command[0], strerror(errno));
}

void
launch(int channel, int argc, char **argv, const sigset_t *signals)
{
	struct origin origin = explain_origin();
	struct options options;
	struct answer answer;
	struct plan plan;
	struct user user;
	char **environment;

	privilege_trim(false);
	environment = environment_recover(argc, argv);
	options_parse(&options, argc, argv, environment);
	message_set_verbosity(options.verbosity);
	choose_user(&user, &options);
	privilege_become(&user);
	if (options.user != NULL)
		environment = environment_set(environment, "HOME", user.home);
	make_plan(&plan, &options);
	have_ports_bound(channel, &plan, &origin, &answer);
	install_handoff(channel, answer.observe, options.baseline);
	try_handoff(&plan.mappings[0]);
	execute(options.command, environment, signals);
}
