/* SPDX-License-Identifier: ISC */
/*
 * Messages as agreed, and those of a peer that is hostile: whatever it sends,
 * it is refused whole and no descriptor stays behind.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "channel.h"
#include "unit.h"

#define DESCRIPTORS_MAX 253 /* SCM_MAX_FD of the kernel */

/* The helper's end, and that of its peer. */
static int helper, peer;

static void
setup(void)
{
	int ends[2];

	channel_open(ends);
	helper = ends[0];
	peer = ends[1];
}

/* Sends any bytes with any descriptors. */
static void
send_raw(const void *bytes, size_t size, size_t descriptors)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int) * DESCRIPTORS_MAX)];
	} control = {{0}};
	struct iovec vector = {(void *)bytes, size};
	struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
	int fds[DESCRIPTORS_MAX];
	size_t i;

	for (i = 0; i < descriptors; i++)
		fds[i] = peer;
	if (descriptors > 0) {
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE(sizeof(int) * descriptors);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int) * descriptors);
		memcpy(CMSG_DATA(&control.header), fds,
		       sizeof(int) * descriptors);
	}
	ck_assert_int_eq(sendmsg(peer, &message, MSG_NOSIGNAL), (ssize_t)size);
}

/* The three kinds of message, received into room that is watched. */
enum kind { PLAN, ANSWER, GREETING, KINDS };

static const size_t sizes[KINDS] = {sizeof(struct plan), sizeof(struct answer),
				    sizeof(struct greeting)};

static union room {
	struct plan plan;
	struct answer answer;
	struct greeting greeting;
	uint8_t bytes[2 * (sizeof(struct plan) + sizeof(struct answer))];
} sent, received;

/* Returns whether it was taken for a message of the kind. */
static bool
receive(enum kind kind)
{
	int fd;

	memset(&received, 0xa5, sizeof(received));
	switch (kind) {
	case PLAN:
		return channel_receive_plan(helper, &received.plan);
	case ANSWER:
		return channel_receive_answer(helper, &received.answer);
	default:
		fd = channel_receive_listener(helper, &received.greeting);
		return fd >= 0 && close(fd) == 0;
	}
}

/* How many descriptors the kind has. */
static size_t
descriptors_of(enum kind kind)
{
	return kind == GREETING;
}

static void
assert_accepted(enum kind kind)
{
	memset(&sent, 0x5a, sizeof(sent));
	send_raw(&sent, sizes[kind], descriptors_of(kind));
	ck_assert(receive(kind));
	ck_assert_mem_eq(&received, &sent, sizes[kind]);
}

static void
assert_refused(enum kind kind, size_t size, size_t descriptors)
{
	int before = unit_descriptors();

	memset(&sent, 0x5a, sizeof(sent));
	send_raw(&sent, size, descriptors);
	ck_assert_msg(!receive(kind), "%zu bytes, %zu descriptors", size,
		      descriptors);
	ck_assert_int_eq(unit_descriptors(), before);
	/* Nothing is written behind the room of the message. */
	ck_assert_uint_eq(received.bytes[sizes[kind]], 0xa5);
	/* And the channel is as good as it was. */
	assert_accepted(kind);
	ck_assert_int_eq(unit_descriptors(), before);
}

START_TEST(plan_arrives)
{
	struct plan plan = {.magic = PLAN_MAGIC, .spares = 7}, copy;

	plan.mappings[PLAN_MAPPINGS_MAX - 1].server_port = 8443;
	ck_assert(channel_send_plan(peer, &plan));
	ck_assert(channel_receive_plan(helper, &copy));
	ck_assert_mem_eq(&copy, &plan, sizeof(plan));
}
END_TEST

START_TEST(answer_arrives)
{
	struct answer answer = {.results[63] = {OUTCOME_NOT_BOUND, EACCES}},
		      copy;

	ck_assert(channel_send_answer(helper, &answer));
	ck_assert(channel_receive_answer(peer, &copy));
	ck_assert_mem_eq(&copy, &answer, sizeof(answer));
}
END_TEST

START_TEST(listener_arrives)
{
	struct greeting greeting = {.killable = 1}, copy = {0};
	int ends[2], fd, before;
	char byte = 'x';

	ck_assert_int_eq(pipe(ends), 0);
	before = unit_descriptors();
	ck_assert(channel_send_listener(peer, &greeting, ends[1]));
	fd = channel_receive_listener(helper, &copy);
	ck_assert_int_ge(fd, 0);
	ck_assert_uint_eq(copy.killable, 1);
	ck_assert_int_eq(unit_descriptors(), before + 1);
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	/* It is the other end of this pipe. */
	ck_assert_int_eq(write(fd, "y", 1), 1);
	ck_assert_int_eq(read(ends[0], &byte, 1), 1);
	ck_assert_int_eq(byte, 'y');
}
END_TEST

