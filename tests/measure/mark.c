/* SPDX-License-Identifier: ISC */
/*
 * The server of measure_start: binds, listens, and reports when its main began
 * and when it listened.
 *
 * usage: measure_mark PORT | @DESCRIPTOR
 */
#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mark.h"
#include "timing.h"

static int
bound_socket(const char *port)
{
	const struct sockaddr_in address = {.sin_family = AF_INET,
	    .sin_port = htons((uint16_t)atoi(port))};
	const int on = 1;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
	    bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0)
		err(1, "port %s", port);
	return fd;
}

int
main(int argc, char **argv)
{
	struct mark mark = {.main_at = now_ns()};
	int fd;

	if (argc != 2)
		errx(1, "usage: measure_mark PORT | @DESCRIPTOR");
	fd = *argv[1] == '@' ? atoi(argv[1] + 1) : bound_socket(argv[1]);
	if (listen(fd, 16) != 0)
		err(1, "listen");
	mark.listen_at = now_ns();
	return write(MARK_FD, &mark, sizeof(mark)) != sizeof(mark);
}
