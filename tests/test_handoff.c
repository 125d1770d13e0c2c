/* SPDX-License-Identifier: ISC */
/*
 * What a server's bind(2) of an expected port ends with.
 */
#include "constants.h"
#include "fixture.h"
#include "handoff.h"
#include "message.h"

static struct handoff handoff = {.listener = -1,
    .plan = &plan,
    .pool = &pool,
    .unused = {.plan = &plan}};

/* A bind of the expected port by this process, of a socket that it has made. */
static struct handoff_bind
bind_by(int fd, const char *address)
{
	struct handoff_bind b = {.task = getpid(),
	    .fd = fd,
	    .asked = endpoint_of(address, false),
	    .delivery = -1};

	b.asked.port = SERVER_PORT;
	server_socket_learn_sent(&b.own, fd);
	return b;
}

static struct handoff_bind
bind_of(const char *address)
{
	const struct endpoint e = endpoint_of(address, false);
	const int fd = socket(e.family, SOCK_STREAM, 0);

	ck_assert_int_ge(fd, 0);
	return bind_by(fd, address);
}

static void
assert_answered(struct handoff_bind b, int error)
{
	const struct handoff_decision d = handoff_decide(&handoff, &b);

	ck_assert_int_eq(d.outcome, HANDOFF_ANSWER);
	ck_assert_int_eq(d.error, error);
}

static void
assert_let_through(struct handoff_bind *b, bool uncovered)
{
	ck_assert_int_eq(handoff_decide(&handoff, b).outcome,
	    HANDOFF_LET_THROUGH);
	ck_assert_int_eq(b->uncovered, uncovered);
}

/* Returns the socket, which is at the public port. */
static struct handoff_decision
assert_handed(struct handoff_bind *b)
{
	const struct handoff_decision d = handoff_decide(&handoff, b);
	struct endpoint e;

	ck_assert_int_eq(d.outcome, HANDOFF_HAND_OVER);
	ck_assert_int_eq(d.error, 0);
	ck_assert(socket_endpoint(d.socket->fd, &e));
	ck_assert_uint_eq(e.port, PORT);
	return d;
}

START_TEST(covered_bind_gets_a_socket)
{
	struct handoff_bind b = bind_of("127.0.0.1");
	struct handoff_decision d;
	ino_t inode;

	pool_of(2, "20443:28443");
	d = assert_handed(&b);
	inode = socket_inode(d.socket->fd);
	ck_assert(!handoff_is_recent(&handoff, inode));
	ck_assert(unused_any(&handoff.unused, IPPROTO_TCP));
	handoff_commit(&handoff, &b, &d);
	ck_assert(handoff_is_recent(&handoff, inode));
	ck_assert(handoff_is_of(&handoff, inode, 0));
	ck_assert(!handoff_is_of(&handoff, inode, 1));
	ck_assert(!unused_any(&handoff.unused, IPPROTO_TCP));
}
END_TEST

START_TEST(multipath_bind_gets_a_socket_of_tcp)
{
	struct handoff_bind b = bind_of("127.0.0.1");

	pool_of(1, "20443:28443");
	b.own.protocol = IPPROTO_MPTCP;
	assert_handed(&b);
	b.own.protocol = IPPROTO_SCTP;
	assert_let_through(&b, true);
}
END_TEST

/* In a trial the socket is only lent, and stays as it was. */
START_TEST(handed_socket_has_the_options)
{
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;
	struct handoff_bind b;
	int socket;

	pool_of(1, "20443:28443");
	ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on,
			     sizeof(on)),
	    0);
	b = bind_by(fd, "127.0.0.1");
	handoff.in_trial = _i == 1;
	socket = assert_handed(&b).socket->fd;
	ck_assert_int_eq(socket_option(socket, SOL_SOCKET, SO_KEEPALIVE) != 0,
	    _i == 0);
	ck_assert_int_eq((fcntl(socket, F_GETFL) & O_NONBLOCK) != 0, _i == 0);
}
END_TEST

START_TEST(trial_uses_nothing)
{
	struct handoff_bind b = bind_of("127.0.0.1");
	struct handoff_decision d;

	pool_of(1, "20443:28443");
	handoff.in_trial = true;
	d = assert_handed(&b);
	handoff_commit(&handoff, &b, &d);
	ck_assert(unused_any(&handoff.unused, IPPROTO_TCP));
	ck_assert(!lease_wants_refresh(&pool));
}
END_TEST

