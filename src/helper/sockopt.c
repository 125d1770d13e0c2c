/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the helper, after the drop.
 * Reads: option values of the server's sockets.
 */
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "constants.h"
#include "socket.h"
#include "sockopt.h"

#define LAST_ONES (SOCKOPT_COUNT - 3)

/*
 * Setting IP_TOS sets SO_PRIORITY too (ip(7)), and setting the size of a buffer
 * fixes it, which SO_BUF_LOCK shows.  So once an option is set, the one that it
 * changes counts as not set.
 */
static void
forget_changed(struct sockopt_values *values, int option)
{
	if (sockopt_table[option].changes != 0)
		sockopt_forget(values, SOL_SOCKET,
		    sockopt_table[option].changes);
}

/* As sockopt_read would read it: padded with zeros, buffers doubled as the
 * kernel does (socket(7)). */
void
sockopt_note(struct sockopt_values *values, int option, const void *value,
    size_t length)
{
	const struct sockopt *entry = &sockopt_table[option];
	uint32_t doubled;

	forget_changed(values, option);
	memset(values->value[option], 0, SOCKOPT_VALUE_MAX);
	memcpy(values->value[option], value,
	    length < entry->size ? length : entry->size);
	values->known[option] = true;
	if (!(entry->flags & SOCKOPT_DOUBLED))
		return;
	memcpy(&doubled, values->value[option], sizeof(doubled));
	doubled *= 2;
	memcpy(values->value[option], &doubled, sizeof(doubled));
}

void
sockopt_forget(struct sockopt_values *values, int level, int name)
{
	values->known[sockopt_find(level, name)] = false;
}

/* To read an option that is for other sockets costs a system call for
 * nothing. */
static bool
is_for(const struct sockopt *entry, int family, int type)
{
	if (entry->level == IPPROTO_IPV6 && family == AF_INET)
		return false;
	return type == SOCK_DGRAM ? entry->level != IPPROTO_TCP
				  : !(entry->flags & SOCKOPT_DATAGRAM);
}

/*
 * Until it is set, a new socket has a TCP_MAXSEG of TCP_MSS_DEFAULT, which would
 * be the most if it was set; and a used one has that of its last connection.  Only
 * 0 sets it back.
 */
static void
read_option(int socket, struct sockopt_values *values, int option)
{
	static const int unset = TCP_MSS_DEFAULT;
	const struct sockopt *entry = &sockopt_table[option];
	socklen_t size = entry->size;

	values->known[option] = getsockopt(socket, entry->level, entry->name,
				    values->value[option], &size) == 0;
	if (entry->level == IPPROTO_TCP && entry->name == TCP_MAXSEG &&
	    memcmp(values->value[option], &unset, sizeof(unset)) == 0)
		memset(values->value[option], 0, SOCKOPT_VALUE_MAX);
}

/* True if no option is on that has a socket report something beside its data
 * (SOCKOPT_REPORTED): one call tells that of several.  It is for stream sockets
 * alone. */
static bool
is_silent(int socket, int type, int level, int name)
{
	uint8_t reports[64];
	socklen_t size = sizeof(reports);

	return type == SOCK_STREAM &&
	    getsockopt(socket, level, name, reports, &size) == 0 && size == 0;
}

void
sockopt_read_rest(int socket, int family, int type,
    struct sockopt_values *values)
{
	const bool silent = is_silent(socket, type, IPPROTO_IP, IP_PKTOPTIONS);
	const bool silent6 = family == AF_INET6 &&
	    is_silent(socket, type, IPPROTO_IPV6, IPV6_2292PKTOPTIONS);
	const struct sockopt *entry = sockopt_table;
	int i;

	for (i = 0; i < SOCKOPT_COUNT; i++, entry++) {
		if (values->known[i] || !is_for(entry, family, type))
			continue;
		if ((entry->flags & SOCKOPT_REPORTED) &&
		    (entry->level == IPPROTO_IP ? silent : silent6))
			values->known[i] = true; /* and 0 */
		else
			read_option(socket, values, i);
	}
}

void
sockopt_read(int socket, struct sockopt_values *values)
{
	memset(values, 0, sizeof(*values));
	sockopt_read_rest(socket, socket_option(socket, SOL_SOCKET, SO_DOMAIN),
	    socket_option(socket, SOL_SOCKET, SO_TYPE), values);
}

void
sockopt_read_one(int socket, struct sockopt_values *values, int level, int name)
{
	read_option(socket, values, sockopt_find(level, name));
}

void
sockopt_overlay(struct sockopt_values *values,
    const struct sockopt_values *over)
{
	int i;

	for (i = 0; i < SOCKOPT_COUNT; i++) {
		if (!over->known[i])
			continue;
		forget_changed(values, i);
		values->known[i] = true;
		memcpy(values->value[i], over->value[i], SOCKOPT_VALUE_MAX);
	}
}

static void
set_one(int socket, const struct sockopt *entry, const uint8_t *value)
{
	int half;

	if (!(entry->flags & SOCKOPT_DOUBLED)) {
		setsockopt(socket, entry->level, entry->name, value,
		    entry->size);
		return;
	}
	memcpy(&half, value, sizeof(half));
	half /= 2;
	setsockopt(socket, entry->level, entry->name, &half, sizeof(half));
}

struct application {
	int socket;
	const struct sockopt_values *wanted, *present;
	bool changed[SOCKOPT_COUNT]; /* by an option that was set */
	bool any_set;
};

static void
apply_one(struct application *a, int i)
{
	const struct sockopt *entry = &sockopt_table[i];
	const uint8_t *wanted = a->wanted->value[i];

	if (!a->wanted->known[i] || !a->present->known[i])
		return;
	if (!a->changed[i] &&
	    memcmp(wanted, a->present->value[i], SOCKOPT_VALUE_MAX) == 0)
		return;
	set_one(a->socket, entry, wanted);
	a->any_set = true;
	if (entry->changes != 0)
		a->changed[sockopt_find(SOL_SOCKET, entry->changes)] = true;
}

static bool
is_on(const uint8_t *value)
{
	static const uint8_t off[SOCKOPT_VALUE_MAX];

	return memcmp(value, off, sizeof(off)) != 0;
}

/* First those to be off: turning SO_TIMESTAMP off turns SO_TIMESTAMPNS off too,
 * and the other way round, and only one of them is ever on. */
bool
sockopt_apply(int socket, const struct sockopt_values *wanted,
    const struct sockopt_values *present)
{
	struct application a = {socket, wanted, present};
	int i;

	for (i = 0; i < LAST_ONES; i++)
		if (!is_on(wanted->value[i]))
			apply_one(&a, i);
	for (i = 0; i < LAST_ONES; i++)
		if (is_on(wanted->value[i]))
			apply_one(&a, i);
	for (; i < SOCKOPT_COUNT; i++)
		apply_one(&a, i);
	return a.any_set;
}

bool
sockopt_apply_device(int socket, const struct sockopt_values *values)
{
	int option = sockopt_find(SOL_SOCKET, SO_BINDTODEVICE);

	if (!values->known[option] || values->value[option][0] == '\0')
		return false;
	set_one(socket, &sockopt_table[option], values->value[option]);
	return true;
}

int
sockopt_integer(const struct sockopt_values *values, int level, int name)
{
	int option = sockopt_find(level, name), value;

	if (option < 0 || !values->known[option])
		return 0;
	memcpy(&value, values->value[option], sizeof(value));
	return value;
}
