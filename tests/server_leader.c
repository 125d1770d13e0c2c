/* SPDX-License-Identifier: ISC */
/*
 * usage: server_leader PORT
 *
 * Ends its main thread, and binds from another one that lives on.  Prints the
 * port it has got, or why none.
 */
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "error_name.h"

static uint16_t port;

/* The state in /proc/PID/stat, behind the name. */
static bool
leader_has_ended(void)
{
	FILE *file = fopen("/proc/self/stat", "re");
	char state = '?';

	if (file == NULL)
		exit(EXIT_FAILURE);
	if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
		state = '?';
	fclose(file);
	return state == 'Z';
}

static void *
serve(void *argument)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	    .sin_port = htons(port)};
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)argument;
	while (!leader_has_ended())
		usleep(1000);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
		printf("%s\n", error_name(errno));
		exit(EXIT_FAILURE);
	}
	getsockname(fd, (struct sockaddr *)&address, &length);
	printf("%u\n", ntohs(address.sin_port));
	exit(EXIT_SUCCESS);
}

int
main(int argc, char **argv)
{
	pthread_t thread;

	if (argc != 2)
		return EXIT_FAILURE;
	port = (uint16_t)atoi(argv[1]);
	pthread_create(&thread, NULL, serve, NULL);
	pthread_exit(NULL);
}
