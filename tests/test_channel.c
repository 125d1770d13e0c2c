/* SPDX-License-Identifier: ISC */
/*
 * Messages as agreed, and those of a peer that is hostile: whatever it sends,
 * it is refused whole and no descriptor stays behind.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>

#include "ask.h"
#include "channel.h"
#include "constants.h"
#include "proof.h"
#include "rendezvous.h"
#include "socket.h"
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
enum kind { PLAN, ANSWER, OFFER, KINDS };

static const size_t sizes[KINDS] = {sizeof(struct plan), sizeof(struct answer),
    sizeof(struct offer)};

static union room {
	struct plan plan;
	struct answer answer;
	struct offer offer;
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
		fd = channel_receive_offer(helper, &received.offer);
		return fd >= 0 && close(fd) == 0;
	}
}

/* How many descriptors the kind has. */
static size_t
descriptors_of(enum kind kind)
{
	return kind == OFFER;
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

START_TEST(ready_arrives)
{
	ck_assert(channel_send_ready(peer));
	ck_assert(channel_receive_ready(helper));
}
END_TEST

/* Whatever else comes is taken from the channel, and is not it. */
START_TEST(nothing_else_is_ready)
{
	static const struct {
		size_t size, descriptors;
	} wrong[] = {{0, 0}, {2, 0}, {1, 1}, {sizeof(struct plan), 0}};
	int before = unit_descriptors();
	size_t i;

	for (i = 0; i < LENGTH(wrong); i++) {
		send_raw(&sent, wrong[i].size, wrong[i].descriptors);
		ck_assert(!channel_receive_ready(helper));
	}
	ck_assert_int_eq(unit_descriptors(), before);
	ck_assert(channel_send_ready(peer));
	ck_assert(channel_receive_ready(helper));
	close(peer);
	ck_assert(!channel_receive_ready(helper));
	ck_assert(!channel_send_ready(helper));
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

START_TEST(offer_arrives)
{
	struct offer offer = {.interruptible = 1}, copy = {0};
	int ends[2], fd, before;
	char byte = 'x';

	ck_assert_int_eq(pipe(ends), 0);
	before = unit_descriptors();
	ck_assert(channel_send_offer(peer, &offer, ends[1]));
	fd = channel_receive_offer(helper, &copy);
	ck_assert_int_ge(fd, 0);
	ck_assert_uint_eq(copy.interruptible, 1);
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
	assert_accepted(OFFER);
	assert_refused(OFFER, sizes[OFFER], 0);
}
END_TEST

/* A descriptor that arrives when the table is full is no descriptor. */
START_TEST(full_table_is_refused)
{
	struct rlimit limit;
	int first;

	assert_accepted(OFFER);
	send_raw(&sent, sizes[OFFER], 1);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	first = dup(peer);
	close(first);
	limit.rlim_cur = (rlim_t)first;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	ck_assert(!receive(OFFER));
	limit.rlim_cur = (rlim_t)first + 1;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_accepted(OFFER);
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
	struct offer offer = {0};
	int fd = dup(STDERR_FILENO);

	/* A SIGPIPE would end this process. */
	signal(SIGPIPE, SIG_DFL);
	ck_assert(channel_send_plan(peer, &plan));
	ck_assert(receive(PLAN));
	close(peer);
	ck_assert(!receive(PLAN));
	ck_assert(!receive(ANSWER));
	ck_assert(!receive(OFFER));
	ck_assert(!channel_send_plan(helper, &plan));
	ck_assert(!channel_send_answer(helper, &answer));
	ck_assert(!channel_send_offer(helper, &offer, fd));
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
	struct offer offer = {0};
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
		ck_assert(!channel_send_offer(wrong[i], &offer, peer));
		ck_assert_int_eq(channel_receive_offer(wrong[i], &offer), -1);
	}
}
END_TEST

START_TEST(no_offer_is_nothing)
{
	struct offer offer = {0};

	ck_assert(channel_send_offer(peer, &offer, peer));
	ck_assert(receive(OFFER));
	ck_assert(!channel_send_offer(peer, &offer, -1));
	ck_assert(!channel_send_offer(peer, &offer, 9999));
}
END_TEST

/* Requests, as the preload library sends them. */
static int requests;
static struct rendezvous place;

static void
setup_requests(void)
{
	requests = rendezvous_open(&place);
	ck_assert_int_ge(requests, 0);
}

/* Starts a process that asks for this bind and exits with the answer, or with
 * 100 where it is to pass; the socket at fd is its own. */
static pid_t
start_asking(int fd, const void *address, socklen_t length)
{
	pid_t pid = fork();
	int answer;

	if (pid != 0)
		return pid;
	close(requests);
	answer = ask_bind(&place, fd, address, length);
	_exit(answer == REQUEST_PASS ? 100 : answer);
}

static int
end_of(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
await(int fd)
{
	struct pollfd readable = {.fd = fd, .events = POLLIN};

	ck_assert_int_eq(poll(&readable, 1, -1), 1);
}

/* Takes the next connection, and its nonce. */
static int
await_hello(struct hello *hello)
{
	uid_t user;
	int connection;

	await(requests);
	connection = channel_accept(requests, &user);
	ck_assert_int_ge(connection, 0);
	ck_assert_uint_eq(user, getuid());
	await(connection);
	ck_assert(channel_receive_hello(connection, hello));
	return connection;
}

static void
await_request(struct received_request *r)
{
	struct greeting greeting;
	struct hello hello;
	int connection = await_hello(&hello);

	greeting = proof_greet(place.proof, &hello);
	ck_assert(channel_send_greeting(connection, &greeting));
	await(connection);
	ck_assert(channel_receive_request(connection, r));
}

/* Whoever connects. */
static int
connect_to_requests(void)
{
	struct sockaddr_un abstract;
	socklen_t length = ask_address(&abstract, &place);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(connect(fd, (struct sockaddr *)&abstract, length), 0);
	return fd;
}

static const uint8_t address[ENDPOINT_BYTES] = {AF_INET, 0, 0x20, 0xfb};

START_TEST(request_arrives)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), before = unit_descriptors();
	pid_t pid = start_asking(fd, address, 16);
	struct reply pass = {.answer = REQUEST_PASS};
	struct received_request a;

	await_request(&a);
	ck_assert_int_eq(a.sender, pid);
	ck_assert_mem_eq(a.request.key, place.key, REQUEST_WORD);
	ck_assert_uint_eq(a.request.kind, REQUEST_BIND);
	ck_assert_int_eq(a.request.fd, fd);
	ck_assert_uint_eq(a.request.length, 16);
	ck_assert_mem_eq(a.request.address, address, 16);
	/* The server's own socket, by another number. */
	ck_assert_uint_eq(socket_inode(a.socket), socket_inode(fd));
	ck_assert_int_eq(fcntl(a.socket, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(unit_descriptors(), before + 2);
	ck_assert(channel_send_reply(a.reply, &pass, -1));
	ck_assert_int_eq(end_of(pid), 100);
}
END_TEST

START_TEST(reply_is_the_answer)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	pid_t pid = start_asking(fd, address, 16);
	struct reply in_use = {.answer = EADDRINUSE};
	struct received_request a;

	await_request(&a);
	ck_assert(channel_send_reply(a.reply, &in_use, -1));
	ck_assert_int_eq(end_of(pid), EADDRINUSE);
}
END_TEST

/* Close-on-exec, an attribute of the number, stays what it was. */
START_TEST(socket_takes_the_place)
{
	int fd = socket(AF_INET, SOCK_STREAM | (_i == 0 ? 0 : SOCK_CLOEXEC), 0);
	int own = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct reply done = {.answer = 0};
	struct received_request a;
	pid_t pid = fork();

	if (pid == 0) {
		int before = unit_descriptors();

		if (ask_bind(&place, fd, address, 16) != 0)
			_exit(1);
		if (socket_option(fd, SOL_SOCKET, SO_DOMAIN) != AF_INET6)
			_exit(2);
		if (fcntl(fd, F_GETFD) != (_i == 0 ? 0 : FD_CLOEXEC))
			_exit(3);
		_exit(unit_descriptors() == before ? 0 : 4);
	}
	await_request(&a);
	ck_assert(channel_send_reply(a.reply, &done, own));
	ck_assert_int_eq(end_of(pid), 0);
}
END_TEST

/* Who asks is not left waiting: nobody is there, or leaves without a word. */
START_TEST(nobody_answers)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct received_request a;
	pid_t pid = start_asking(fd, address, 16);

	await_request(&a);
	close(a.reply);
	ck_assert_int_eq(end_of(pid), ENOSYS);
	pid = start_asking(fd, address, 16);
	close(requests);
	ck_assert_int_eq(end_of(pid), ENOSYS);
	ck_assert_int_eq(end_of(start_asking(fd, address, 16)), ENOSYS);
}
END_TEST

