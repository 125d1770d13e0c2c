/* SPDX-License-Identifier: ISC */
/*
 * A server for an image without anything else: binds port 8443, is its own client,
 * and says what it has come to, in one line:
 *
 *   owns 443, holds nothing
 *
 * where it listens on 443, nobody listens on 8443, and neither it nor its
 * parent, the helper, has a capability in any set or can gain one.  With an argument
 * it gets datagrams instead.  Otherwise it says what is wrong, and fails.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define PORT   8443
#define PUBLIC 443

static union address {
	struct sockaddr any;
	struct sockaddr_in ip4;
	struct sockaddr_in6 ip6;
} address;

static socklen_t
address_of(int family, unsigned int port)
{
	memset(&address, 0, sizeof(address));
	address.any.sa_family = (sa_family_t)family;
	if (family == AF_INET6) {
		address.ip6.sin6_port = htons((uint16_t)port);
		return sizeof(address.ip6);
	}
	address.ip4.sin_port = htons((uint16_t)port);
	return sizeof(address.ip4);
}

/* Connecting to the wildcard address is connecting to the loopback one. */
static int
ask(int family, unsigned int port)
{
	socklen_t length = address_of(family, port);
	int fd = socket(family, SOCK_STREAM, 0);

	return connect(fd, &address.any, length) == 0 ? 0 : errno;
}

/* Docker turns it off where there is no network. */
static int
has_ip6(void)
{
	socklen_t length = address_of(AF_INET6, 0);
	int fd = socket(AF_INET6, SOCK_STREAM, 0);

	address.ip6.sin6_addr = in6addr_loopback;
	return fd >= 0 && bind(fd, &address.any, length) == 0;
}

static int
serve(int family)
{
	socklen_t length = address_of(family, PORT);
	int fd = socket(family, SOCK_STREAM, 0), on = 1;

	if (fd < 0)
		err(1, "socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, &address.any, length) != 0)
		err(1, "bind");
	if (listen(fd, 5) != 0)
		err(1, "listen");
	return fd;
}

/* One datagram of each family that reaches it comes from a port of its own: a
 * socket that is connected would get one of them at most. */
static void
serve_datagrams(int family)
{
	const struct timeval patience = {.tv_sec = 20};
	socklen_t length = address_of(family, PORT);
	int fd = socket(family, SOCK_DGRAM, 0), from;
	char byte;

	if (fd < 0 || bind(fd, &address.any, length) != 0)
		err(1, "bind");
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	for (from = family; from == AF_INET6 || from == AF_INET;
	     from = from == AF_INET6 ? AF_INET : AF_UNSPEC) {
		length = address_of(from, PUBLIC);
		if (sendto(socket(from, SOCK_DGRAM, 0), "x", 1, 0, &address.any,
			length) != 1)
			err(1, "send");
		if (recv(fd, &byte, 1, 0) != 1)
			err(1, "receive");
	}
}

static void
serve_connection(int family)
{
	int fd = serve(family), client;

	if (ask(family, PORT) != ECONNREFUSED)
		errx(1, "listens on %d", PORT);
	if (ask(family, PUBLIC) != 0)
		errx(1, "nobody on %d", PUBLIC);
	client = accept(fd, NULL, NULL);
	if (client < 0)
		err(1, "accept");
}

/* A line of a status that is not as it should be, or NULL. */
static const char *
power_of(pid_t pid)
{
	static char line[256];
	unsigned long long value;
	char path[64], name[32];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "r");
	if (file == NULL)
		return "no status";
	while (fgets(line, sizeof(line), file) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (sscanf(line, "%31[^:]: %llx", name, &value) != 2)
			continue;
		if ((strncmp(name, "Cap", 3) == 0 &&
			strcmp(name, "CapBnd") != 0 && value != 0) ||
		    (strcmp(name, "NoNewPrivs") == 0 && value != 1))
			return line;
	}
	fclose(file);
	return NULL;
}

static void
look_at(const char *who, pid_t pid)
{
	const char *power = power_of(pid);

	if (power != NULL)
		errx(1, "%s: %s", who, power);
}

int
main(int argc, char **argv)
{
	int family = has_ip6() ? AF_INET6 : AF_INET;

	(void)argv;
	if (argc > 1)
		serve_datagrams(family);
	else
		serve_connection(family);
	look_at("server", getpid());
	look_at("helper", getppid());
	puts("owns 443, holds nothing");
	return 0;
}
