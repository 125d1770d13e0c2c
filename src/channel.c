/* SPDX-License-Identifier: ISC */
/*
 * Runs in: both processes.  The helper receives the plan here while it holds
 * the capability.
 * Reads: whatever the other side sent, as bytes of a fixed number.
 */
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "channel.h"
#include "message.h"

/* Room for more descriptors than any message has, so that surplus ones arrive
 * here and are closed, not installed and forgotten. */
#define FDS_MAX 4

union control {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(sizeof(int) * FDS_MAX)];
};

void
channel_open(int ends[2])
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		fatal("cannot make a socket pair (is 'ulimit -n' too low?)");
}

static bool
send_bytes(int channel, const void *bytes, size_t size)
{
	struct iovec vector = {(void *)bytes, size};
	struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};

	return sendmsg(channel, &message, MSG_NOSIGNAL) == (ssize_t)size;
}

/* Takes the descriptors out of a message.  Returns how many there were. */
static size_t
take_descriptors(struct msghdr *message, int fds[FDS_MAX])
{
	struct cmsghdr *header = CMSG_FIRSTHDR(message);
	size_t count = 0, size;

	for (; header != NULL; header = CMSG_NXTHDR(message, header)) {
		if (header->cmsg_level != SOL_SOCKET ||
		    header->cmsg_type != SCM_RIGHTS)
			continue;
		size = header->cmsg_len - CMSG_LEN(0);
		memcpy(fds + count, CMSG_DATA(header), size);
		count += size / sizeof(int);
	}
	return count;
}

/*
 * Receives a message of exactly this size with exactly this many descriptors
 * (none or one).  Anything else is refused whole, its descriptors closed.
 */
static bool
receive(int channel, void *bytes, size_t size, int *fd)
{
	union control control;
	struct iovec vector = {bytes, size};
	struct msghdr message = {.msg_iov = &vector,
	    .msg_iovlen = 1,
	    .msg_control = &control,
	    .msg_controllen = sizeof(control)};
	int fds[FDS_MAX];
	ssize_t length = recvmsg(channel, &message, MSG_CMSG_CLOEXEC);
	size_t count;

	if (length < 0)
		return false;
	count = take_descriptors(&message, fds);
	if (length == (ssize_t)size && count == (fd != NULL) &&
	    (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0) {
		if (fd != NULL)
			*fd = fds[0];
		return true;
	}
	while (count > 0)
		close(fds[--count]);
	return false;
}

bool
channel_send_plan(int channel, const struct plan *plan)
{
	return send_bytes(channel, plan, sizeof(*plan));
}

bool
channel_receive_plan(int channel, struct plan *plan)
{
	return receive(channel, plan, sizeof(*plan), NULL);
}

bool
channel_send_answer(int channel, const struct answer *answer)
{
	return send_bytes(channel, answer, sizeof(*answer));
}

bool
channel_receive_answer(int channel, struct answer *answer)
{
	return receive(channel, answer, sizeof(*answer), NULL);
}

static bool
send_with_descriptor(int channel, const void *bytes, size_t size, int fd)
{
	union control control = {{0}};
	struct iovec vector = {(void *)bytes, size};
	struct msghdr message = {.msg_iov = &vector,
	    .msg_iovlen = 1,
	    .msg_control = &control,
	    .msg_controllen = CMSG_SPACE(sizeof(fd))};

	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	return sendmsg(channel, &message, MSG_NOSIGNAL) == (ssize_t)size;
}

bool
channel_send_listener(int channel, const struct greeting *greeting, int fd)
{
	return send_with_descriptor(channel, greeting, sizeof(*greeting), fd);
}

/* A message takes a byte (unix(7)). */
bool
channel_send_socket(int channel, int socket)
{
	return send_with_descriptor(channel, "", 1, socket);
}

bool
channel_send_inherited(int channel, const struct inheritance *inheritance,
    int socket)
{
	return send_with_descriptor(channel, inheritance, sizeof(*inheritance),
	    socket);
}

static int
receive_descriptor(int channel, void *bytes, size_t size)
{
	int fd;

	return receive(channel, bytes, size, &fd) ? fd : -1;
}

int
channel_receive_inherited(int channel, struct inheritance *inheritance)
{
	return receive_descriptor(channel, inheritance, sizeof(*inheritance));
}

int
channel_receive_socket(int channel)
{
	char byte;

	return receive_descriptor(channel, &byte, sizeof(byte));
}

int
channel_receive_listener(int channel, struct greeting *greeting)
{
	return receive_descriptor(channel, greeting, sizeof(*greeting));
}

bool
channel_ended(int channel)
{
	char byte;
	struct iovec vector = {&byte, sizeof(byte)};
	struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
	struct pollfd end = {.fd = channel};

	/* An empty message reads as the end does. */
	return recvmsg(channel, &message, MSG_DONTWAIT) == 0 &&
	    poll(&end, 1, 0) == 1 && (end.revents & POLLHUP) != 0;
}