/* One for whom there is no place comes again. */
START_TEST(who_is_turned_away_comes_again)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct reply done = {.answer = EADDRINUSE};
	struct hello first, second;
	struct received_request a;
	pid_t pid = start_asking(fd, address, 16);

	close(await_hello(&first));
	close(await_hello(&second));
	ck_assert_mem_ne(&first, &second, sizeof(first));
	await_request(&a);
	ck_assert(channel_send_reply(a.reply, &done, -1));
	ck_assert_int_eq(end_of(pid), EADDRINUSE);
}
END_TEST

START_TEST(no_descriptor_is_for_the_kernel)
{
	ck_assert_int_eq(end_of(start_asking(-1, address, 16)), 100);
	ck_assert_int_eq(end_of(start_asking(9999, address, 16)), 100);
}
END_TEST

/* A signal that arrives while it waits does not end the wait. */
static void
ignore(int signal)
{
	(void)signal;
}

START_TEST(signals_do_not_interrupt)
{
	const struct sigaction action = {.sa_handler = ignore};
	int fd = socket(AF_INET, SOCK_STREAM, 0), i;
	struct reply pass = {.answer = REQUEST_PASS};
	struct received_request a;
	pid_t pid;

	ck_assert_int_eq(sigaction(SIGUSR1, &action, NULL), 0);
	pid = start_asking(fd, address, 16);
	await_request(&a);
	for (i = 0; i < 100; i++)
		ck_assert_int_eq(kill(pid, SIGUSR1), 0);
	ck_assert(channel_send_reply(a.reply, &pass, -1));
	ck_assert_int_eq(end_of(pid), 100);
}
END_TEST

