/* SPDX-License-Identifier: ISC */
/*
 * The server as a job of the shell that started lowport: both are stopped and
 * continued together, and the terminal's foreground group is the server's while
 * lowport's would be; where the terminal is not its standard input, once it
 * wants it.
 */
#ifndef JOB_H
#define JOB_H

#include <stdbool.h>
#include <sys/types.h>

struct job {
	pid_t server;    /* it leads a process group of its own */
	int suspending;  /* what was last forwarded to it that stops */
	bool foreground; /* it has the terminal */
	bool stopped;    /* and has not been continued by this process */
};

/* Lets this process be stopped, whatever it inherited. */
void job_prepare(void);

/*
 * The server has been stopped by a signal: stops this process too, so that
 * whoever waits for it sees that, and returns when both are to go on.
 */
void job_stopped(struct job *, int signal);

/* This process has been continued: so is the server, which gets the terminal
 * where this process has it. */
void job_continue(struct job *);

/* The server has ended: the terminal is lowport's again. */
void job_ended(struct job *);

#endif
