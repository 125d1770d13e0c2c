/* SPDX-License-Identifier: ISC */
/*
 * liblowport.so, for LD_PRELOAD: bind(2) asks the helper first, and
 * getsockname(2) answers the expected port if some lowport runs with
 * --show-expected-port.
 *
 * Runs in: the server and whatever it starts, with their rights.  Reads: its
 * own variable, once, and the helper's replies.
 *
 * It takes errno, environ and syscall(2) from the program's C library and nothing
 * else, so it is loaded into programs of glibc and of musl alike.  If no mapping
 * is meant, a function is its system call.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

#include "ask.h"
#include "expected.h"
#include "syscall.h"

/* lowport in lowport in lowport: each gets its turn. */
#define ASKED_MAX 4

/* A port's place in an address of either family. */
#define PORT_AT ((long)offsetof(struct sockaddr_in, sin_port))

#define VISIBLE __attribute__((visibility("default")))

struct range {
	uint16_t first, last;
};

static struct {
	struct rendezvous place;
	bool has_table;
	struct range ports[PLAN_MAPPINGS_MAX];
	int port_count;
} asked[ASKED_MAX];
static int count;

/*
 * For getsockname(2): empty unless some lowport runs with --show-expected-port.
 */
static struct table table;

extern char **environ;

static const char *
variable_find(void)
{
	static const char name[] = REQUEST_VARIABLE "=";
	char **variable = environ;
	size_t i;

	for (; variable != NULL && *variable != NULL; variable++) {
		for (i = 0; name[i] != '\0' && (*variable)[i] == name[i]; i++)
			;
		if (name[i] == '\0')
			return *variable + i;
	}
	return NULL;
}

/* Each of these returns the text behind what it has read. */
static const char *
number_take(const char *text, uint16_t *number)
{
	for (*number = 0; *text >= '0' && *text <= '9'; text++)
		*number = (uint16_t)(*number * 10 + (*text - '0'));
	return text;
}

static const char *
ports_take(const char *text)
{
	struct range *range = asked[count].ports;
	const struct range *end = range + PLAN_MAPPINGS_MAX;

	do {
		text = number_take(text + 1, &range->first);
		range->last = range->first;
		if (*text == '-')
			text = number_take(text + 1, &range->last);
		asked[count].port_count++;
	} while (*text == ',' && ++range < end);
	return text;
}

/* NULL if nothing is behind it. */
static const char *
place_take(const char *text)
{
	char *words = (char *)&asked[count].place;
	size_t i;

	for (i = 0; i < sizeof(asked[count].place) && text[i] != '\0'; i++)
		words[i] = text[i];
	if (i < sizeof(asked[count].place))
		return NULL;
	text += i;
	asked[count].has_table = *text == REQUEST_HAS_TABLE;
	text += asked[count].has_table;
	if (*text == REQUEST_PORTS)
		text = ports_take(text);
	count++;
	return *text == ':' ? text + 1 : NULL;
}

static void
table_add(const struct rendezvous *place)
{
	static struct table other;
	uint32_t i;

	if (ask_table(place, &other) != 0)
		return;
	for (i = 0; i < other.count && table.count < PLAN_MAPPINGS_MAX; i++)
		table.mappings[table.count++] = other.mappings[i];
}

/* Before main: a server may change its environment and close descriptors. */
static void __attribute__((constructor)) learn(void)
{
	const char *text = variable_find();
	int i;

	while (text != NULL && count < ASKED_MAX)
		text = place_take(text);
	if (count > 0)
		ask_prepare();
	for (i = 0; i < count; i++)
		if (asked[i].has_table)
			table_add(&asked[i].place);
}

static int
result_of(long status)
{
	if (status >= 0)
		return (int)status;
	errno = (int)-status;
	return -1;
}

/* The socket is asked, not the address: while it is bound, another thread may
 * rewrite the address to one that is mapped, its family too. */
static bool
is_internet_socket(int fd)
{
	socklen_t length = sizeof(int);
	int family = AF_UNSPEC;

	syscall5(SYS_getsockopt, fd, SOL_SOCKET, SO_DOMAIN, (long)&family,
	    (long)&length);
	return family == AF_INET || family == AF_INET6;
}

