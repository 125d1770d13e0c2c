/* SPDX-License-Identifier: ISC */
/*
 * COUNT processes that share PORT by SO_REUSEPORT.  Prints "ready", and waits for
 * a byte of standard input; prints the times of their bind(2) in microseconds, as
 * print_times does, and the microseconds from the first fork(2) until all listen;
 * and lets them listen until standard input ends.
 *
 * usage: measure_workers PORT COUNT
 */
#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "timing.h"

#define COUNT_MAX 256

static double
listen_at(int port)
{
	const struct sockaddr_in address = {.sin_family = AF_INET,
	    .sin_port = htons((uint16_t)port)};
	const int on = 1;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	uint64_t start;
	double us;

	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) != 0)
		err(1, "socket");
	start = now_ns();
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0)
		err(1, "bind");
	us = us_since(start);
	if (listen(fd, 16) != 0)
		err(1, "listen");
	return us;
}

/* Listens until all do: until the other end of wait_fd is closed. */
static int
worker(int port, int report_fd, int wait_fd)
{
	double us = listen_at(port);
	char byte;

	if (write(report_fd, &us, sizeof(us)) != sizeof(us))
		return 1;
	return read(wait_fd, &byte, 1) < 0;
}

int
main(int argc, char **argv)
{
	static double times[COUNT_MAX];
	int count = argc == 3 ? atoi(argv[2]) : 0, report[2], hold[2], i;
	uint64_t start;
	pid_t child;
	char byte;

	if (count < 1 || count > COUNT_MAX)
		errx(1, "usage: measure_workers PORT COUNT");
	printf("ready\n");
	fflush(stdout);
	if (read(STDIN_FILENO, &byte, 1) != 1)
		errx(1, "no standard input");
	start = now_ns();
	if (pipe(report) != 0 || pipe(hold) != 0)
		err(1, "pipe");
	for (i = 0; i < count; i++) {
		child = fork();
		if (child < 0)
			err(1, "fork");
		if (child == 0) {
			close(hold[1]);
			_exit(worker(atoi(argv[1]), report[1], hold[0]));
		}
	}
	close(report[1]);
	for (i = 0; i < count; i++)
		if (read(report[0], &times[i], sizeof(*times)) !=
		    sizeof(*times))
			errx(1, "a worker failed");
	printf("all %.1f\n", us_since(start));
	print_times("bind", times, count);
	fflush(stdout);
	count = (int)read(STDIN_FILENO, &byte, 1);
	close(hold[1]);
	while (wait(NULL) > 0)
		;
	return count != 0;
}
