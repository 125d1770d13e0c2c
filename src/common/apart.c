/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the helper, before the drop; the child, before it becomes the server.
 * Reads: nothing.
 */
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apart.h"

#define STACK 65536

int
apart_run(int (*run)(void *), void *argument)
{
	static char stack[STACK] __attribute__((aligned(16)));
	int status = 0;
	pid_t pid = clone(run, stack + sizeof(stack), CLONE_VM | CLONE_VFORK,
	    argument);

	if (pid < 0 || waitpid(pid, &status, __WALL) != pid)
		return -1;
	return status;
}

bool
apart_is_deadly(int (*run)(void *))
{
	int status;

	if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 0)
		return false;
	status = apart_run(run, NULL);
	return status != -1 && WIFSIGNALED(status) &&
	    WTERMSIG(status) == SIGSYS;
}