START_TEST(table_arrives)
{
	struct table table = {.count = 2}, copy;
	struct received_request a;
	pid_t pid = fork();

	table.mappings[1].public_port = 443;
	if (pid == 0)
		_exit(ask_table(&place, &copy) != 0 ||
		    memcmp(&copy, &table, sizeof(table)) != 0);
	await_request(&a);
	ck_assert_uint_eq(a.request.kind, REQUEST_TABLE);
	ck_assert(channel_send_table(a.reply, &table));
	ck_assert_int_eq(end_of(pid), 0);
}
END_TEST

/* Anybody may connect, and send anything; nobody is waited for. */
START_TEST(what_is_no_message_is_refused)
{
	static const size_t lengths[] = {1, sizeof(struct hello) - 1,
	    sizeof(struct hello) + 1, sizeof(struct request) - 1,
	    sizeof(struct request) + 1};
	static uint8_t bytes[2 * sizeof(struct request)];
	int before = unit_descriptors();
	struct received_request a;
	struct hello hello;
	uid_t user;
	int connection;

	peer = connect_to_requests();
	connection = channel_accept(requests, &user);
	ck_assert_int_eq(fcntl(connection, F_GETFD), FD_CLOEXEC);
	ck_assert(!channel_receive_hello(connection, &hello));
	ck_assert_int_eq(errno, EAGAIN);
	ck_assert(!channel_receive_request(connection, &a));
	ck_assert_int_eq(errno, EAGAIN);
	send_raw(bytes, lengths[_i % 5], (size_t)_i / 5);
	ck_assert(!channel_receive_hello(connection, &hello));
	ck_assert_int_eq(errno, EBADMSG);
	send_raw(bytes, lengths[_i % 5], (size_t)_i / 5);
	ck_assert(!channel_receive_request(connection, &a));
	ck_assert_int_eq(errno, EBADMSG);
	close(peer);
	/* The end is no message. */
	ck_assert(!channel_receive_hello(connection, &hello));
	ck_assert_int_eq(errno, EBADMSG);
	close(connection);
	ck_assert_int_eq(unit_descriptors(), before);
}
END_TEST

