/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the helper, before the drop (the pool) and after it (a bind that is
 * let through); the child (the trial, inherited sockets, the library's socket).
 * Reads: endpoints of a checked plan, or those a server asked for.
 */
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "constants.h"
#include "socket.h"

static bool
set_option(int socket, int level, int name, int value)
{
	return setsockopt(socket, level, name, &value, sizeof(value)) == 0;
}

static int
open_plain(const struct endpoint *e, int protocol)
{
	const int type = protocol == IPPROTO_UDP ? SOCK_DGRAM : SOCK_STREAM;
	int fd = socket(e->family, type | SOCK_CLOEXEC, protocol);

	/* The default of IPV6_V6ONLY is a sysctl (ipv6(7), bindv6only). */
	if (fd < 0 || e->family != AF_INET6 ||
	    set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, e->v6only))
		return fd;
	close(fd);
	return -1;
}

int
socket_open(const struct endpoint *e, int protocol)
{
	int fd = open_plain(e, protocol);

	if (fd < 0 || set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1))
		return fd;
	close(fd);
	return -1;
}

/* The kernel's own calls here and in socket_name: if lowport is linked to a
 * shared C library and is the server of another one by preload, those of the C
 * library are liblowport.so's, which makes calls that end the confined helper. */
int
socket_bind_bytes(int socket, const void *address, socklen_t length)
{
	return (int)syscall(SYS_bind, socket, address, length);
}

int
socket_name(int socket, void *address, socklen_t *length)
{
	return (int)syscall(SYS_getsockname, socket, address, length);
}

int
socket_bind(int socket, const struct endpoint *e)
{
	struct sockaddr_storage storage;
	socklen_t length = endpoint_to_sockaddr(e, &storage);

	return socket_bind_bytes(socket, &storage, length);
}

void
socket_keep_alone(int socket)
{
	set_option(socket, SOL_SOCKET, SO_REUSEADDR, 0);
}

void
socket_let_share(int socket)
{
	set_option(socket, SOL_SOCKET, SO_REUSEADDR, 1);
}

int
socket_bind_alone(int socket, const struct endpoint *e)
{
	int status, error;

	socket_keep_alone(socket);
	status = socket_bind(socket, e);
	error = errno;
	socket_let_share(socket);
	errno = error;
	return status;
}

bool
socket_endpoint(int socket, struct endpoint *e)
{
	struct sockaddr_storage storage;
	socklen_t length = sizeof(storage);

	return socket_name(socket, &storage, &length) == 0 &&
	    endpoint_from_sockaddr(e, &storage, length);
}

ino_t
socket_inode(int socket)
{
	struct stat status;

	return fstat(socket, &status) == 0 ? status.st_ino : 0;
}

uint64_t
socket_network(int socket)
{
	uint64_t cookie = 0;
	socklen_t size = sizeof(cookie);

	getsockopt(socket, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size);
	return cookie;
}

int
socket_option(int socket, int level, int name)
{
	int value = 0;
	socklen_t size = sizeof(value);

	return getsockopt(socket, level, name, &value, &size) == 0 ? value : 0;
}

bool
socket_is_free(const struct endpoint *e, int protocol)
{
	int fd = open_plain(e, protocol), error;
	bool bound;

	if (fd < 0)
		return false;
	bound = socket_bind(fd, e) == 0;
	error = errno;
	close(fd);
	errno = error;
	return bound;
}
