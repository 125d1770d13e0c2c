/* SPDX-License-Identifier: ISC */
/*
 * A server that binds, listens and closes COUNT times, at PORTS ports from FIRST
 * on, by turns.  Prints the times of bind(2) in microseconds, as print_times
 * does, and then the seconds all of it took; then listens at the first port for
 * as long as its standard input stays open.
 *
 * usage: measure_rebind FIRST PORTS COUNT
 */
#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "timing.h"

#define COUNT_MAX 20000

static double samples[COUNT_MAX];

/* Returns a socket that listens, and the time of its bind(2). */
static int
listen_at(int port, double *us)
{
	const struct sockaddr_in address = {.sin_family = AF_INET,
	    .sin_port = htons((uint16_t)port)};
	const int on = 1;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	uint64_t start;

	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0)
		err(1, "socket");
	start = now_ns();
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0)
		err(1, "bind %d", port);
	*us = us_since(start);
	if (listen(fd, 16) != 0)
		err(1, "listen %d", port);
	return fd;
}

int
main(int argc, char **argv)
{
	int first = argc > 1 ? atoi(argv[1]) : 0;
	int ports = argc > 2 ? atoi(argv[2]) : 0;
	int count = argc > 3 ? atoi(argv[3]) : -1;
	uint64_t start = now_ns();
	double ignored;
	char byte;
	int i;

	if (first < 1 || ports < 1 || count < 0 || count > COUNT_MAX)
		errx(1, "usage: measure_rebind FIRST PORTS COUNT");
	for (i = 0; i < count; i++)
		close(listen_at(first + i % ports, &samples[i]));
	if (count > 0)
		print_times("bind", samples, count);
	printf("seconds %.6f\n", us_since(start) / 1e6);
	listen_at(first, &ignored);
	printf("ready\n");
	fflush(stdout);
	return read(STDIN_FILENO, &byte, 1) < 0;
}
