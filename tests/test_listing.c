/* SPDX-License-Identifier: ISC */
/*
 * The kernel's lists are read as they are: addresses, ports and inodes of both
 * families, and listeners beside any number of others.
 */
#include <arpa/inet.h>
#include <netinet/in.h>

#include "listing.h"
#include "socket.h"
#include "unit.h"

/* So many lines are read in several pieces. */
#define MANY 100

struct wanted {
	ino_t inode;
	struct listed found;
	int times;
};

static void
visit(const struct listed *listed, void *argument)
{
	struct wanted *wanted = argument;

	if (listed->inode != wanted->inode)
		return;
	wanted->found = *listed;
	wanted->times++;
}

static struct wanted
find(int socket)
{
	struct wanted wanted = {.inode = socket_inode(socket)};

	listing_each(visit, &wanted);
	return wanted;
}

/* Bound to a port of the kernel's choice, or -1. */
static int
bound(const char *address, int family, int protocol, struct endpoint *e)
{
	int fd;

	*e = (struct endpoint){.family = (uint16_t)family};
	ck_assert_int_eq(inet_pton(family, address, e->address), 1);
	fd = socket_open(e, protocol);
	if (fd < 0 || socket_bind(fd, e) != 0)
		return -1;
	ck_assert(socket_endpoint(fd, e));
	return fd;
}

START_TEST(each_kind_is_found)
{
	static const struct {
		const char *address;
		int family, protocol;
	} rows[] = {
	    {"0.0.0.0", AF_INET, IPPROTO_TCP},
	    {"127.0.0.1", AF_INET, IPPROTO_TCP},
	    {"127.1.2.3", AF_INET, IPPROTO_UDP},
	    {"::", AF_INET6, IPPROTO_TCP},
	    {"::1", AF_INET6, IPPROTO_TCP},
	    {"::1", AF_INET6, IPPROTO_UDP},
	    {"fd00::9", AF_INET6, IPPROTO_UDP},
	};
	struct endpoint e;
	struct wanted wanted;
	int fd = bound(rows[_i].address, rows[_i].family, rows[_i].protocol,
	    &e);

	UNIT_NEEDS(fd >= 0, "this host lacks an address");
	if (rows[_i].protocol == IPPROTO_TCP) {
		ck_assert_int_eq(find(fd).times, 0);
		ck_assert_int_eq(listen(fd, 1), 0);
	}
	wanted = find(fd);
	ck_assert_int_eq(wanted.times, 1);
	ck_assert_int_eq(wanted.found.protocol, rows[_i].protocol);
	ck_assert_uint_eq(wanted.found.uid, getuid());
	ck_assert_int_eq(wanted.found.endpoint.family, e.family);
	ck_assert_int_eq(wanted.found.endpoint.port, e.port);
	ck_assert_mem_eq(wanted.found.endpoint.address, e.address,
	    sizeof(e.address));
	close(fd);
	ck_assert_int_eq(find(fd).times, 0);
}
END_TEST

START_TEST(lists_of_many_pieces)
{
	int fds[MANY], i;
	struct endpoint e;

	for (i = 0; i < MANY; i++) {
		fds[i] = bound("127.0.0.1", AF_INET, IPPROTO_TCP, &e);
		ck_assert_int_ge(fds[i], 0);
		ck_assert_int_eq(listen(fds[i], 1), 0);
	}
	for (i = 0; i < MANY; i++)
		ck_assert_int_eq(find(fds[i]).times, 1);
}
END_TEST

START_TEST(connections_differ_from_listeners)
{
	struct endpoint e;
	struct sockaddr_storage address;
	int fd = bound("127.0.0.1", AF_INET, IPPROTO_TCP, &e), client;
	socklen_t length = endpoint_to_sockaddr(&e, &address);

	ck_assert_int_eq(listen(fd, 1), 0);
	ck_assert(!listing_connected(e.port));
	client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(connect(client, (struct sockaddr *)&address, length),
	    0);
	ck_assert(listing_connected(e.port));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("listing");
	TCase *tests = tcase_create("listing");

	tcase_add_loop_test(tests, each_kind_is_found, 0, 7);
	tcase_add_test(tests, lists_of_many_pieces);
	tcase_add_test(tests, connections_differ_from_listeners);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
