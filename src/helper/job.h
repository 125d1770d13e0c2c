/* SPDX-License-Identifier: ISC */
/*
 * The server as a job of the shell that started lowport.  Both are stopped and
 * continued together.  The server's process group has the terminal while
 * lowport's would have it; if the terminal is not standard input, only once the
 * server wants it.
 */
#ifndef JOB_H
#define JOB_H

#include <stdbool.h>
#include <sys/types.h>

/* Its members are job.c's alone. */
struct job {
	pid_t server;    /* leads a process group of its own */
	int stop_signal; /* the last one sent to it that stops, or 0 */
	bool foreground; /* it has the terminal */
	bool stopped;    /* and this process has not continued it */
};

/* Lets this process be stopped, whatever dispositions it inherited. */
void job_prepare(void);

void job_start(struct job *, pid_t server);

/*
 * Sends the server a signal; with group, its process group too.  SIGCONT
 * continues the group, and gives it the terminal if this process has that.
 * Returns false with errno if the server was not sent it.
 */
bool job_signal(struct job *, int signal, bool group);

/* Continues the server if it is stopped. */
void job_wake(struct job *);

/*
 * The server has been stopped by a signal.  Stops this process too, so that its
 * parent sees the job stop; returns when both are to go on.
 */
void job_stopped(struct job *, int signal);

/* The server has ended.  Takes the terminal back. */
void job_ended(struct job *);

#endif
