/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the server, as part of the preload library; the child, to try it.
 * Reads: the helper's replies.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/time.h>
#include <time.h>

#include "ask.h"
#include "bytes.h"
#include "constants.h"
#include "proof.h"
#include "syscall.h"

/* Seconds: a helper that lives answers long before. */
#define PATIENCE 5

/* The helper has room for so many connections.  One that it closes before the
 * greeting is tried again, so often at the most. */
#define TRIES 3

/* Room for more descriptors than a reply has, so that surplus ones can be
 * closed. */
#define FDS_MAX 4

union control {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(sizeof(int[FDS_MAX]))];
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

socklen_t
ask_address(struct sockaddr_un *address, const struct rendezvous *place)
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
seconds_now(void)
{
	struct timespec now = {0};

	syscall2(SYS_clock_gettime, CLOCK_MONOTONIC, (long)&now);
	return (long)now.tv_sec;
}

/*
 * A signal does not end the wait, and many of them do not prolong it for ever.
 */
static bool
is_repeated(long status, long begun)
{
	return status == -EINTR && seconds_now() - begun < PATIENCE;
}

/* Returns the connection, or an errno(3) value below 0. */
static long
ask_connect(const struct rendezvous *place)
{
	static const struct timeval patience = {.tv_sec = PATIENCE};
	const long begun = seconds_now();
	struct sockaddr_un address;
	const socklen_t length = ask_address(&address, place);
	int c = (int)syscall3(SYS_socket, AF_UNIX,
	    SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	long status;

	if (c < 0)
		return c;
	syscall5(SYS_setsockopt, c, SOL_SOCKET, SO_RCVTIMEO, (long)&patience,
	    sizeof(patience));
	syscall5(SYS_setsockopt, c, SOL_SOCKET, SO_SNDTIMEO, (long)&patience,
	    sizeof(patience));
	do
		status = syscall3(SYS_connect, c, (long)&address, length);
	while (is_repeated(status, begun));
	if (status >= 0)
		return c;
	shut(&c);
	return status;
}

/* Sends a message, with a descriptor unless fd is below 0.  Returns 0 or an
 * errno(3) value. */
static int
message_send(int c, const void *bytes, size_t size, int fd)
{
	const long begun = seconds_now();
	struct iovec vector = {(void *)bytes, size};
	union control control;
	struct msghdr message;
	long status;

	message.msg_name = NULL;
	message.msg_namelen = 0;
	message.msg_iov = &vector;
	message.msg_iovlen = 1;
	message.msg_control = fd < 0 ? NULL : &control;
	message.msg_controllen = fd < 0 ? 0 : CMSG_SPACE(sizeof(fd));
	message.msg_flags = 0;
	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof(fd));
	copy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	do
		status = syscall3(SYS_sendmsg, c, (long)&message, MSG_NOSIGNAL);
	while (is_repeated(status, begun));
	return status < 0 ? (int)-status : 0;
}

/* Returns the first descriptor of a message, or -1, and closes the others. */
static int
descriptor_take(const struct msghdr *message, const union control *control)
{
	size_t count, i;
	int fds[FDS_MAX];

	if (message->msg_controllen < CMSG_LEN(sizeof(*fds)) ||
	    control->header.cmsg_level != SOL_SOCKET ||
	    control->header.cmsg_type != SCM_RIGHTS)
		return -1;
	count = (control->header.cmsg_len - CMSG_LEN(0)) / sizeof(*fds);
	if (count > FDS_MAX)
		count = FDS_MAX;
	copy(fds, CMSG_DATA(&control->header), count * sizeof(*fds));
	for (i = 1; i < count; i++)
		shut(&fds[i]);
	return fds[0];
}

/* Receives a message.  Returns its length, and its descriptor unless fd is
 * NULL: then that is closed. */
