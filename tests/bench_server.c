/* SPDX-License-Identifier: ISC */
/*
 * A minimal HTTP server that does on each connection what Go's net/http does:
 * it sets TCP_NODELAY and the keep-alive options.  Where lowport learns about
 * sockets by watching setsockopt(2), some of these cost a round trip each.
 *
 * usage: bench_server PORT
 */
#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENTS 64

#define HEAD "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n"
#define BODY "\r\nok\n"

static const char answer[] = HEAD BODY;
static const char last_answer[] = HEAD "Connection: close\r\n" BODY;

static int
listen_at(uint16_t port)
{
	const struct sockaddr_in address = {.sin_family = AF_INET,
	    .sin_port = htons(port)};
	const int on = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
	    bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
	    listen(fd, 1024) != 0)
		err(1, "port %u", port);
	return fd;
}

static void
set(int fd, int level, int name, int value)
{
	if (setsockopt(fd, level, name, &value, sizeof(value)) != 0)
		warn("setsockopt");
}

static void
watch(int epoll, int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data = {.fd = fd}};

	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0)
		err(1, "epoll_ctl");
}

static void
take_connection(int epoll, int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);

	if (fd < 0)
		return;
	set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	set(fd, IPPROTO_TCP, TCP_KEEPIDLE, 15);
	set(fd, IPPROTO_TCP, TCP_KEEPINTVL, 15);
	watch(epoll, fd);
}

/* A request of this benchmark comes in one piece.  Returns false at the end of
 * the connection. */
static bool
serve(int fd)
{
	char request[4096];
	ssize_t length = read(fd, request, sizeof(request) - 1);

	if (length <= 0)
		return false;
	request[length] = '\0';
	if (strstr(request, "Connection: close") == NULL)
		return write(fd, answer, sizeof(answer) - 1) > 0;
	if (write(fd, last_answer, sizeof(last_answer) - 1) < 0)
		warn("write");
	return false;
}

int
main(int argc, char **argv)
{
	struct epoll_event events[EVENTS];
	int listener, epoll, count;

	if (argc != 2)
		errx(1, "usage: bench_server PORT");
	listener = listen_at((uint16_t)atoi(argv[1]));
	epoll = epoll_create1(EPOLL_CLOEXEC);
	watch(epoll, listener);
	for (;;) {
		count = epoll_wait(epoll, events, EVENTS, -1);
		while (count-- > 0)
			if (events[count].data.fd == listener)
				take_connection(epoll, listener);
			else if (!serve(events[count].data.fd))
				close(events[count].data.fd);
	}
}
