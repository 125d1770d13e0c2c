/* SPDX-License-Identifier: ISC */
/*
 * Attacks that look: into the processes, their memory and their descriptors, by
 * tracing them, by a core, and at their capabilities and ports while they run.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../error_name.h"
#include "attack.h"
#include "constants.h"
#include "plan.h"

static void
report_reach(const char *what, long result)
{
	printf(" %s %s", what, result >= 0 ? "ok" : error_name(errno));
}

static int
open_proc(pid_t pid, const char *file, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	return open(path, flags | O_CLOEXEC);
}

static long
reach_memory(pid_t pid)
{
	char byte;
	struct iovec here = {&byte, 1}, there = {NULL, 1};

	/* Nothing is at NULL: EFAULT if we may look. */
	return process_vm_writev(pid, &here, 1, &there, 1, 0) < 0 &&
		errno != EFAULT
	    ? -1
	    : 0;
}

static void
reach_process(const char *name, pid_t pid)
{
	long result;

	printf("%s:", name);
	report_reach("mem", open_proc(pid, "mem", O_RDWR));
	report_reach("environ", open_proc(pid, "environ", O_RDONLY));
	report_reach("fd", open_proc(pid, "fd", O_RDONLY | O_DIRECTORY));
	report_reach("writev", reach_memory(pid));
	report_reach("getfd",
	    syscall(SYS_pidfd_getfd, syscall(SYS_pidfd_open, pid, 0), 0, 0));
	result = ptrace(PTRACE_SEIZE, pid, 0, 0);
	report_reach("seize", result);
	printf("\n");
}

int
attack_reach(char **ignored)
{
	char *arguments[] = {(char *)lowport, "-q", "-p", "443:8443", "--",
	    SERVER_SELF, "serve", "8443", NULL};
	pid_t helper = start(arguments, environ);

	(void)ignored;
	await_port(443);
	reach_process("server", child_of(helper));
	reach_process("helper", helper);
	end_all();
	return 0;
}

/* The helper at every moment of its start. */
int
attack_seize(char **ignored)
{
	char *arguments[] = {(char *)lowport, "-q", "-p", "443:8443", "--",
	    "true", NULL};
	unsigned long tries = 0, seized = 0;
	pid_t helper = start(arguments, environ);
	int status;

	(void)ignored;
	for (; waitpid(helper, &status, WNOHANG) == 0; tries++)
		if (ptrace(PTRACE_SEIZE, helper, 0, 0) == 0)
			seized++;
	end_all();
	printf("tried %s, seized %lu\n", tries > 10 ? "often" : "seldom",
	    seized);
	return 0;
}

/* How many of the ways into a process are open. */
static unsigned int
ways_into(pid_t pid)
{
	const int mem = open_proc(pid, "mem", O_RDWR),
		  pidfd = (int)syscall(SYS_pidfd_open, pid, 0),
		  fd = (int)syscall(SYS_pidfd_getfd, pidfd, 0, 0);
	const bool seized = ptrace(PTRACE_SEIZE, pid, 0, 0) == 0;
	unsigned int ways = (mem >= 0) + (fd >= 0) + seized +
	    (reach_memory(pid) == 0);

	if (seized)
		ptrace(PTRACE_DETACH, pid, 0, 0);
	close(mem);
	close(pidfd);
	close(fd);
	return ways;
}

/* The child from its plan for this port on, one system call after the other: at
 * each, the ways into it and into the helper. */
int
attack_steps(char **arguments)
{
	const uint16_t port = (uint16_t)atoi(arguments[0]);
	struct hijack h = hijack("-q");
	unsigned int count = 0, into_child = 0, into_helper = 0;
	unsigned long long held = h.caught;
	bool listed = false;
	char ended[32];

	name_port(&h, port);
	for (; next_stop(h.child); count++) {
		into_child += ways_into(h.child) != 0;
		into_helper += ways_into(h.helper) != 0;
		held |= capabilities_of(h.child);
		listed |= port_listed(port);
	}
	release(&h);
	await_helper(&h, ended);
	end_all();
	printf("%s steps; into the child %s, the helper %u; capabilities %llx; "
	       "%u %s; port %d; ended %s; then ",
	    count > 5 ? "many" : "few",
	    into_child + 1 >= count ? "always" : "not always", into_helper,
	    held, port, port_state(listed), take_report(h.report), ended);
	return print_rest();
}

/* When others of the child's user can trace it. */
enum catch { CATCH_PLAN, CATCH_LATER, CATCH_NOTHING = ATTEMPT_BROKEN + 1 };

/*
 * One attempt.  If root starts the command, nobody attacks it, but as its
 * parent, for Yama lets parents alone trace.
 */
static int
catch_child(char **command)
{
	struct hijack h = {.channel = -1};

	h.helper = start(command, slow_environment());
	if (getuid() == 0)
		become_nobody();
	if (!seize_child(&h))
		return CATCH_NOTHING;
	return advance_to_send(&h) && h.vector.iov_len == sizeof(struct plan)
	    ? CATCH_PLAN
	    : CATCH_LATER;
}

/*
 * The child of a command, at any moment.  With -u, the child becomes the user
 * before it sends its plan; a huge environment keeps it busy between the two.
 */
int
attack_catch(char **command)
{
	unsigned int counts[ATTEMPT_OUTCOMES] = {0};

	attempt_all(counts, CATCHES / 2, catch_child, command);
	printf("before its plan %s, later %s\n",
	    counts[CATCH_PLAN] > 0 ? "caught" : "never",
	    counts[CATCH_LATER] > 0 ? "caught" : "never");
	fprintf(stderr, "plan %u, later %u, nothing %u\n", counts[CATCH_PLAN],
	    counts[CATCH_LATER], counts[CATCH_NOTHING]);
	return 0;
}

/* All capabilities that a command and its child have while it runs. */
int
attack_watch(char **command)
{
	unsigned long long held = 0;
	pid_t pid = start(command, environ);
	int status;

	while (waitpid(pid, &status, WNOHANG) == 0)
		held |= capabilities_of(pid) |
		    capabilities_of(child_if_there(pid));
	printf("held %llx\n", held);
	return exit_status(status);
}

/* How COMMAND..., which listens at PORT, ends by SIGSEGV. */
int
attack_core(char **arguments)
{
	const struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
	char text[32];
	int status;
	pid_t pid;

	setrlimit(RLIMIT_CORE, &limit);
	if (chdir(getenv("TMPDIR")) != 0)
		err(2, "TMPDIR");
	pid = start(arguments + 1, environ);
	await_port((uint16_t)atoi(arguments[0]));
	kill(pid, SIGSEGV);
	waitpid(pid, &status, 0);
	describe_status(status, text);
	end_all();
	printf("%s\n", text);
	return 0;
}

/* Whether PORT is ever bound while COMMAND... runs. */
int
attack_during(char **arguments)
{
	const uint16_t port = (uint16_t)atoi(arguments[0]);
	pid_t pid = start(arguments + 1, environ);
	bool listed = false;
	int status;

	while (waitpid(pid, &status, WNOHANG) == 0)
		listed |= port_listed(port);
	printf("%u %s\n", port, port_state(listed));
	return exit_status(status);
}

int
attack_bound(char **arguments)
{
	printf("%s\n", port_state(port_listed((uint16_t)atoi(arguments[0]))));
	return 0;
}
