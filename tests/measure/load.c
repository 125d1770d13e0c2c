/* SPDX-License-Identifier: ISC */
/*
 * A closed loop of clients on the loopback: each of 8 asks, waits for the whole
 * answer, and asks again.  So requests a second are what the server can do, and
 * a latency is the time a client waits: from connect(2) on if each request has
 * its own connection, with the whole handshake of TLS, else from the request on.
 *
 * usage: measure_load
 *
 * Reads lines KIND PORT MILLISECONDS, one after another, where KIND is http-keep,
 * http-each, https-keep, https-each or udp.  Prints a line for each: requests
 * that were counted, their seconds, all requests with those of the warm-up, this
 * program's processor time for all of them in nanoseconds, failures, and the
 * latencies as BUCKET:COUNT (bucket_of).
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "timing.h"

#define CLIENTS      8
#define WARM_UP_NS   10000000u
#define LOST_NS      20000000u
#define FAILURES_MAX 100

/* 64 buckets for each power of two of nanoseconds: 1.6 % apart. */
#define BUCKET_BITS 6
#define BUCKETS     (40 << BUCKET_BITS)

enum state { CONNECTING, HANDSHAKING, WAITING };

struct client {
	enum state state;
	int fd;
	SSL *ssl;
	uint64_t asked_at;
	uint32_t number; /* of the datagram that is waited for */
	size_t got;
	char answer[4096];
};

static struct client clients[CLIENTS];
static struct sockaddr_in server = {.sin_family = AF_INET};
static bool tls, each, udp;
static SSL_CTX *context;
static int epoll;

static bool counting;
static long counted, all, failures;
static unsigned int latencies[BUCKETS];

static const char request_keep[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
static const char request_each
    [] = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

static size_t
bucket_of(uint64_t ns)
{
	unsigned int power;

	if (ns < 1u << BUCKET_BITS)
		return 0;
	power = 63 - (unsigned int)__builtin_clzll(ns);
	if (power >= BUCKETS >> BUCKET_BITS)
		return BUCKETS - 1;
	return ((size_t)power << BUCKET_BITS) +
	    ((ns >> (power - BUCKET_BITS)) & ((1u << BUCKET_BITS) - 1));
}

static void
note_answer(const struct client *c)
{
	all++;
	if (!counting)
		return;
	counted++;
	latencies[bucket_of(now_ns() - c->asked_at)]++;
}

static void
client_close(struct client *c)
{
	if (c->ssl != NULL)
		SSL_free(c->ssl);
	c->ssl = NULL;
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

/* Edges of all kinds, once: each time the client goes on as far as it can. */
static void
client_open(struct client *c)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET,
	    .data = {.ptr = c}};
	const int on = 1;

	c->asked_at = now_ns();
	c->state = CONNECTING;
	c->fd = socket(AF_INET,
	    (udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK, 0);
	if (c->fd < 0)
		err(1, "socket");
	if (!udp)
		setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (connect(c->fd, (struct sockaddr *)&server, sizeof(server)) != 0 &&
	    errno != EINPROGRESS)
		err(1, "connect");
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event) != 0)
		err(1, "epoll_ctl");
}

static void
client_fail(struct client *c)
{
	failures++;
	client_close(c);
	if (failures < FAILURES_MAX)
		client_open(c);
}

/* A request is small, and fits into an empty socket. */
static void
client_ask(struct client *c)
{
	const char *request = each ? request_each : request_keep;
	int length = (int)strlen(request);
	char datagram[64] = "";
	ssize_t sent;

	if (!each)
		c->asked_at = now_ns();
	c->state = WAITING;
	c->got = 0;
	if (udp) {
		c->number++;
		memcpy(datagram, &c->number, sizeof(c->number));
		length = sizeof(datagram);
		sent = send(c->fd, datagram, sizeof(datagram), 0);
	} else if (tls) {
		sent = SSL_write(c->ssl, request, length);
	} else {
		sent = send(c->fd, request, (size_t)length, MSG_NOSIGNAL);
	}
	if (sent != length)
		client_fail(c);
}

/* Returns the bytes read, 0 if there are none yet, or -1 at the end. */
static ssize_t
client_read(struct client *c)
{
	size_t room = sizeof(c->answer) - 1 - c->got;
	ssize_t length;
	int why;

	if (tls) {
		length = SSL_read(c->ssl, c->answer + c->got, (int)room);
		why = length > 0 ? 0 : SSL_get_error(c->ssl, (int)length);
		if (length > 0)
			return length;
		return why == SSL_ERROR_WANT_READ ? 0 : -1;
	}
	length = recv(c->fd, c->answer + c->got, room, 0);
	if (length > 0)
		return length;
	return length < 0 && errno == EAGAIN ? 0 : -1;
}

