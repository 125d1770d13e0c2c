/* SPDX-License-Identifier: ISC */
/*
 * Runs in: both processes.  The helper receives the plan here while it holds the
 * capability, and requests when it no longer does.
 * Reads: what the other side has sent, a fixed number of bytes.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "channel.h"
#include "confinement.h"
#include "message.h"

/* Room for the sender, and for more descriptors than any message has: so surplus
 * ones are received here and closed, not installed and forgotten. */
#define CONTROL_SIZE                                                           \
	(CMSG_SPACE(sizeof(int) * 4) + CMSG_SPACE(sizeof(struct ucred)))

/* The kernel puts fewer there, whatever was sent. */
#define FDS_MAX (CONTROL_SIZE / sizeof(int))

union control {
	struct cmsghdr header;
	char bytes[CONTROL_SIZE];
};

void
channel_open(int ends[2])
{
	char remark[REASON_TEXT];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0)
		return;
	if (errno == EMFILE)
		fatal("cannot make a socket pair (is 'ulimit -n' too low?)");
	fatalx("cannot make a socket pair: %s%s", message_error(errno),
	    errno == EACCES ? confinement_remark(remark, "unix,") : "");
}

static bool
send_bytes(int channel, const void *bytes, size_t size, int flags)
{
	struct iovec vector = {(void *)bytes, size};
	struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};

	return sendmsg(channel, &message, flags | MSG_NOSIGNAL) ==
	    (ssize_t)size;
}

/* Takes the descriptors out of a message, for which fds has room.  Returns how
 * many there were. */
static size_t
take_descriptors(struct msghdr *message, int *fds)
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

/* Returns the process that sent a message; number 0 if that is not known. */
static struct ucred
credentials_of(struct msghdr *message)
{
	struct cmsghdr *header = CMSG_FIRSTHDR(message);
	struct ucred sender = {0};

	for (; header != NULL; header = CMSG_NXTHDR(message, header))
		if (header->cmsg_level == SOL_SOCKET &&
		    header->cmsg_type == SCM_CREDENTIALS)
			memcpy(&sender, CMSG_DATA(header), sizeof(sender));
	return sender;
}

static pid_t
sender_of(struct msghdr *message)
{
	return credentials_of(message).pid;
}

struct parcel {
	void *bytes;
	size_t size;
	size_t fd_count;
	int fds[FDS_MAX];
	pid_t sender; /* if the socket has SO_PASSCRED, else 0 */
};

/*
 * Receives a message of exactly this size with exactly this many descriptors.
 * Anything else is refused whole, its descriptors closed.
 */
static bool
parcel_receive(int socket, struct parcel *parcel, int flags)
{
	union control control;
	struct iovec vector = {parcel->bytes, parcel->size};
	struct msghdr message = {.msg_iov = &vector,
	    .msg_iovlen = 1,
	    .msg_control = &control,
	    .msg_controllen = sizeof(control)};
	ssize_t length = recvmsg(socket, &message, flags | MSG_CMSG_CLOEXEC);
	size_t count;

	if (length < 0)
		return false;
	count = take_descriptors(&message, parcel->fds);
	parcel->sender = sender_of(&message);
	if (length == (ssize_t)parcel->size && count == parcel->fd_count &&
	    (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0)
		return true;
	while (count > 0)
		close(parcel->fds[--count]);
	errno = EBADMSG;
	return false;
}

static bool
receive(int channel, void *bytes, size_t size)
{
	struct parcel parcel = {bytes, size, 0};

	return parcel_receive(channel, &parcel, 0);
}

/* Returns the descriptor that came with the bytes, or -1. */
static int
receive_descriptor(int channel, void *bytes, size_t size)
{
	struct parcel parcel = {bytes, size, 1};

	return parcel_receive(channel, &parcel, 0) ? parcel.fds[0] : -1;
}

bool
channel_send_plan(int channel, const struct plan *plan)
{
	return send_bytes(channel, plan, sizeof(*plan), 0);
}

bool
channel_receive_plan(int channel, struct plan *plan)
{
	return receive(channel, plan, sizeof(*plan));
}

/* A message without a byte would look like the end. */
bool
channel_send_ready(int channel)
{
	return send_bytes(channel, "", 1, 0);
}

bool
channel_receive_ready(int channel)
{
	char byte;

	return receive(channel, &byte, sizeof(byte));
}

bool
channel_send_answer(int channel, const struct answer *answer)
{
	return send_bytes(channel, answer, sizeof(*answer), 0);
}

bool
channel_receive_answer(int channel, struct answer *answer)
{
	return receive(channel, answer, sizeof(*answer));
}

static bool
send_with_descriptor(int channel, const void *bytes, size_t size, int fd,
    int flags)
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
	return sendmsg(channel, &message, flags | MSG_NOSIGNAL) ==
	    (ssize_t)size;
}

