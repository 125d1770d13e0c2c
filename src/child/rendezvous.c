/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child, without the capability.
 * Reads: random bytes of the kernel.
 */
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ask.h"
#include "process.h"
#include "rendezvous.h"
#include "socket.h"

static void
write_digits(char *digits, uint64_t number)
{
	int i;

	for (i = 15; i >= 0; i--, number >>= 4)
		digits[i] = "0123456789abcdef"[number & 15];
}

static bool
draw_words(struct rendezvous *place)
{
	char *const words[] = {place->name, place->key, place->proof};
	uint64_t numbers[2];
	size_t i;

	for (i = 0; i < 3; i++) {
		if (getrandom(numbers, sizeof(numbers), 0) != sizeof(numbers))
			return false;
		write_digits(words[i], numbers[0]);
		write_digits(words[i] + 16, numbers[1]);
	}
	return true;
}

static bool
bind_abstract(int socket, const struct rendezvous *place)
{
	struct sockaddr_un address;
	const socklen_t length = ask_address(&address, place);

	return socket_bind_bytes(socket, &address, length) == 0;
}

/* 0 if it is not known: in older gVisor, each name of a namespace has a number of
 * its own. */
static uint64_t
network_inode(void)
{
	const uint64_t inode = ask_network_inode();

	return inode == process_namespace(getpid(), "net") ? inode : 0;
}

int
rendezvous_open(struct rendezvous *place)
{
	const int on = 1;
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0);

	if (fd < 0)
		return -1;
	write_digits(place->network, socket_network(fd));
	write_digits(place->network + 16, network_inode());
	/* Connections inherit SO_PASSCRED. */
	if (draw_words(place) &&
	    setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) == 0 &&
	    bind_abstract(fd, place) && listen(fd, SOMAXCONN) == 0)
		return fd;
	close(fd);
	return -1;
}