static bool
expects(int i, uint16_t port)
{
	const struct range *range = asked[i].ports;
	const struct range *end = range + asked[i].port_count;

	for (; range < end; range++)
		if (port >= range->first && port <= range->last)
			return true;
	return false;
}

/* Copies by words, as the kernel does: if an address is rewritten meanwhile,
 * the copy is the old or the new one. */
static void
address_copy(uint8_t *to, const uint8_t *from, size_t length)
{
	for (; length >= 8; length -= 8, to += 8, from += 8)
		__builtin_memcpy(to, from, 8);
	while (length-- > 0)
		*to++ = *from++;
}

/* One copy is looked at, asked about and bound: another thread may rewrite the
 * address in between. */
static int
bind_copy(int fd, const struct sockaddr *address, socklen_t length)
{
	uint8_t copy[ENDPOINT_BYTES] __attribute__((aligned(8)));
	const struct sockaddr_in *in = (const void *)copy;
	int i, answer;

	address_copy(copy, (const void *)address, length);
	for (i = 0; i < count; i++) {
		if (!expects(i, ntohs(in->sin_port)))
			continue;
		answer = ask_bind(&asked[i].place, fd, copy, length);
		if (answer != REQUEST_PASS)
			return result_of(-answer);
	}
	return result_of(syscall3(SYS_bind, fd, (long)copy, length));
}

VISIBLE int
bind(int fd, const struct sockaddr *address, socklen_t length)
{
	/* The kernel refuses any other length, for such a socket. */
	if (count > 0 && address != NULL &&
	    length >= sizeof(struct sockaddr_in) &&
	    length <= sizeof(struct sockaddr_storage) && is_internet_socket(fd))
		return bind_copy(fd, address,
		    length < ENDPOINT_BYTES ? length : ENDPOINT_BYTES);
	return result_of(syscall3(SYS_bind, fd, (long)address, length));
}

/* Reads the whole name of a socket, and its size.  Returns the port to answer,
 * or 0 for the one it has. */
static uint16_t
expected_of(int fd, struct sockaddr_in6 *name, socklen_t *size)
{
	int protocol = 0;
	socklen_t length = sizeof(protocol);

	*size = sizeof(*name);
	name->sin6_family = AF_UNSPEC;
	if (syscall3(SYS_getsockname, fd, (long)name, (long)size) < 0)
		return 0;
	syscall5(SYS_getsockopt, fd, SOL_SOCKET, SO_PROTOCOL, (long)&protocol,
	    (long)&length);
	return expected_port(&table, protocol, name);
}

/*
 * The bytes of a known name that the caller has room for, or a failure.  The
 * kernel reads the length, which may be at no valid address, and writes the
 * name's size there.
 */
static long
room_measure(int fd, const uint8_t *name, long size, socklen_t *length)
{
	struct sockaddr_storage storage;
	uint8_t *copied = (void *)&storage;
	long room, status;

	for (room = 0; room < size; room++)
		copied[room] = (uint8_t)~name[room];
	status = syscall3(SYS_getsockname, fd, (long)copied, (long)length);
	for (room = 0; room < size && copied[room] == name[room]; room++)
		;
	return status < 0 ? status : room;
}

/* The kernel writes first: if it cannot, nothing is written here. */
static long
name_with(int fd, uint8_t *address, socklen_t *length, long room, uint16_t port)
{
	const uint8_t bytes[] = {(uint8_t)(port >> 8), (uint8_t)port};
	long status, at;

	*length = (socklen_t)room;
	status = syscall3(SYS_getsockname, fd, (long)address, (long)length);
	for (at = 0; status >= 0 && at < 2 && PORT_AT + at < room; at++)
		address[PORT_AT + at] = bytes[at];
	return status;
}

VISIBLE int
getsockname(int fd, struct sockaddr *address, socklen_t *length)
{
	struct sockaddr_in6 name;
	socklen_t size;
	const uint16_t port = table.count > 0 ? expected_of(fd, &name, &size)
					      : 0;
	long room;

	if (port == 0)
		return result_of(
		    syscall3(SYS_getsockname, fd, (long)address, (long)length));
	room = room_measure(fd, (const void *)&name, (long)size, length);
	return result_of(room < 0
		? room
		: name_with(fd, (void *)address, length, room, port));
}
