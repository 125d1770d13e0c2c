/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the helper, after the drop, but for job_prepare.
 * Reads: the foreground group of the terminal at standard input.
 */
#include <signal.h>
#include <unistd.h>

#include "job.h"

void
job_prepare(void)
{
	signal(SIGTSTP, SIG_DFL);
	signal(SIGTTIN, SIG_DFL);
	signal(SIGTTOU, SIG_DFL);
}

static void
terminal_take_back(struct job *job)
{
	if (job->foreground)
		tcsetpgrp(STDIN_FILENO, getpgrp());
	job->foreground = false;
}

static void
terminal_give(struct job *job)
{
	if (tcgetpgrp(STDIN_FILENO) != getpgrp())
		return;
	tcsetpgrp(STDIN_FILENO, job->server);
	job->foreground = true;
}

void
job_continue(struct job *job)
{
	terminal_give(job);
	/* The child makes its group just before it becomes the server. */
	if (kill(-job->server, SIGCONT) != 0)
		kill(job->server, SIGCONT);
}

/* Stops this process, or with it the rest of its job (process 0, in kill(2)),
 * until SIGCONT.  The kernel discards the signal where no shell could continue
 * the job. */
static void
stop_with(int signal, pid_t process)
{
	sigset_t stop;

	sigemptyset(&stop);
	sigaddset(&stop, signal);
	sigprocmask(SIG_UNBLOCK, &stop, NULL);
	kill(process, signal);
	sigprocmask(SIG_BLOCK, &stop, NULL);
}

/* The server wants the terminal while it is in the background.  A shell does
 * not say that a job which runs has come to the foreground. */
static void
terminal_wanted(struct job *job, int signal)
{
	const pid_t foreground = tcgetpgrp(STDIN_FILENO);

	if (foreground == getpgrp())
		job_continue(job);
	else if (foreground >= 0)
		stop_with(signal, 0);
}

/*
 * Where Ctrl-Z reached the server's group, the rest of the job follows; and
 * where nobody can continue that, as in a container, the server goes on at
 * once.  What was stopped by a signal to lowport stays so until SIGCONT.
 */
void
job_stopped(struct job *job, int signal)
{
	/* It may have a handler; then another one stops it some day. */
	const bool suspended = signal == job->suspending;

	job->suspending = 0;
	if (tcgetpgrp(STDIN_FILENO) == job->server) {
		job->foreground = true;
		terminal_take_back(job);
		stop_with(SIGTSTP, 0);
		job_continue(job);
	} else if (suspended) {
		stop_with(SIGTSTP, getpid());
	} else if (signal == SIGTTIN || signal == SIGTTOU) {
		terminal_wanted(job, signal);
	}
}

void
job_ended(struct job *job)
{
	job->foreground |= tcgetpgrp(STDIN_FILENO) == job->server;
	terminal_take_back(job);
}