/* True of a whole answer of one piece, whose length its head has. */
static bool
answer_whole(const struct client *c)
{
	const char *body = strstr(c->answer, "\r\n\r\n");
	const char *length = strcasestr(c->answer, "\r\nContent-Length:");

	if (body == NULL || length == NULL)
		return false;
	if (strncmp(c->answer, "HTTP/1.1 200", 12) != 0)
		errx(1, "an answer begins with %.40s", c->answer);
	return c->got >=
	    (size_t)(body + 4 - c->answer) + strtoul(length + 17, NULL, 10);
}

static void
client_wait_datagram(struct client *c)
{
	uint32_t number;

	while (recv(c->fd, c->answer, sizeof(c->answer), 0) >= 4) {
		memcpy(&number, c->answer, sizeof(number));
		/* An answer that was given up may still come. */
		if (number != c->number)
			continue;
		note_answer(c);
		client_ask(c);
		return;
	}
}

static void
client_wait(struct client *c)
{
	ssize_t length;

	while ((length = client_read(c)) > 0) {
		c->got += (size_t)length;
		c->answer[c->got] = '\0';
		if (!answer_whole(c))
			continue;
		note_answer(c);
		if (!each) {
			client_ask(c);
			return;
		}
		client_close(c);
		client_open(c);
		return;
	}
	if (length < 0)
		client_fail(c);
}

static bool
client_connected(struct client *c)
{
	int error = 0;
	socklen_t size = sizeof(error);

	if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0 ||
	    error != 0) {
		client_fail(c);
		return false;
	}
	if (!tls)
		return true;
	c->ssl = SSL_new(context);
	if (c->ssl == NULL || SSL_set_fd(c->ssl, c->fd) != 1)
		errx(1, "no TLS");
	SSL_set_connect_state(c->ssl);
	c->state = HANDSHAKING;
	return true;
}

static bool
client_shook_hands(struct client *c)
{
	int status = SSL_do_handshake(c->ssl);

	if (status == 1)
		return true;
	if (SSL_get_error(c->ssl, status) != SSL_ERROR_WANT_READ)
		client_fail(c);
	return false;
}

static void
client_step(struct client *c, uint32_t events)
{
	/* A socket that is not connected yet has both, and no more. */
	if (c->state == CONNECTING && !(events & EPOLLOUT))
		return;
	if (c->state == CONNECTING && !client_connected(c))
		return;
	if (c->state == HANDSHAKING && !client_shook_hands(c))
		return;
	if (c->state != WAITING)
		client_ask(c);
	else if (udp)
		client_wait_datagram(c);
	else
		client_wait(c);
}

static void
ask_again(void)
{
	uint64_t now = now_ns();
	size_t i;

	for (i = 0; udp && i < CLIENTS; i++) {
		if (clients[i].state != WAITING ||
		    now - clients[i].asked_at < LOST_NS)
			continue;
		failures++;
		client_ask(&clients[i]);
	}
}

static void
run_until(uint64_t end)
{
	struct epoll_event events[CLIENTS];
	int i, count;

	while (now_ns() < end && failures < FAILURES_MAX) {
		count = epoll_wait(epoll, events, CLIENTS, 10);
		for (i = 0; i < count; i++)
			client_step(events[i].data.ptr, events[i].events);
		if (count == 0)
			ask_again();
	}
}

static uint64_t
processor_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static void
run(unsigned int milliseconds)
{
	uint64_t processor = processor_ns(), start;
	double seconds;
	size_t i;

	counting = false;
	counted = all = failures = 0;
	memset(latencies, 0, sizeof(latencies));
	for (i = 0; i < CLIENTS; i++)
		client_open(&clients[i]);
	run_until(now_ns() + WARM_UP_NS);
	counting = true;
	start = now_ns();
	run_until(start + milliseconds * 1000000u);
	seconds = us_since(start) / 1e6;
	for (i = 0; i < CLIENTS; i++)
		client_close(&clients[i]);
	printf("%ld %.6f %ld %ju %ld", counted, seconds, all,
	    (uintmax_t)(processor_ns() - processor), failures);
	for (i = 0; i < BUCKETS; i++)
		if (latencies[i] > 0)
			printf(" %zu:%u", i, latencies[i]);
	printf("\n");
	fflush(stdout);
}

int
main(void)
{
	unsigned int port, milliseconds;
	char kind[16];

	signal(SIGPIPE, SIG_IGN);
	server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	epoll = epoll_create1(EPOLL_CLOEXEC);
	context = SSL_CTX_new(TLS_client_method());
	if (epoll < 0 || context == NULL)
		errx(1, "no epoll, or no TLS");
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	while (scanf("%15s %u %u", kind, &port, &milliseconds) == 3) {
		server.sin_port = htons((uint16_t)port);
		udp = strcmp(kind, "udp") == 0;
		tls = strncmp(kind, "https", 5) == 0;
		each = !udp && strstr(kind, "-each") != NULL;
		run(milliseconds);
	}
	return 0;
}
