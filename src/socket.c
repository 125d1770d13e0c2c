/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the helper, before the drop (the pool) and after it (letting a bind
 * through); the child (the probe).
 * Reads: endpoints of a checked plan, or that a server asked for.
 */
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "socket.h"

static bool
set_on(int socket, int level, int name)
{
	const int on = 1;

	return setsockopt(socket, level, name, &on, sizeof(on)) == 0;
}

/* The default of IPV6_V6ONLY is a sysctl (ipv6(7), bindv6only): set it. */
static bool
set_v6only(int socket, const struct endpoint *e)
{
	const int value = e->v6only;

	return e->family != AF_INET6 ||
	    setsockopt(socket, IPPROTO_IPV6, IPV6_V6ONLY, &value,
		sizeof(value)) == 0;
}

int
socket_open(const struct endpoint *e)
{
	int fd = socket(e->family, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);

	if (fd < 0)
		return -1;
	if (set_on(fd, SOL_SOCKET, SO_REUSEADDR) && set_v6only(fd, e))
		return fd;
	close(fd);
	return -1;
}

int
socket_bind_bytes(int socket, const void *address, socklen_t length)
{
	return bind(socket, address, length);
}

int
socket_bind(int socket, const struct endpoint *e)
{
	struct sockaddr_storage storage;
	socklen_t length = endpoint_to_sockaddr(e, &storage);

	return socket_bind_bytes(socket, &storage, length);
}

bool
socket_endpoint(int socket, struct endpoint *e)
{
	struct sockaddr_storage storage;
	socklen_t length = sizeof(storage);

	return getsockname(socket, (struct sockaddr *)&storage, &length) == 0 &&
	    endpoint_from_sockaddr(e, &storage, length);
}

ino_t
socket_inode(int socket)
{
	struct stat status;

	return fstat(socket, &status) == 0 ? status.st_ino : 0;
}

int
socket_option(int socket, int level, int name)
{
	int value = 0;
	socklen_t size = sizeof(value);

	return getsockopt(socket, level, name, &value, &size) == 0 ? value : 0;
}

void
socket_unlisten(int socket)
{
	/* Of one that does not listen, shutdown(2) would ruin the connections
	 * it accepts later: the kernel keeps the shutdown, ENOTCONN or not. */
	if (socket_option(socket, SOL_SOCKET, SO_ACCEPTCONN) != 0)
		shutdown(socket, SHUT_RDWR);
}