/* A message takes a byte (unix(7)). */
bool
channel_send_socket(int channel, int socket)
{
	return send_with_descriptor(channel, "", 1, socket, 0);
}

int
channel_receive_socket(int channel)
{
	char byte;

	return receive_descriptor(channel, &byte, sizeof(byte));
}

bool
channel_send_offer(int channel, const struct offer *offer, int fd)
{
	return send_with_descriptor(channel, offer, sizeof(*offer), fd, 0);
}

int
channel_receive_offer(int channel, struct offer *offer)
{
	return receive_descriptor(channel, offer, sizeof(*offer));
}

int
channel_accept(int requests, uid_t *user)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);
	const int on = 1;
	int fd = accept4(requests, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return -1;
	*user = (uid_t)-1;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0)
		*user = peer.uid;
	/* On some kernels a connection does not inherit it. */
	setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on));
	return fd;
}

bool
channel_receive_hello(int connection, struct hello *hello)
{
	struct parcel parcel = {hello, sizeof(*hello), 0};

	return parcel_receive(connection, &parcel, MSG_DONTWAIT);
}

bool
channel_send_greeting(int connection, const struct greeting *greeting)
{
	return send_bytes(connection, greeting, sizeof(*greeting),
	    MSG_DONTWAIT);
}

bool
channel_receive_request(int connection, struct received_request *received)
{
	struct parcel parcel = {&received->request, sizeof(received->request),
	    1};

	if (!parcel_receive(connection, &parcel, MSG_DONTWAIT))
		return false;
	received->sender = parcel.sender;
	received->socket = parcel.fds[0];
	received->reply = connection;
	return true;
}

bool
channel_send_reply(int connection, const struct reply *reply, int fd)
{
	if (fd < 0)
		return send_bytes(connection, reply, sizeof(*reply),
		    MSG_DONTWAIT);
	return send_with_descriptor(connection, reply, sizeof(*reply), fd,
	    MSG_DONTWAIT);
}

bool
channel_send_table(int connection, const struct table *table)
{
	return send_bytes(connection, table, sizeof(*table), MSG_DONTWAIT);
}

/* As much as the kernel puts there. */
union report_control {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(sizeof(int) * REPORT_FDS) +
	    CMSG_SPACE(sizeof(struct ucred))];
};

bool
channel_receive_report(int socket, struct report *report)
{
	static union report_control control;
	struct iovec vector = {report->text, sizeof(report->text)};
	struct msghdr message = {.msg_iov = &vector,
	    .msg_iovlen = 1,
	    .msg_control = &control,
	    .msg_controllen = sizeof(control)};
	ssize_t length = recvmsg(socket, &message,
	    MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (length < 0)
		return false;
	report->length = (size_t)length;
	report->fd_count = take_descriptors(&message, report->fds);
	report->sender = credentials_of(&message);
	if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0)
		return true;
	channel_end_report(report);
	errno = EMSGSIZE;
	return false;
}

void
channel_send_report(int socket, const struct report *report)
{
	static union report_control control;
	const size_t size = report->fd_count * sizeof(int);
	struct iovec vector = {(void *)report->text, report->length};
	struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};

	if (size > 0) {
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(size);
		memcpy(CMSG_DATA(&control.header), report->fds, size);
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE(size);
	}
	sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void
channel_end_report(const struct report *report)
{
	size_t i;

	for (i = 0; i < report->fd_count; i++)
		close(report->fds[i]);
}
