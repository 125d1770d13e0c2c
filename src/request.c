/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the server, as part of the preload library; the child, to try it.
 * Reads: what the helper replies.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

#include <sys/time.h>

#include "bytes.h"
#include "constants.h"
#include "request.h"
#include "syscall.h"

union control {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(sizeof(int[2]))];
};

/* A conversation: the request goes out at one socket, the reply comes in at
 * another, of which the helper gets the other end. */
struct conversation {
	int out, in, end;
};

static void
copy(void *to, const void *from, size_t size)
{
	uint8_t *t = to;
	const uint8_t *f = from;

	while (size-- > 0)
		*t++ = *f++;
}

static void
shut(int *fd)
{
	if (*fd >= 0)
		syscall1(SYS_close, *fd);
	*fd = -1;
}

static void
conversation_end(struct conversation *c)
{
	shut(&c->out);
	shut(&c->in);
	shut(&c->end);
}

/* Returns 0 or an errno(3) value. */
static int
conversation_begin(struct conversation *c)
{
	/* A helper that lives has answered long before. */
	static const struct timeval patience = {.tv_sec = 60};
	int pair[2];
	long status;

	c->in = c->end = -1;
	c->out = (int)syscall3(SYS_socket, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC,
	    0);
	if (c->out < 0)
		return -c->out;
	status = syscall4(SYS_socketpair, AF_UNIX,
	    SOCK_SEQPACKET | SOCK_CLOEXEC, 0, (long)pair);
	if (status < 0) {
		shut(&c->out);
		return (int)-status;
	}
	c->in = pair[0];
	c->end = pair[1];
	syscall5(SYS_setsockopt, c->in, SOL_SOCKET, SO_RCVTIMEO,
	    (long)&patience, sizeof(patience));
	return 0;
}

socklen_t
request_address(struct sockaddr_un *address, const struct rendezvous *place)
{
	static const char prefix[] = REQUEST_PREFIX;
	size_t at = 1, i;

	address->sun_family = AF_UNIX;
	address->sun_path[0] = '\0';
	for (i = 0; prefix[i] != '\0'; i++)
		address->sun_path[at++] = prefix[i];
	for (i = 0; i < REQUEST_WORD; i++)
		address->sun_path[at++] = place->name[i];
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + at);
}

static long
send_message(int socket, struct msghdr *message)
{
	long status;

	do
		status = syscall3(SYS_sendmsg, socket, (long)message,
		    MSG_NOSIGNAL);
	while (status == -EINTR);
	return status;
}

static int
request_send(struct conversation *c, const struct rendezvous *place,
    struct request *request, int fd)
{
	struct iovec vector = {request, sizeof(*request)};
	const int fds[2] = {fd, c->end};
	struct sockaddr_un address;
	union control control;
	struct msghdr message;
	long status;

	copy(request->key, place->key, REQUEST_WORD);
	message.msg_name = &address;
	message.msg_namelen = request_address(&address, place);
	message.msg_iov = &vector;
	message.msg_iovlen = 1;
	message.msg_control = &control;
	message.msg_controllen = sizeof(control);
	message.msg_flags = 0;
	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof(fds));
	copy(CMSG_DATA(&control.header), fds, sizeof(fds));
	status = send_message(c->out, &message);
	/* The helper's own is the only one now: when it closes that, the reply
	 * ends. */
	shut(&c->end);
	return status < 0 ? (int)-status : 0;
}

/* Receives as many bytes as there are, size at the most, and a descriptor, -1
 * where there is none. */
static long
reply_receive(const struct conversation *c, void *bytes, size_t size, int *fd)
{
	struct iovec vector = {bytes, size};
	union control control;
	struct msghdr message;
	long status;

	message.msg_name = NULL;
	message.msg_namelen = 0;
	message.msg_iov = &vector;
	message.msg_iovlen = 1;
	message.msg_control = &control;
	message.msg_controllen = sizeof(control);
	message.msg_flags = 0;
	/* A signal does not take the reply away. */
	do
		status = syscall3(SYS_recvmsg, c->in, (long)&message,
		    MSG_CMSG_CLOEXEC);
	while (status == -EINTR);
	*fd = -1;
	if (status >= 0 && message.msg_controllen >= CMSG_LEN(sizeof(*fd)) &&
	    control.header.cmsg_type == SCM_RIGHTS)
		copy(fd, CMSG_DATA(&control.header), sizeof(*fd));
	return status;
}

/* Nobody is there, or answers: as a trapped call fails whose listener is gone. */
static int
gone(int error)
{
	return error == ECONNREFUSED || error == ENOENT ? ENOSYS : error;
}

/*
 * About the descriptor, or about none where it is negative.  Returns 0 where a
 * reply of this size was received, which begins with the proof, or an errno(3)
 * value.  The caller ends the conversation.
 */
static int
converse(struct conversation *c, const struct rendezvous *place,
    struct request *request, int fd, void *reply, size_t size, int *received)
{
	long length;
	int error = conversation_begin(c);

