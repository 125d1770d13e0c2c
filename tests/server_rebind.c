/* SPDX-License-Identifier: ISC */
/*
 * usage: server_rebind EXPECTED PUBLIC ROUNDS [LEFT_OPEN]
 *
 * Binds the expected port, listens, accepts a connection to the public port,
 * closes everything, and finds the public port closed; again and again.  With
 * LEFT_OPEN it only binds and closes.  Prints the number of rounds, or what
 * went wrong and fails.
 */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int expected, public;

static struct sockaddr_in
loopback(int port)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
	    .sin_port = htons((uint16_t)port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static int
fail(const char *what, int round)
{
	printf("round %d: %s: %s\n", round, what, strerror(errno));
	return EXIT_FAILURE;
}

static int
bound_socket(void)
{
	struct sockaddr_in address = loopback(expected);
	int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_ANY);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	close(fd);
	return -1;
}

static int
connected_socket(void)
{
	struct sockaddr_in address = loopback(public);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* Seconds: a busy machine is slow (tests/README.md). */
static int
patience(void)
{
	return atoi(getenv("PATIENCE"));
}

/*
 * The port of a closed listener refuses at once, or, where the last spare was
 * used, when the helper has seen that nobody holds it; a client that has just begun
 * to connect is reset.  If its last packet of the handshake meets the close, the
 * kernel may drop that: then the client is reset when it sends.
 */
static bool
refuses(void)
{
	struct pollfd client = {.events = POLLIN};
	int left = patience();
	bool refused = false;

	client.fd = connected_socket();
	if (client.fd < 0)
		return errno == ECONNREFUSED || errno == ECONNRESET;
	while (!refused && left-- > 0) {
		send(client.fd, "", 1, MSG_NOSIGNAL);
		refused = poll(&client, 1, 1000) == 1 &&
		    (client.revents & (POLLERR | POLLHUP)) != 0;
	}
	close(client.fd);
	return refused;
}

static int
serve_once(int listener, int round)
{
	int client, connection;

	if (listen(listener, 5) != 0)
		return fail("listen", round);
	client = connected_socket();
	if (client < 0)
		return fail("connect", round);
	connection = accept(listener, NULL, NULL);
	if (connection < 0)
		return fail("accept", round);
	close(connection);
	close(client);
	return EXIT_SUCCESS;
}

int
main(int argc, char **argv)
{
	int rounds, i, listener, status;

	if (argc < 4)
		return EXIT_FAILURE;
	expected = atoi(argv[1]);
	public = atoi(argv[2]);
	rounds = atoi(argv[3]);
	for (i = 0; i < rounds; i++) {
		listener = bound_socket();
		if (listener < 0)
			return fail("bind", i);
		status = argc == 4 ? serve_once(listener, i) : EXIT_SUCCESS;
		close(listener);
		if (status != EXIT_SUCCESS)
			return status;
		/* Ask sparingly: each answer may take a second. */
		if (argc == 4 && (i < 6 || i == rounds - 1) && !refuses())
			return fail("the closed port does not refuse", i);
	}
	printf("%d rounds\n", rounds);
	return EXIT_SUCCESS;
}
