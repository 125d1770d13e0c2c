/* SPDX-License-Identifier: ISC */
/*
 * Returns each datagram to its sender.
 *
 * usage: measure_echo PORT | @DESCRIPTOR
 */
#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

static int
bound_socket(const char *port)
{
	const struct sockaddr_in address = {.sin_family = AF_INET,
	    .sin_port = htons((uint16_t)atoi(port))};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0 ||
	    bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0)
		err(1, "port %s", port);
	return fd;
}

int
main(int argc, char **argv)
{
	struct sockaddr_storage peer;
	char datagram[2048];
	socklen_t size;
	ssize_t length;
	int fd;

	if (argc != 2)
		errx(1, "usage: measure_echo PORT | @DESCRIPTOR");
	fd = *argv[1] == '@' ? atoi(argv[1] + 1) : bound_socket(argv[1]);
	for (;;) {
		size = sizeof(peer);
		length = recvfrom(fd, datagram, sizeof(datagram), 0,
		    (struct sockaddr *)&peer, &size);
		/* A client that is gone makes sendto(2) fail: no harm. */
		if (length >= 0 &&
		    sendto(fd, datagram, (size_t)length, 0,
			(struct sockaddr *)&peer, size) < 0)
			continue;
	}
}
