/* SPDX-License-Identifier: ISC */
/*
 * usage: server_storm restart|interrupt EXPECTED PUBLIC ROUNDS
 *
 * Binds and listens from a second thread while signals arrive at that thread
 * as fast as they can be sent, handled with or without SA_RESTART.  Each round must bind
 * (EINTR may be repeated, as any program does) and own the public port.  Prints
 * how many rounds did and how many signals came; fails if not all did.
 */
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t signals;
static int expected, public, rounds, good;
static volatile bool done;

static void
count(int signal)
{
	(void)signal;
	signals++;
}

static int
bind_once(int fd)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	    .sin_port = htons((uint16_t)expected)};
	int result;

	do
		result = bind(fd, (struct sockaddr *)&address, sizeof(address));
	while (result != 0 && errno == EINTR);
	return result;
}

static bool
owns_public(int fd)
{
	struct sockaddr_in address;
	socklen_t length = sizeof(address);

	getsockname(fd, (struct sockaddr *)&address, &length);
	return ntohs(address.sin_port) == public;
}

static bool
round_one(void)
{
	int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool owned;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind_once(fd) != 0 || listen(fd, 5) != 0) {
		perror("bind and listen");
		close(fd);
		return false;
	}
	owned = owns_public(fd);
	close(fd);
	return owned;
}

static void *
binder(void *argument)
{
	int i;

	(void)argument;
	/* On a busy machine, all rounds could be over before it begins. */
	while (signals == 0)
		pause();
	for (i = 0; i < rounds; i++)
		good += round_one();
	done = true;
	return NULL;
}

int
main(int argc, char **argv)
{
	const struct timespec pause = {.tv_nsec = 20000};
	struct sigaction action = {.sa_handler = count};
	pthread_t thread;

	if (argc != 5)
		return EXIT_FAILURE;
	if (strcmp(argv[1], "restart") == 0)
		action.sa_flags = SA_RESTART;
	expected = atoi(argv[2]);
	public = atoi(argv[3]);
	rounds = atoi(argv[4]);
	sigaction(SIGUSR1, &action, NULL);
	pthread_create(&thread, NULL, binder, NULL);
	while (!done) {
		pthread_kill(thread, SIGUSR1);
		nanosleep(&pause, NULL);
	}
	pthread_join(thread, NULL);
	printf("%d of %d rounds, %d signals\n", good, rounds, (int)signals);
	return good == rounds ? EXIT_SUCCESS : EXIT_FAILURE;
}
