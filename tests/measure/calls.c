/* SPDX-License-Identifier: ISC */
/*
 * Times system calls in the server: bind(2), of a fresh socket that is closed
 * after it; setsockopt(2) and getsockname(2), on one socket; and getppid(2), which
 * lowport's filters pass, but have to look at.
 *
 * usage: measure_calls PORT FIRST THEN
 *
 * Binds PORT FIRST times, and then THEN times more.  Both are printed, as under
 * lowport only the first may find fresh spares.  The times of each call are in
 * microseconds, in the form of print_times.
 */
#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "timing.h"

#define SAMPLES_MAX 10000
#define ON_SOCKET   200
#define PLAIN_CALLS 500

static double samples[SAMPLES_MAX];
static struct sockaddr_in address = {.sin_family = AF_INET};

static int
open_socket(void)
{
	const int on = 1;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0)
		err(1, "socket");
	return fd;
}

static void
bind_socket(int fd)
{
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0)
		err(1, "bind");
}

static void
time_binds(const char *name, int count)
{
	uint64_t start;
	int i, fd;

	for (i = 0; i < count; i++) {
		fd = open_socket();
		start = now_ns();
		bind_socket(fd);
		samples[i] = us_since(start);
		close(fd);
	}
	if (count > 0)
		print_times(name, samples, count);
}

static void
time_options(void)
{
	const int on = 1;
	int i, fd = open_socket();
	uint64_t start;

	for (i = 0; i < ON_SOCKET; i++) {
		start = now_ns();
		if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) !=
		    0)
			err(1, "setsockopt");
		samples[i] = us_since(start);
	}
	close(fd);
	print_times("setsockopt", samples, ON_SOCKET);
}

static void
time_names(void)
{
	struct sockaddr_in name;
	int i, fd = open_socket();
	socklen_t size;
	uint64_t start;

	bind_socket(fd);
	for (i = 0; i < ON_SOCKET; i++) {
		size = sizeof(name);
		start = now_ns();
		if (getsockname(fd, (struct sockaddr *)&name, &size) != 0)
			err(1, "getsockname");
		samples[i] = us_since(start);
	}
	close(fd);
	print_times("getsockname", samples, ON_SOCKET);
}

/* Too short a call to time one by one. */
static void
time_plain_calls(void)
{
	uint64_t start;
	int i, j;

	for (i = 0; i < PLAIN_CALLS; i++) {
		start = now_ns();
		for (j = 0; j < 100; j++)
			syscall(SYS_getppid);
		samples[i] = us_since(start) / 100;
	}
	print_times("getppid", samples, PLAIN_CALLS);
}

int
main(int argc, char **argv)
{
	int first = argc > 2 ? atoi(argv[2]) : 0;
	int then = argc > 3 ? atoi(argv[3]) : 0;

	if (first < 1 || first > SAMPLES_MAX || then < 0 || then > SAMPLES_MAX)
		errx(1, "usage: measure_calls PORT FIRST THEN");
	address.sin_port = htons((uint16_t)atoi(argv[1]));
	time_binds("bind", first);
	time_binds("bind-later", then);
	time_options();
	time_names();
	time_plain_calls();
	return 0;
}