	if (error != 0)
		return error;
	error = request_send(c, place, request, fd >= 0 ? fd : c->end);
	if (error != 0)
		return gone(error);
	length = reply_receive(c, reply, size, received);
	return length == (long)size &&
		bytes_equal(reply, place->proof, REQUEST_WORD)
	    ? 0
	    : ENOSYS;
}

/*
 * What takes a capability to set: the helper has none, but this process may
 * have kept some (--keep-caps).  IPV6_TRANSPARENT is IP_TRANSPARENT.
 */
static const struct privileged {
	int level, get, set;
	socklen_t size;
} privileged[] = {
    {SOL_SOCKET, SO_RCVBUF, SO_RCVBUFFORCE, sizeof(int)},
    {SOL_SOCKET, SO_SNDBUF, SO_SNDBUFFORCE, sizeof(int)},
    {SOL_SOCKET, SO_MARK, SO_MARK, sizeof(int)},
    {SOL_SOCKET, SO_PRIORITY, SO_PRIORITY, sizeof(int)},
    {SOL_SOCKET, SO_BUSY_POLL, SO_BUSY_POLL, sizeof(int)},
    {SOL_SOCKET, SO_PREFER_BUSY_POLL, SO_PREFER_BUSY_POLL, sizeof(int)},
    {SOL_SOCKET, SO_BINDTODEVICE, SO_BINDTODEVICE, IFNAMSIZ},
    {IPPROTO_IP, IP_TRANSPARENT, IP_TRANSPARENT, sizeof(int)},
};

/* A name of a device, or a number: the rest is zeros. */
union privileged_value {
	int number;
	uint64_t words[IFNAMSIZ / sizeof(uint64_t)];
};

static bool
privileged_get(int socket, const struct privileged *p,
    union privileged_value *value)
{
	socklen_t size = p->size;

	value->words[0] = value->words[1] = 0;
	return syscall5(SYS_getsockopt, socket, p->level, p->get, (long)value,
		   (long)&size) == 0;
}

/* Hardly any process may: it need not look at eight options twice. */
static bool may_be_privileged;

void
request_prepare(void)
{
	const uint32_t either = 1u << CAP_NET_ADMIN | 1u << CAP_NET_RAW;
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];

	if (syscall2(SYS_capget, (long)&header, (long)sets) == 0)
		may_be_privileged = (sets[0].permitted & either) != 0;
}

/* To the helper's socket, from the server's own.  What cannot be set is left:
 * the server could not have set it either. */
static void
privileged_copy(int to, int from)
{
	const struct privileged *p = privileged;
	union privileged_value wanted, present;

	for (; p < privileged + sizeof(privileged) / sizeof(*p); p++) {
		if (!privileged_get(from, p, &wanted) ||
		    !privileged_get(to, p, &present) ||
		    bytes_equal(&wanted, &present, sizeof(wanted)))
			continue;
		/* The kernel reads back twice the size of a buffer. */
		if (p->set != p->get)
			wanted.number /= 2;
		syscall5(SYS_setsockopt, to, p->level, p->set, (long)&wanted,
		    p->size);
	}
}

/* Puts the socket in the place of the server's. */
static int
replace(int fd, int socket)
{
	const long flags = syscall2(SYS_fcntl, fd, F_GETFD);
	long status;

	if (flags < 0)
		return (int)-flags;
	if (may_be_privileged)
		privileged_copy(socket, fd);
	status = syscall3(SYS_dup3, socket, fd,
	    (flags & FD_CLOEXEC) != 0 ? O_CLOEXEC : 0);
	return status < 0 ? (int)-status : 0;
}

int
request_bind(const struct rendezvous *place, int fd, const void *address,
    socklen_t length)
{
	struct request request = {.kind = REQUEST_BIND,
	    .fd = fd,
	    .length = length < ENDPOINT_BYTES ? length : ENDPOINT_BYTES};
	struct conversation c;
	struct reply reply;
	int socket = -1, error;

	if (fd < 0)
		return REQUEST_PASS;
	copy(request.address, address, request.length);
	error = converse(&c, place, &request, fd, &reply, sizeof(reply),
	    &socket);
	/* No descriptor at all: bind(2) itself shall say so. */
	if (error == EBADF)
		error = REQUEST_PASS;
	else if (error == 0 && reply.answer == 0)
		error = socket >= 0 ? replace(fd, socket) : ENOSYS;
	else if (error == 0)
		error = reply.answer;
	shut(&socket);
	/* Its end tells the helper that the socket is where it will be. */
	conversation_end(&c);
	return error;
}

int
request_table(const struct rendezvous *place, struct table *table)
{
	struct request request = {.kind = REQUEST_TABLE, .fd = -1};
	struct conversation c;
	int none = -1, error;

	error = converse(&c, place, &request, -1, table, sizeof(*table), &none);
	shut(&none);
	conversation_end(&c);
	return error == 0 && table->count > PLAN_MAPPINGS_MAX ? ENOSYS : error;
}
