/* SPDX-License-Identifier: ISC */
/*
 * The kernel's list of sockets: what is asked for, and an answer of several
 * messages.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "diag.h"
#include "socket.h"
#include "unit.h"

#define PORT 20443

/* More than one message has. */
#define SOCKETS 400

static struct diag_answer answer;
static int diag;

static void
open_diag(void)
{
	diag = diag_open();
	ck_assert_int_ge(diag, 0);
}

/* Listens at 127.0.1.0, 127.0.1.1 and so on. */
static void
listen_at(unsigned int i)
{
	struct endpoint e = {.family = AF_INET,
	    .port = PORT,
	    .address = {127, 0, (uint8_t)(1 + i / 256), (uint8_t)i}};
	int fd = socket_open(&e, IPPROTO_TCP);

	ck_assert_int_eq(socket_bind(fd, &e), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
}

static unsigned int
count(const struct diag_query *query)
{
	struct diag_socket s;
	unsigned int found = 0;

	for (diag_ask(&answer, diag, query); diag_next(&answer, &s); found++) {
		ck_assert_uint_eq(s.local.port, PORT);
		ck_assert_uint_eq(s.local.family, AF_INET);
		ck_assert_uint_eq(s.local.address[0], 127);
		ck_assert_uint_eq(s.state, TCP_LISTEN);
		ck_assert_uint_eq(s.uid, getuid());
		ck_assert_uint_ne(s.inode, 0);
	}
	return found;
}

START_TEST(reads_several_messages)
{
	static const struct {
		struct diag_query query;
		unsigned int found;
	} rows[] = {
	    {{AF_INET, IPPROTO_TCP, ~0U, PORT}, SOCKETS},
	    {{AF_UNSPEC, IPPROTO_TCP, ~0U, PORT}, SOCKETS},
	    {{AF_INET, IPPROTO_TCP, 1U << TCP_LISTEN, PORT}, SOCKETS},
	    {{AF_INET, IPPROTO_TCP, 1U << TCP_ESTABLISHED, PORT}, 0},
	    {{AF_INET, IPPROTO_TCP, 1U << TCP_LISTEN, PORT + 1}, 0},
	    {{AF_INET6, IPPROTO_TCP, ~0U, PORT}, 0},
	    {{AF_INET, IPPROTO_UDP, ~0U, PORT}, 0},
	};
	unsigned int i;

	open_diag();
	for (i = 0; i < SOCKETS; i++)
		listen_at(i);
	for (i = 0; i < LENGTH(rows); i++)
		ck_assert_uint_eq(count(&rows[i].query), rows[i].found);
}
END_TEST

START_TEST(knows_which_is_of_ipv6_alone)
{
	const struct diag_query query = {AF_INET6, IPPROTO_TCP, ~0U, PORT};
	struct endpoint e = {.family = AF_INET6,
	    .port = PORT,
	    .v6only = _i == 1};
	int fd = socket_open(&e, IPPROTO_TCP);
	struct diag_socket s;

	open_diag();
	ck_assert_int_eq(socket_bind(fd, &e), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	diag_ask(&answer, diag, &query);
	ck_assert(diag_next(&answer, &s));
	ck_assert(endpoint_same_address(&s.local, &e));
	ck_assert_uint_eq(s.inode, socket_inode(fd));
	ck_assert(!diag_next(&answer, &s));
}
END_TEST

START_TEST(nobody_answers)
{
	const struct diag_query query = {AF_INET, IPPROTO_TCP, ~0U, PORT};
	struct diag_socket s;

	diag_ask(&answer, -1, &query);
	ck_assert(!diag_next(&answer, &s));
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("diag");
	TCase *t = tcase_create("diag");

	tcase_add_test(t, reads_several_messages);
	tcase_add_loop_test(t, knows_which_is_of_ipv6_alone, 0, 2);
	tcase_add_test(t, nobody_answers);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(suite());
}