static long
message_receive(int c, void *bytes, size_t size, int *fd)
{
	const long begun = seconds_now();
	struct iovec vector = {bytes, size};
	union control control;
	struct msghdr message;
	long status;
	int taken;

	message.msg_name = NULL;
	message.msg_namelen = 0;
	message.msg_iov = &vector;
	message.msg_iovlen = 1;
	message.msg_control = &control;
	message.msg_controllen = sizeof(control);
	message.msg_flags = 0;
	do
		status = syscall3(SYS_recvmsg, c, (long)&message,
		    MSG_CMSG_CLOEXEC);
	while (is_repeated(status, begun));
	if (status < 0)
		return status;
	taken = descriptor_take(&message, &control);
	if (fd != NULL)
		*fd = taken;
	else
		shut(&taken);
	return status;
}

/* Sends a nonce only, and checks that the helper is at the other end.  Returns
 * 0 or an errno(3) value: ECONNRESET if the connection was closed. */
static int
helper_prove(int c, const struct rendezvous *place)
{
	struct hello hello;
	struct greeting greeting, expected;
	long length = syscall3(SYS_getrandom, (long)&hello, sizeof(hello), 0);
	int error;

	if (length != sizeof(hello))
		return ENOSYS;
	error = message_send(c, &hello, sizeof(hello), -1);
	if (error != 0)
		return error == EPIPE ? ECONNRESET : error;
	length = message_receive(c, &greeting, sizeof(greeting), NULL);
	if (length == 0 || length == -ECONNRESET)
		return ECONNRESET;
	expected = proof_greet(place->proof, &hello);
	return length == sizeof(greeting) &&
		bytes_equal(&greeting, &expected, sizeof(greeting))
	    ? 0
	    : ENOSYS;
}

/* If nobody is there or answers, fails as a trapped call without a listener. */
static int
gone(int error)
{
	return error == ECONNREFUSED || error == ENOENT || error == EPIPE ||
		error == ECONNRESET || error == EAGAIN || error == EINTR
	    ? ENOSYS
	    : error;
}

/* Connects to the helper, and to nobody else who has its name.  Returns 0 or an
 * errno(3) value. */
static int
conversation_begin(int *c, const struct rendezvous *place)
{
	int left = TRIES, error;
	long status;

	do {
		status = ask_connect(place);
		if (status < 0)
			return (int)-status;
		*c = (int)status;
		error = helper_prove(*c, place);
		if (error != 0)
			shut(c);
	} while (error == ECONNRESET && --left > 0);
	return error;
}

/* Asks about a descriptor.  Returns 0 if a reply of this size was received, or
 * an errno(3) value.  The caller closes the connection. */
static int
converse(int *c, const struct rendezvous *place, struct request *request,
    int fd, void *reply, size_t size, int *received)
{
	int error = conversation_begin(c, place);

	if (error == 0) {
		copy(request->key, place->key, REQUEST_WORD);
		error = message_send(*c, request, sizeof(*request),
		    fd >= 0 ? fd : *c);
	}
	if (error != 0)
		return gone(error);
	return message_receive(*c, reply, size, received) == (long)size
	    ? 0
	    : ENOSYS;
}

/* Reads hexadecimal digits. */
static uint64_t
number_of(const char *digits, int count)
{
	uint64_t number = 0;

	for (; count > 0; count--, digits++)
		number = number << 4 |
		    (uint64_t)(*digits <= '9' ? *digits - '0'
					      : *digits - 'a' + 10);
	return number;
}

/* The number in "net:[4026531840]". */
uint64_t
ask_network_inode(void)
{
	char link[32];
	uint64_t number = 0;
	const char *at = link;
	long length = syscall4(SYS_readlinkat, AT_FDCWD,
	    (long)"/proc/thread-self/ns/net", (long)link, sizeof(link));

	for (; length > 0 && at < link + length; at++)
		if (*at >= '0' && *at <= '9')
			number = number * 10 + (uint64_t)(*at - '0');
	return number;
}

/* True if the socket belongs to another network namespace than lowport's.  If
 * the kernel does not tell, the namespace of this thread counts. */
