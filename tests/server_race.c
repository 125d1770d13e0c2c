/* SPDX-License-Identifier: ISC */
/*
 * usage: server_race EXPECTED PUBLIC EXPECTED2 PUBLIC2 ROUNDS
 *
 * One thread rewrites the address while another binds it, from 127.0.0.1 with
 * the first expected port to 127.0.0.2 with the second and back.  What each
 * bind comes to must be one of the two, whole: 127.0.0.1 with the first public
 * port or 127.0.0.2 with the second.  If PUBLIC2 is 0, the second address is of
 * another family instead, and its bind fails.  Goes on, up to a hundred times as
 * long, until each has come.  Prints how often they came; fails at the first other
 * outcome, and where one of them never came.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Family, port and address are eight bytes: one store writes all of them. */
union address {
	struct sockaddr_in in;
	_Atomic uint64_t word;
};

static union address shared;
static uint64_t words[2];
static atomic_bool done;

static uint64_t
word_of(const char *host, int port)
{
	union address address = {{0}};

	address.in.sin_family = AF_INET;
	address.in.sin_port = htons((uint16_t)port);
	inet_pton(AF_INET, host, &address.in.sin_addr);
	return address.word;
}

static void *
rewriter(void *argument)
{
	size_t i = 0;

	(void)argument;
	while (!done)
		shared.word = words[i++ & 1];
	return NULL;
}

static int
outcome(const uint64_t honest[2])
{
	int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int result = -1;
	union address bound = {{0}};
	socklen_t length = sizeof(bound.in);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&shared.in, sizeof(shared.in)) == 0) {
		getsockname(fd, (struct sockaddr *)&bound.in, &length);
		result = bound.word == honest[0] ? 0
		    : bound.word == honest[1]    ? 1
						 : -1;
		if (result < 0)
			printf("got %s:%u\n", inet_ntoa(bound.in.sin_addr),
			    ntohs(bound.in.sin_port));
	} else if (honest[1] == 0 && errno == EAFNOSUPPORT) {
		result = 1;
	} else {
		perror("bind");
	}
	close(fd);
	return result;
}

int
main(int argc, char **argv)
{
	int counts[2] = {0}, i, rounds, which = 0;
	uint64_t honest[2];
	pthread_t thread;

	if (argc != 6)
		return EXIT_FAILURE;
	words[0] = word_of("127.0.0.1", atoi(argv[1]));
	words[1] = word_of("127.0.0.2", atoi(argv[3]));
	honest[0] = word_of("127.0.0.1", atoi(argv[2]));
	honest[1] = word_of("127.0.0.2", atoi(argv[4]));
	if (atoi(argv[4]) == 0) {
		shared.word = words[0];
		shared.in.sin_family = AF_UNIX;
		words[1] = shared.word;
		honest[1] = 0;
	}
	shared.word = words[0];
	pthread_create(&thread, NULL, rewriter, NULL);
	rounds = atoi(argv[5]);
	for (i = 0; which >= 0 &&
	     (i < rounds ||
		 (i < 100 * rounds && (counts[0] == 0 || counts[1] == 0)));
	     i++)
		if ((which = outcome(honest)) >= 0)
			counts[which]++;
	done = true;
	pthread_join(thread, NULL);
	printf("%d and %d\n", counts[0], counts[1]);
	return which < 0 || counts[0] == 0 || counts[1] == 0 ? EXIT_FAILURE
							     : EXIT_SUCCESS;
}