START_TEST(second_bind_of_a_socket_is_an_error)
{
	struct handoff_bind b = bind_of("127.0.0.1");
	struct handoff_decision d;
	int fd;

	pool_of(2, "20443:28443");
	d = assert_handed(&b);
	fd = dup(d.socket->fd);
	handoff_commit(&handoff, &b, &d);
	assert_answered(bind_by(fd, "127.0.0.1"), EINVAL);
}
END_TEST

START_TEST(bind_fails_while_all_are_in_use)
{
	struct handoff_bind b = bind_of("0.0.0.0");
	struct server server;

	pool_of(1, "20443:28443");
	server = server_take(assert_handed(&b).socket, LISTENS);
	assert_answered(bind_of("0.0.0.0"), EADDRINUSE);
	server_end(server);
	assert_handed(&b);
}
END_TEST

/* The kernel refuses such a bind. */
START_TEST(address_of_another_family_is_let_through)
{
	struct handoff_bind b = bind_of("::1");

	pool_of(1, "20443:28443");
	b.asked = bind_of("127.0.0.1").asked;
	assert_let_through(&b, false);
}
END_TEST

/* ---- What is said of a bind that is let through. */

static void
note_let_through(const void *argument)
{
	const int *error = argument;
	struct handoff_bind b = bind_of("0.0.0.0");

	assert_let_through(&b, true);
	handoff_note_let_through(&handoff, &b, *error);
	/* Once. */
	handoff_note_let_through(&handoff, &b, *error);
}

#define ADVICE                                                                 \
	"give it -p '0.0.0.0:20443:28443' in place of "                        \
	"'127.0.0.1:20443:28443'\n"

static const struct {
	int error;
	const char *said;
} outcomes[] = {
    {0,
	"lowport: the server binds 0.0.0.0:28443, which no mapping covers, and "
	"keeps that port; " ADVICE},
    {EADDRINUSE,
	"lowport: the server asks for 0.0.0.0:28443, which no mapping "
	"covers, and is refused: Address already in use; " ADVICE},
    {UNUSED_UNKNOWN,
	"lowport: the server asks for 0.0.0.0:28443, which no "
	"mapping covers, and has that port itself if the kernel "
	"permits it; " ADVICE},
    /* No mapping would help. */
    {EADDRNOTAVAIL, ""},
};

START_TEST(uncovered_bind_is_reported)
{
	struct unit_output output;

	pool_of(1, "127.0.0.1:20443:28443");
	unit_capture(&output, note_let_through, &outcomes[_i].error);
	ck_assert_int_eq(output.status, 0);
	ck_assert_str_eq(output.err, outcomes[_i].said);
	handoff.in_trial = true;
	unit_capture(&output, note_let_through, &outcomes[_i].error);
	ck_assert_str_eq(output.err, "");
}
END_TEST

/* One that was passed is for any address of its family. */
START_TEST(passed_socket_is_for_its_family)
{
	const int bound = 0, passed = socket_bound("::1", true);
	struct handoff_bind b = bind_of("::");
	struct unit_output output;
	struct answer answer;

	plan.spares = 1;
	plan.mappings[0] = (struct mapping){.protocol = IPPROTO_TCP,
	    .server_port = SERVER_PORT,
	    .ports = 1};
	plan.mapping_count = 1;
	ck_assert(fill(&answer));
	ck_assert(pool_inherit(&pool, &plan, 0, passed));
	ck_assert_int_eq(assert_handed(&b).socket->fd, passed);
	unit_capture(&output, note_let_through, &bound);
	ck_assert_int_eq(output.status, 0);
	ck_assert_str_eq(output.err,
	    "lowport: the server binds 0.0.0.0:28443, and keeps that port: the "
	    "socket that was passed for it, [::1]:20443, is of another family; "
	    "pass one of that too (ListenStream=0.0.0.0:20443 and "
	    "BindIPv6Only=ipv6-only)\n");
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("handoff");
	TCase *t = tcase_create("handoff");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, covered_bind_gets_a_socket);
	tcase_add_test(t, multipath_bind_gets_a_socket_of_tcp);
	tcase_add_loop_test(t, handed_socket_has_the_options, 0, 2);
	tcase_add_test(t, trial_uses_nothing);
	tcase_add_test(t, second_bind_of_a_socket_is_an_error);
	tcase_add_test(t, bind_fails_while_all_are_in_use);
	tcase_add_test(t, address_of_another_family_is_let_through);
	tcase_add_loop_test(t, uncovered_bind_is_reported, 0, LENGTH(outcomes));
	tcase_add_test(t, passed_socket_is_for_its_family);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(suite());
}