/* With another number of descriptors than one. */
START_TEST(what_is_no_request_is_refused)
{
	static struct request request;
	int before = unit_descriptors(), connection;
	struct received_request a;
	uid_t user;

	peer = connect_to_requests();
	connection = channel_accept(requests, &user);
	send_raw(&request, sizeof(request), (size_t)_i);
	if (_i == 1) {
		ck_assert(channel_receive_request(connection, &a));
		close(a.socket);
	} else {
		ck_assert(!channel_receive_request(connection, &a));
		ck_assert_int_eq(errno, EBADMSG);
	}
	close(peer);
	close(connection);
	ck_assert_int_eq(unit_descriptors(), before);
}
END_TEST

/* The helper is gone, and another has taken its name: he is sent a nonce, and
 * nothing else; what he sends is closed. */
START_TEST(who_has_no_proof_is_sent_nothing)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), before = unit_descriptors();
	struct greeting greeting = {0};
	struct hello hello;
	char byte;
	pid_t pid = fork();

	if (pid == 0) {
		before = unit_descriptors();
		if (ask_bind(&place, fd, address, 16) != ENOSYS)
			_exit(1);
		_exit(unit_descriptors() == before ? 0 : 2);
	}
	peer = await_hello(&hello);
	greeting = proof_greet(place.proof, &hello);
	greeting.tag ^= (uint64_t)1 << _i % 64;
	send_raw(&greeting, sizeof(greeting) - (_i >= 64), (size_t)_i % 4);
	await(peer);
	ck_assert_int_eq(recv(peer, &byte, 1, MSG_DONTWAIT), 0);
	close(peer);
	ck_assert_int_eq(end_of(pid), 0);
	ck_assert_int_eq(unit_descriptors(), before);
}
END_TEST

/* Nor is he waited for longer than some seconds, whatever signals come. */
START_TEST(who_says_nothing_is_not_waited_for)
{
	const struct sigaction action = {.sa_handler = ignore};
	const struct itimerval often = {{0, 50000}, {0, 50000}};
	struct timespec begun, ended;
	struct hello hello;
	pid_t pid;

	clock_gettime(CLOCK_MONOTONIC, &begun);
	pid = fork();
	if (pid == 0) {
		sigaction(SIGALRM, &action, NULL);
		setitimer(ITIMER_REAL, &often, NULL);
		_exit(ask_bind(&place, requests, address, 16));
	}
	await_hello(&hello); /* and keeps it open */
	ck_assert_int_eq(end_of(pid), ENOSYS);
	clock_gettime(CLOCK_MONOTONIC, &ended);
	ck_assert_int_ge(ended.tv_sec - begun.tv_sec, 4);
	ck_assert_int_le(ended.tv_sec - begun.tv_sec, 20);
}
END_TEST

/* A reply has one descriptor at the most; others do not stay. */
START_TEST(surplus_descriptors_of_a_reply_are_closed)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), before;
	struct reply done = {.answer = _i == 0 ? 0 : EACCES};
	struct received_request a;
	pid_t pid = fork();

	if (pid == 0) {
		before = unit_descriptors();
		ask_bind(&place, fd, address, 16);
		_exit(unit_descriptors() == before ? 0 : 2);
	}
	await_request(&a);
	peer = a.reply;
	send_raw(&done, sizeof(done), 3);
	ck_assert_int_eq(end_of(pid), 0);
}
END_TEST

/* The kernel does not say "gone" of a socket it has never had. */
START_TEST(another_network_is_not_asked)
{
	static const char none[] = "0000000000000000";
	struct rendezvous elsewhere = place;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	uint64_t cookie;
	socklen_t size = sizeof(cookie);
	/* Since Linux 5.14. */
	const bool cookies = getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE,
				 &cookie, &size) == 0;

	ck_assert_int_eq(memcmp(place.network, none, 16) != 0, cookies);
	/* QEMU's emulation of a program numbers no namespace either. */
	if (!cookies && memcmp(place.network + 16, none, 16) == 0) {
		ck_assert(getenv("CK_FORK") != NULL);
		return;
	}
	close(requests);
	ck_assert_int_eq(ask_bind(&place, fd, address, 16), ENOSYS);
	memset(elsewhere.network, 'f', 16);
	ck_assert_int_eq(ask_bind(&elsewhere, fd, address, 16),
	    cookies ? REQUEST_PASS : ENOSYS);
	/* Where the kernel has no cookie, by the name of the namespace. */
	memcpy(elsewhere.network, place.network, REQUEST_WORD);
	memset(elsewhere.network, '0', 16);
	ck_assert_int_eq(ask_bind(&elsewhere, fd, address, 16), ENOSYS);
	elsewhere.network[REQUEST_WORD - 1] ^= 1;
	ck_assert_int_eq(ask_bind(&elsewhere, fd, address, 16), REQUEST_PASS);
	/* Where nothing is known, it is asked. */
	memset(elsewhere.network, '0', REQUEST_WORD);
	ck_assert_int_eq(ask_bind(&elsewhere, fd, address, 16), ENOSYS);
}
END_TEST

