/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the helper, after the drop, but for job_prepare.
 * Reads: the foreground group of the controlling terminal.
 */
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "job.h"

/* The caller may ignore them; then the job would not stop. */
void
job_prepare(void)
{
	signal(SIGTSTP, SIG_DFL);
	signal(SIGTTIN, SIG_DFL);
	signal(SIGTTOU, SIG_DFL);
}

void
job_start(struct job *job, pid_t server)
{
	*job = (struct job){.server = server};
}

/* The controlling terminal, also if standard input is something else.  It is
 * not kept open: the process at the other end may wait for it to be closed.  A
 * sandbox may have no /dev/tty. */
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

/* The foreground process group, or -1. */
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

static bool
send_signal(const struct job *job, int signal, bool group)
{
	/* The child makes its group just before it becomes the server. */
	return (group && kill(-job->server, signal) == 0) ||
	    kill(job->server, signal) == 0;
}

/* The server is given the terminal unasked only if that is its standard input:
 * it may read.  Otherwise a pager beside lowport may. */
static bool
continue_server(struct job *job)
{
	if (tcgetpgrp(STDIN_FILENO) == getpgrp())
		terminal_give(job);
	job->stopped = false;
	return send_signal(job, SIGCONT, true);
}

bool
job_signal(struct job *job, int signal, bool group)
{
	switch (signal) {
	case SIGCONT:
		return continue_server(job);
	case SIGTSTP:
	case SIGTTIN:
	case SIGTTOU:
	case SIGSTOP:
		job->stop_signal = signal;
	}
	return send_signal(job, signal, group);
}

void
job_wake(struct job *job)
{
	if (job->stopped)
		continue_server(job);
}

/* Stops this process, or for process 0 its whole group (kill(2)), until
 * SIGCONT.  The kernel discards the signal if no shell could continue the job.
 */
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
 * not say when a running job comes to the foreground. */
static void
give_wanted_terminal(struct job *job, int signal)
{
	const pid_t owner = terminal_owner();

	if (owner == getpgrp() && terminal_give(job))
		continue_server(job);
	else if (owner >= 0 && owner != getpgrp())
		stop_with(signal, 0);
}

/*
 * Ctrl-Z reached the server's group: the rest of the job stops too.  If nobody
 * can continue the job, as in a container, the server goes on at once.  A
 * server that a signal to lowport has stopped stays so until SIGCONT.
 */
void
job_stopped(struct job *job, int signal)
{
	const bool sent = signal == job->stop_signal;

	/* If the server handles that signal, another one stops it some day. */
	job->stop_signal = 0;
	job->stopped = true;
	if (terminal_owner() == job->server) {
		job->foreground = true;
		terminal_take_back(job);
		stop_with(SIGTSTP, 0);
		continue_server(job);
	} else if (sent) {
		stop_with(SIGTSTP, getpid());
	} else if (signal == SIGTTIN || signal == SIGTTOU) {
		give_wanted_terminal(job, signal);
	}
}

void
job_ended(struct job *job)
{
	job->foreground |= terminal_owner() == job->server;
	terminal_take_back(job);
	job->stopped = false;
}