START_TEST(ends_close_on_exec)
{
	ck_assert_int_eq(fcntl(helper, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(fcntl(peer, F_GETFD), FD_CLOEXEC);
}
END_TEST

START_TEST(another_size_is_refused)
{
	size_t size = sizes[_i];
	const size_t wrong[] = {1, size / 2, size - 1, size + 1, 2 * size};
	size_t i;

	assert_accepted(_i);
	for (i = 0; i < LENGTH(wrong); i++)
		assert_refused(_i, wrong[i], descriptors_of(_i));
}
END_TEST

START_TEST(empty_message_is_refused)
{
	int before = unit_descriptors();

	assert_accepted(_i);
	send_raw(&sent, 0, 0);
	ck_assert(!receive(_i));
	ck_assert_int_eq(unit_descriptors(), before);
	assert_accepted(_i);
}
END_TEST

START_TEST(surplus_descriptors_are_closed)
{
	static const size_t surplus[] = {1, 2, 3, 4, 5, 6, 64, DESCRIPTORS_MAX};
	size_t i;

	assert_accepted(_i);
	for (i = 0; i < LENGTH(surplus); i++)
		if (surplus[i] != descriptors_of(_i))
			assert_refused(_i, sizes[_i], surplus[i]);
}
END_TEST

START_TEST(surplus_descriptors_of_a_wrong_size_are_closed)
{
	assert_accepted(_i);
	assert_refused(_i, sizes[_i] - 1, 1);
	assert_refused(_i, sizes[_i] + 1, 4);
	assert_refused(_i, sizes[_i] + 1, 5);
	assert_refused(_i, 1, DESCRIPTORS_MAX);
}
END_TEST

START_TEST(missing_descriptor_is_refused)
{
	assert_accepted(GREETING);
	assert_refused(GREETING, sizes[GREETING], 0);
}
END_TEST

/* A descriptor that arrives when the table is full is no descriptor. */
START_TEST(full_table_is_refused)
{
	struct rlimit limit;
	int first;

	assert_accepted(GREETING);
	send_raw(&sent, sizes[GREETING], 1);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	first = dup(peer);
	close(first);
	limit.rlim_cur = (rlim_t)first;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	ck_assert(!receive(GREETING));
	limit.rlim_cur = (rlim_t)first + 1;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_accepted(GREETING);
}
END_TEST

/* Credentials nobody asked for do not count as descriptors. */
START_TEST(credentials_are_ignored)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(struct ucred))];
	} control = {{0}};
	struct ucred own = {getpid(), getuid(), getgid()};
	struct iovec vector = {&sent, sizes[_i]};
	struct msghdr message = {.msg_iov = &vector,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control)};
	int before = unit_descriptors();

	assert_accepted(_i);
	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_CREDENTIALS;
	control.header.cmsg_len = CMSG_LEN(sizeof(own));
	memcpy(CMSG_DATA(&control.header), &own, sizeof(own));
	ck_assert_int_eq(sendmsg(peer, &message, 0), (ssize_t)sizes[_i]);
	ck_assert_int_eq(receive(_i), descriptors_of(_i) == 0);
	ck_assert_int_eq(unit_descriptors(), before);
}
END_TEST

START_TEST(closed_peer_is_told)
{
	struct plan plan = {0};
	struct answer answer = {0};
	struct greeting greeting = {0};
	int fd = dup(STDERR_FILENO);

	/* A SIGPIPE would end this process. */
	signal(SIGPIPE, SIG_DFL);
	ck_assert(channel_send_plan(peer, &plan));
	ck_assert(receive(PLAN));
	close(peer);
	ck_assert(!receive(PLAN));
	ck_assert(!receive(ANSWER));
	ck_assert(!receive(GREETING));
	ck_assert(!channel_send_plan(helper, &plan));
	ck_assert(!channel_send_answer(helper, &answer));
	ck_assert(!channel_send_listener(helper, &greeting, fd));
}
END_TEST

