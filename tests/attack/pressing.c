/* SPDX-License-Identifier: ISC */
/*
 * Attacks that press: signals and limits for the helper at any moment, and a
 * start under a tracer or a filter, or with a shared root directory.
 */
#include <err.h>
#include <limits.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attack.h"

struct storm {
	void (*strike)(unsigned int kind, pid_t helper);
	uint16_t port; /* of a mapping PORT:8443 */
	unsigned int wrong, hung, capable, bound, served, ended;
};

static void
strike(unsigned int kind, pid_t helper)
{
	pid_t child = child_if_there(helper);
	/* Never kill(-1, ...). */
	pid_t some = child > 0 ? child : helper;

	switch (kind) {
	case 0:
		kill(some, SIGKILL);
		break;
	case 1:
		kill(helper, SIGKILL);
		break;
	case 2:
		kill(some, SIGSTOP);
		kill(helper, SIGKILL);
		kill(some, SIGCONT);
		break;
	case 3:
		kill(helper, SIGSTOP);
		kill(some, SIGKILL);
		kill(helper, SIGCONT);
		break;
	default:
		kill(helper, SIGSTOP);
		kill(some, SIGSTOP);
		milliseconds_pass(1);
		kill(some, SIGCONT);
		kill(helper, SIGCONT);
	}
}

/* The user may lower the helper's limits, and raise soft ones again. */
static void
squeeze_helper(unsigned int kind, pid_t helper)
{
	static const int resources[] = {RLIMIT_NOFILE, RLIMIT_AS, RLIMIT_DATA,
	    RLIMIT_FSIZE, RLIMIT_STACK};
	const int resource = resources[kind % LENGTH(resources)];
	struct rlimit old, none;

	if (prlimit(helper, resource, NULL, &old) != 0)
		return;
	none = (struct rlimit){4, old.rlim_max};
	prlimit(helper, resource, &none, NULL);
	milliseconds_pass(1);
	prlimit(helper, resource, &old, NULL);
}

static bool
await_all(void)
{
	long long end = microseconds() + PATIENCE * 1000LL;

	while (microseconds() < end) {
		if (waitpid(-1, NULL, WNOHANG) < 0)
			return true;
		milliseconds_pass(1);
	}
	return false;
}

static void
storm_once(struct storm *s, unsigned int kind, long long delay)
{
	char report[16], mapping[16];
	char *arguments[] = {(char *)lowport, "-q", "-p", TELLTALE_TEXT, "-p",
	    mapping, "--", SERVER_SELF, "report", report, NULL};
	int reported = open_report(report), port;
	pid_t helper;
	long long at;

	snprintf(mapping, sizeof(mapping), "%u:8443", s->port);
	helper = start(arguments, environ);
	close(atoi(report));
	for (at = microseconds() + delay; microseconds() < at;)
		continue;
	s->strike(kind, helper);
	s->bound += port_listed(DENIED);
	if (!await_all()) {
		s->hung++;
		end_all();
	}
	port = take_report(reported);
	s->ended += port == 0;
	s->served += port == s->port;
	s->wrong += port != 0 && port != s->port;
	s->capable += count_capable();
	s->bound += port_bound(TELLTALE) || port_listed(DENIED);
}

static void
leave_alone(unsigned int kind, pid_t helper)
{
	(void)kind;
	(void)helper;
}

static int
storm(char **arguments, void (*strike_each)(unsigned int, pid_t))
{
	const unsigned int count = (unsigned int)atoi(arguments[0]);
	const uint16_t port = (uint16_t)atoi(arguments[1]);
	struct storm s = {leave_alone, port};
	long long span = LLONG_MAX, begun;
	unsigned int i;

	/* How long is a start?  As long as the shortest of five that nobody
	 * strikes: other processes of the machine may hold one up. */
	for (i = 0; i < 5; i++) {
		begun = microseconds();
		storm_once(&s, 0, 0);
		begun = microseconds() - begun;
		if (begun < span)
			span = begun;
	}
	span = span * 3 / 2;
	s.strike = strike_each;
	for (i = 0; i < count; i++)
		storm_once(&s, i % 5, span * i / count);
	printf("wrong port %u, hung %u, capable %u, bound %u\n%s, %s\n",
	    s.wrong, s.hung, s.capable, s.bound,
	    s.served > count / 20 ? "some served" : "none served",
	    s.ended > count / 20 ? "some ended" : "none ended");
	fprintf(stderr, "served %u, ended %u, span %lld us\n", s.served,
	    s.ended, span);
	return 0;
}

/* COUNT PORT: strikes each of so many starts, with a mapping of this port, at
 * another moment. */
int
attack_storm(char **arguments)
{
	return storm(arguments, strike);
}

int
attack_squeeze(char **arguments)
{
	return storm(arguments, squeeze_helper);
}

/* A command, executed by a process that shares its root directory with us. */
int
attack_share(char **command)
{
	char before[4096], now[4096];
	int status;
	pid_t pid;

	if (getcwd(before, sizeof(before)) == NULL)
		err(2, "getcwd");
	pid = (pid_t)syscall(SYS_clone, CLONE_FS | SIGCHLD, NULL, NULL, NULL,
	    NULL);

	if (pid == 0) {
		if (chdir("/dev") == 0)
			execvp(command[0], command);
		_exit(127);
	}
	running = pid;
	waitpid(pid, &status, 0);
	/* The control: they do share. */
	if (getcwd(now, sizeof(now)) == NULL || strcmp(before, now) == 0)
		errx(2, "nothing is shared");
	return exit_status(status);
}

/* PORT: lowport is executed by a tracer. */
int
attack_traced(char **arguments)
{
	char mapping[16];
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		snprintf(mapping, sizeof(mapping), "%s:8443", arguments[0]);
		execl(lowport, lowport, "-p", mapping, "true", NULL);
		_exit(127);
	}
	running = pid;
	while (waitpid(pid, &status, 0) == pid && WIFSTOPPED(status))
		ptrace(PTRACE_CONT, pid, 0, 0);
	return exit_status(status);
}

/* A filter that only pretends to drop: capset(2) and setresuid(2) "succeed". */
int
attack_fake(char **ignored)
{
	struct sock_filter filter[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_capset, 1, 0),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_setresuid, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};

	(void)ignored;
	if (install_filter(filter, LENGTH(filter), 0) != 0)
		err(2, "seccomp");
	/* The control: it does pretend. */
	if (setresuid(0, 0, 0) != 0 || getuid() == 0)
		errx(2, "the filter pretends nothing");
	execl(lowport, lowport, "-p", "443:8443", "true", NULL);
	return 127;
}

/* By the server: as the same user, it may lower the helper's limit of
 * descriptors.  Then it binds, unless nothing is left. */
int
attack_starve(char **arguments)
{
	const rlim_t left = strtoul(arguments[0], NULL, 10);
	const struct rlimit limit = {left, left};

	if (prlimit(getppid(), RLIMIT_NOFILE, &limit, NULL) != 0)
		err(2, "prlimit");
	if (left == 0 || bind_port(8443) < 0)
		printf("no port\n");
	else
		printf("%s\n", port_bound(8443) ? "8443" : "443");
	return 0;
}