/* As in older gVisor, in which each name of a namespace has another number. */
START_TEST(a_network_with_two_numbers_is_left_out)
{
	static const char none[] = "0000000000000000";
	struct rendezvous other;
	char names[32];
	int fd;

	snprintf(names, sizeof(names), "/proc/%d/ns", getpid());
	UNIT_NEEDS(unit_become_root(CLONE_NEWNS) &&
		mount("tmpfs", names, "tmpfs", 0, NULL) == 0,
	    "no user namespaces here");
	strcat(names, "/net");
	ck_assert_int_eq(symlink("net:[7]", names), 0);
	fd = rendezvous_open(&other);
	ck_assert_int_ge(fd, 0);
	ck_assert_mem_ne(place.network + 16, none, 16);
	ck_assert_mem_eq(other.network + 16, none, 16);
	ck_assert_mem_eq(other.network, place.network, 16);
}
END_TEST

/* SipHash-2-4 of the bytes 0 to 15, by the key of the bytes 0 to 15, as its
 * authors give it. */
START_TEST(proof_is_siphash)
{
	static const char word[] = "07060504030201000f0e0d0c0b0a0908";
	const struct hello hello = {{0x0706050403020100, 0x0f0e0d0c0b0a0908}};

	ck_assert_uint_eq(proof_greet(word, &hello).tag, 0x3f2acc7f57c29bdb);
}
END_TEST

START_TEST(words_differ)
{
	struct rendezvous other;
	int fd = rendezvous_open(&other);

	ck_assert_int_ge(fd, 0);
	ck_assert_mem_ne(place.name, other.name, REQUEST_WORD);
	ck_assert_mem_ne(place.key, other.key, REQUEST_WORD);
	ck_assert_mem_ne(place.proof, other.proof, REQUEST_WORD);
	ck_assert_mem_ne(place.key, place.proof, REQUEST_WORD);
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("channel");
	TCase *t = tcase_create("channel");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, plan_arrives);
	tcase_add_test(t, ready_arrives);
	tcase_add_test(t, nothing_else_is_ready);
	tcase_add_test(t, answer_arrives);
	tcase_add_test(t, offer_arrives);
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
	tcase_add_test(t, no_offer_is_nothing);
	suite_add_tcase(s, t);
	t = tcase_create("requests");
	tcase_add_checked_fixture(t, setup_requests, NULL);
	tcase_add_test(t, request_arrives);
	tcase_add_test(t, reply_is_the_answer);
	tcase_add_loop_test(t, socket_takes_the_place, 0, 2);
	tcase_add_test(t, nobody_answers);
	tcase_add_test(t, no_descriptor_is_for_the_kernel);
	tcase_add_test(t, signals_do_not_interrupt);
	tcase_add_test(t, table_arrives);
	tcase_add_test(t, who_is_turned_away_comes_again);
	/* Each length with up to three descriptors. */
	tcase_add_loop_test(t, what_is_no_message_is_refused, 0, 20);
	tcase_add_loop_test(t, what_is_no_request_is_refused, 0, 4);
	tcase_add_loop_test(t, who_has_no_proof_is_sent_nothing, 0, 66);
	tcase_add_test(t, who_says_nothing_is_not_waited_for);
	tcase_add_loop_test(t, surplus_descriptors_of_a_reply_are_closed, 0, 2);
	tcase_add_test(t, another_network_is_not_asked);
	tcase_add_test(t, proof_is_siphash);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, words_differ);
	suite_add_tcase(s, t);
	/* Not under emulation of user programs, which makes no namespaces. */
	t = tcase_create("namespaces");
	tcase_add_checked_fixture(t, setup_requests, NULL);
	tcase_add_test(t, a_network_with_two_numbers_is_left_out);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(suite());
}