/* What was sent before the peer closed still arrives. */
START_TEST(last_words_arrive)
{
	struct plan plan = {.magic = PLAN_MAGIC};

	ck_assert(channel_send_plan(peer, &plan));
	close(peer);
	ck_assert(receive(PLAN));
	ck_assert(!receive(PLAN));
}
END_TEST

/* Only a message at a time: the second is not read into the first's room. */
START_TEST(messages_do_not_run_together)
{
	size_t half = sizes[_i] / 2;

	assert_accepted(_i);
	send_raw(&sent, half, 0);
	send_raw(&sent, sizes[_i] - half, descriptors_of(_i));
	ck_assert(!receive(_i));
	ck_assert(!receive(_i));
	assert_accepted(_i);
}
END_TEST

START_TEST(what_is_no_channel_is_refused)
{
	struct plan plan = {0};
	struct greeting greeting = {0};
	int ends[2], wrong[5];
	size_t i;

	ck_assert(channel_send_plan(peer, &plan));
	ck_assert(channel_receive_plan(helper, &plan));
	ck_assert_int_eq(pipe(ends), 0);
	wrong[0] = -1;
	wrong[1] = ends[0];
	wrong[2] = open("/dev/null", O_RDWR);
	wrong[3] = socket(AF_INET, SOCK_STREAM, 0);
	wrong[4] = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	for (i = 0; i < LENGTH(wrong); i++) {
		ck_assert(!channel_send_plan(wrong[i], &plan));
		ck_assert(!channel_receive_plan(wrong[i], &plan));
		ck_assert(!channel_send_listener(wrong[i], &greeting, peer));
		ck_assert_int_eq(channel_receive_listener(wrong[i], &greeting),
				 -1);
	}
}
END_TEST

START_TEST(no_listener_is_not_sent)
{
	struct greeting greeting = {0};

	ck_assert(channel_send_listener(peer, &greeting, peer));
	ck_assert(receive(GREETING));
	ck_assert(!channel_send_listener(peer, &greeting, -1));
	ck_assert(!channel_send_listener(peer, &greeting, 9999));
}
END_TEST

START_TEST(end_is_seen)
{
	ck_assert(!channel_ended(helper));
	close(peer);
	ck_assert(channel_ended(helper));
	ck_assert(channel_ended(helper));
}
END_TEST

/* Another process that still has the other end keeps it open. */
START_TEST(end_is_the_last_close)
{
	int other = dup(peer);

	close(peer);
	ck_assert(!channel_ended(helper));
	close(other);
	ck_assert(channel_ended(helper));
}
END_TEST

START_TEST(surplus_message_is_no_end)
{
	int before = unit_descriptors();

	send_raw(&sent, 1, 0);
	ck_assert(!channel_ended(helper));
	send_raw(&sent, 100, 3);
	ck_assert(!channel_ended(helper));
	ck_assert_int_eq(unit_descriptors(), before);
	close(peer);
	ck_assert(channel_ended(helper));
}
END_TEST

START_TEST(empty_message_is_no_end)
{
	ck_assert(!channel_ended(helper));
	send_raw(&sent, 0, 0);
	ck_assert(!channel_ended(helper));
	close(peer);
	ck_assert(channel_ended(helper));
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("channel");
	TCase *t = tcase_create("channel");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, plan_arrives);
	tcase_add_test(t, answer_arrives);
	tcase_add_test(t, listener_arrives);
	tcase_add_test(t, ends_close_on_exec);
	tcase_add_loop_test(t, another_size_is_refused, 0, KINDS);
	tcase_add_loop_test(t, empty_message_is_refused, 0, KINDS);
	tcase_add_loop_test(t, surplus_descriptors_are_closed, 0, KINDS);
	tcase_add_loop_test(t, surplus_descriptors_of_a_wrong_size_are_closed,
			    0, KINDS);
	tcase_add_test(t, missing_descriptor_is_refused);
	tcase_add_test(t, full_table_is_refused);
	tcase_add_loop_test(t, credentials_are_ignored, 0, KINDS);
	tcase_add_test(t, closed_peer_is_told);
	tcase_add_test(t, last_words_arrive);
	tcase_add_loop_test(t, messages_do_not_run_together, 0, KINDS);
	tcase_add_test(t, what_is_no_channel_is_refused);
	tcase_add_test(t, no_listener_is_not_sent);
	tcase_add_test(t, end_is_seen);
	tcase_add_test(t, end_is_the_last_close);
	tcase_add_test(t, surplus_message_is_no_end);
	tcase_add_test(t, empty_message_is_no_end);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(suite());
}
