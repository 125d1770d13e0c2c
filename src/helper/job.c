/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the helper, after the drop, but for job_prepare.
 * Reads: the foreground group of the controlling terminal.
 */
#include <fcntl.h>
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

/* Wherever standard input is from.  Not kept open: whoever is at the other end
 * may wait for that.  A sandbox may have no such file. */
static int
terminal_open(void)
{
	const int terminal = open("/dev/tty", O_RDONLY | O_CLOEXEC);

	return terminal < 0 ? STDIN_FILENO : terminal;
}

static void
terminal_close(int terminal)
{
	if (terminal != STDIN_FILENO)
		close(terminal);
}

/* The foreground group, or -1. */
static pid_t
terminal_owner(void)
{
	const int terminal = terminal_open();
	const pid_t owner = tcgetpgrp(terminal);

	terminal_close(terminal);
	return owner;
}

static bool
terminal_set_owner(pid_t owner)
{
	const int terminal = terminal_open();
	const bool set = tcsetpgrp(terminal, owner) == 0;

	terminal_close(terminal);
	return set;
}

static void
terminal_take_back(struct job *job)
{
	if (job->foreground)
		terminal_set_owner(getpgrp());
	job->foreground = false;
}

static bool
terminal_give(struct job *job)
{
	job->foreground = terminal_set_owner(job->server);
	return job->foreground;
}

/* Unasked, the server gets the terminal where its standard input is that: it may
 * read, and otherwise a pager beside lowport may. */
void
job_continue(struct job *job)
{
	if (tcgetpgrp(STDIN_FILENO) == getpgrp())
		terminal_give(job);
	job->stopped = false;
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
	const pid_t owner = terminal_owner();

	if (owner == getpgrp() && terminal_give(job))
		job_continue(job);
	else if (owner >= 0 && owner != getpgrp())
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
	job->stopped = true;
	if (terminal_owner() == job->server) {
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
	job->foreground |= terminal_owner() == job->server;
	terminal_take_back(job);
	job->stopped = false;
}
