/* SPDX-License-Identifier: ISC */
/*
 * What a server's system calls cost as the server feels them: bind(2) of a
 * fresh socket each time, closed again after it; setsockopt(2) on a socket; and
 * getppid(2), which no filter of lowport's traps but each is looked at by.
 *
 * usage: bench_bind PORT FIRST [THEN]
 *
 * Binds PORT FIRST times, and then THEN times more, which are told apart: under
 * lowport the first ones may take spares and the later ones not.  Prints for
 * each: name, median and minimum in microseconds.
 */
#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SAMPLES_MAX 10000
#define OPTIONS     200
#define PLAIN_CALLS 2000

static double samples[SAMPLES_MAX];

static double
now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static int
compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
report(const char *name, int count)
{
	if (count == 0)
		return;
	qsort(samples, (size_t)count, sizeof(*samples), compare);
	printf("%s %.3f %.3f\n", name, samples[count / 2], samples[0]);
}

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
time_binds(uint16_t port, int count)
{
	const struct sockaddr_in address = {.sin_family = AF_INET,
	    .sin_port = htons(port)};
	double start;
	int i, fd;

	for (i = 0; i < count; i++) {
		fd = open_socket();
		start = now();
		if (bind(fd, (const struct sockaddr *)&address,
			sizeof(address)) != 0)
			err(1, "bind %d", i);
		samples[i] = now() - start;
		close(fd);
	}
}

static void
time_options(int level, int name, int count)
{
	const int on = 1;
	int i, fd = open_socket();
	double start;

	for (i = 0; i < count; i++) {
		start = now();
		if (setsockopt(fd, level, name, &on, sizeof(on)) != 0)
			err(1, "setsockopt");
		samples[i] = now() - start;
	}
	close(fd);
}

/* Too short a call to time one by one. */
static void
time_plain_calls(int count)
{
	double start;
	int i, j;

	for (i = 0; i < count; i++) {
		start = now();
		for (j = 0; j < 100; j++)
			syscall(SYS_getppid);
		samples[i] = (now() - start) / 100;
	}
}

int
main(int argc, char **argv)
{
	int first = argc > 2 ? atoi(argv[2]) : 0;
	int then = argc > 3 ? atoi(argv[3]) : 0;

	if (first < 1 || first > SAMPLES_MAX || then < 0 || then > SAMPLES_MAX)
		errx(1, "usage: bench_bind PORT FIRST [THEN]");
	time_binds((uint16_t)atoi(argv[1]), first);
	report("bind", first);
	time_binds((uint16_t)atoi(argv[1]), then);
	report("bind-later", then);
	time_options(IPPROTO_TCP, TCP_NODELAY, OPTIONS);
	report("setsockopt", OPTIONS);
	time_plain_calls(PLAIN_CALLS);
	report("getppid", PLAIN_CALLS);
	return 0;
}