static bool
is_foreign(const struct rendezvous *place, int fd)
{
	const uint64_t cookie = number_of(place->network, 16);
	const uint64_t inode = number_of(place->network + 16, 16);
	uint64_t its = 0;
	socklen_t size = sizeof(its);

	if (cookie != 0 &&
	    syscall5(SYS_getsockopt, fd, SOL_SOCKET, SO_NETNS_COOKIE,
		(long)&its, (long)&size) == 0)
		return its != cookie;
	its = inode == 0 ? 0 : ask_network_inode();
	return its != 0 && its != inode;
}

/* Binds a socket of its own to this port, at an address that no host has. */
static bool
is_denied(int type, uint16_t port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	    .sin_port = port,
	    .sin_addr.s_addr = htonl(0xf0000001)};
	int fd = (int)syscall3(SYS_socket, AF_INET, type | SOCK_CLOEXEC, 0);
	long status;

	if (fd < 0)
		return false;
	status = syscall3(SYS_bind, fd, (long)&address, sizeof(address));
	shut(&fd);
	return status == -EACCES;
}

/* The kernel checks Landlock's rules, which know TCP, before the address.  UDP is
 * the control: if it is denied as well, no rule of Landlock's is the cause. */
bool
ask_is_forbidden(int protocol, const void *address)
{
	const struct sockaddr_in *in = address;

	return protocol == IPPROTO_TCP &&
	    is_denied(SOCK_STREAM, in->sin_port) &&
	    !is_denied(SOCK_DGRAM, in->sin_port);
}

/* Below 0 if it is no socket. */
static int
protocol_of(int fd)
{
	int protocol = -1;
	socklen_t size = sizeof(protocol);

	syscall5(SYS_getsockopt, fd, SOL_SOCKET, SO_PROTOCOL, (long)&protocol,
	    (long)&size);
	return protocol;
}

/*
 * Options that take a capability to set: the helper has none, but this process
 * may have kept some (--keep-caps).  IPV6_TRANSPARENT is IP_TRANSPARENT.
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

/* The name of a device, or a number and zeros. */
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

/*
 * Hardly any process may set them: the others need not look at eight options.
 */
static bool may_be_privileged;

void
ask_prepare(void)
{
	const uint32_t either = 1u << CAP_NET_ADMIN | 1u << CAP_NET_RAW;
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];

	if (syscall2(SYS_capget, (long)&header, (long)sets) == 0)
		may_be_privileged = (sets[0].permitted & either) != 0;
}

/* From the server's socket to the helper's.  If one cannot be set, it is left:
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

/* Puts the socket in place of the server's. */
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
ask_bind(const struct rendezvous *place, int fd, const void *address,
    socklen_t length)
{
	struct request request = {.kind = REQUEST_BIND,
	    .fd = fd,
	    .length = length < ENDPOINT_BYTES ? length : ENDPOINT_BYTES};
	const int protocol = protocol_of(fd);
	struct reply reply;
	int c = -1, socket = -1, error;

	/* If it is no socket, bind(2) itself says so. */
	if (protocol < 0 || is_foreign(place, fd))
		return REQUEST_PASS;
	copy(request.address, address, request.length);
	if (ask_is_forbidden(protocol, request.address))
		return EACCES;
	error = converse(&c, place, &request, fd, &reply, sizeof(reply),
	    &socket);
	/* If it is no descriptor, bind(2) itself says so. */
	if (error == EBADF)
		error = REQUEST_PASS;
	else if (error == 0 && reply.answer == 0)
		error = socket >= 0 ? replace(fd, socket) : ENOSYS;
	else if (error == 0)
		error = reply.answer;
	shut(&socket);
	/* When it closes, the helper knows that the socket is in place. */
	shut(&c);
	return error;
}

int
ask_table(const struct rendezvous *place, struct table *table)
{
	struct request request = {.kind = REQUEST_TABLE, .fd = -1};
	int c = -1, none = -1, error;

	error = converse(&c, place, &request, -1, table, sizeof(*table), &none);
	shut(&none);
	shut(&c);
	return error == 0 && table->count > PLAN_MAPPINGS_MAX ? ENOSYS : error;
}
