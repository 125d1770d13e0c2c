/* SPDX-License-Identifier: ISC */
/*
 * What the tests of sockets, of the pool and of leases share: sockets at the
 * public port, a pool, and servers that take its sockets.
 */
#ifndef FIXTURE_H
#define FIXTURE_H

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "constants.h"
#include "lease.h"
#include "mapping_text.h"
#include "pool.h"
#include "process.h"
#include "socket.h"
#include "unit.h"

#define PORT        20443 /* public */
#define SERVER_PORT 28443

/* Of IPv6, an address that is not the loopback's (tests/sandbox). */
#define OTHER "fd00::9"

static inline struct endpoint
endpoint_of(const char *address, bool v6only)
{
	struct endpoint e = {.family = AF_INET, .port = PORT, .v6only = v6only};

	if (inet_pton(AF_INET, address, e.address) == 1)
		return e;
	e.family = AF_INET6;
	ck_assert_int_eq(inet_pton(AF_INET6, address, e.address), 1);
	return e;
}

static inline int
socket_bound(const char *address, bool v6only)
{
	struct endpoint e = endpoint_of(address, v6only);
	int fd = socket_open(&e, IPPROTO_TCP);

	ck_assert_msg(fd >= 0, "%s: %m", address);
	ck_assert_msg(socket_bind(fd, &e) == 0, "%s: %m", address);
	return fd;
}

/* Returns 0 or why listen(2) failed. */
static inline int
try_listen(int fd)
{
	return listen(fd, 8) == 0 ? 0 : errno;
}

static inline int
connect_to(const char *address, int *error)
{
	struct endpoint e = endpoint_of(address, false);
	struct sockaddr_storage storage;
	socklen_t length = endpoint_to_sockaddr(&e, &storage);
	int fd = socket(e.family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	*error = connect(fd, (struct sockaddr *)&storage, length) == 0 ? 0
								       : errno;
	return fd;
}

/* Returns 0 or why connect(2) failed. */
static inline int
try_connect(const char *address)
{
	int error;

	close(connect_to(address, &error));
	return error;
}

/* Asserts that a client of this address reaches the listener. */
static inline void
assert_serves(int listener, const char *address)
{
	int error, client = connect_to(address, &error), accepted;
	char byte = 'x';

	ck_assert_int_eq(error, 0);
	accepted = accept(listener, NULL, NULL);
	ck_assert_int_ge(accepted, 0);
	ck_assert_int_eq(write(client, "y", 1), 1);
	ck_assert_int_eq(read(accepted, &byte, 1), 1);
	ck_assert_int_eq(byte, 'y');
	ck_assert_int_eq(write(accepted, "z", 1), 1);
	ck_assert_int_eq(read(client, &byte, 1), 1);
	ck_assert_int_eq(byte, 'z');
	close(client);
	close(accepted);
}

static inline void
setup(void)
{
	struct endpoint e = endpoint_of("::1", true);
	int fd = socket_open(&e, IPPROTO_TCP);

	/* A helper after its drop is as ordinary as its server. */
	unit_become_ordinary();
	ck_assert_msg(fd >= 0 && socket_bind(fd, &e) == 0,
	    "these tests need IPv6 on the loopback interface, and port %d: %m",
	    PORT);
	close(fd);
	ck_assert_int_eq(try_connect("127.0.0.1"), ECONNREFUSED);
	ck_assert_int_eq(try_connect("::1"), ECONNREFUSED);
}

/* From here on, this call fails if an argument has this value. */
static inline void
deny(int call, int argument, int value, int error)
{
	const struct sock_filter code[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 3),
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		offsetof(struct seccomp_data, args) +
		    argument * sizeof(uint64_t)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {LENGTH(code),
	    (struct sock_filter *)code};

	ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	ck_assert_int_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program),
	    0);
}

/* ---- Peers of a TCP socket */

/* Returns a listener at a port that the kernel chooses. */
static inline int
peer_listen(uint16_t *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	    .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, length), 0);
	ck_assert_int_eq(listen(fd, 8), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &length),
	    0);
	*port = ntohs(address.sin_port);
	return fd;
}

/* Returns 0 or why connect(2) failed. */
static inline int
connect_out(int fd, uint16_t port)
{
	const struct sockaddr_in address = {.sin_family = AF_INET,
	    .sin_port = htons(port),
	    .sin_addr = {htonl(INADDR_LOOPBACK)}};

	return connect(fd, (const struct sockaddr *)&address,
		   sizeof(address)) == 0
	    ? 0
	    : errno;
}

/* Connects to a peer, and returns the peer. */
static inline int
connect_peer(int fd)
{
	uint16_t port;
	int listener = peer_listen(&port), peer;

	ck_assert_int_eq(connect_out(fd, port), 0);
	peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	ck_assert_int_ge(peer, 0);
	close(listener);
	return peer;
}

/* ---- Datagrams */

static inline int
datagram_socket(const char *address, uint16_t port)
{
	struct endpoint e = endpoint_of(address, false);
	int fd;

	e.port = port;
	fd = socket_open(&e, IPPROTO_UDP);
	ck_assert_msg(fd >= 0 && socket_bind(fd, &e) == 0, "%s: %m", address);
	return fd;
}

static inline void
connect_client(int fd, int client)
{
	struct sockaddr_storage peer;
	socklen_t length = sizeof(peer);

	ck_assert_int_eq(getsockname(client, (struct sockaddr *)&peer, &length),
	    0);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&peer, length), 0);
}

/* A busy kernel delivers some milliseconds later: what a processor sent before
 * this datagram, comes before it. */
static inline void
await_delivery(const char *address)
{
	int own = datagram_socket(address, 0);
	char byte = 0;

	connect_client(own, own);
	ck_assert_int_eq(send(own, &byte, 1, 0), 1);
	ck_assert_int_eq(recv(own, &byte, 1, 0), 1);
	close(own);
}

/* Sends to the public port of an address, from a socket there.  Afterwards it has
 * arrived, if somebody takes it. */
static inline void
send_to(int from, const char *address, char byte)
{
	struct endpoint e = endpoint_of(address, false);
	struct sockaddr_storage storage;
	socklen_t length = endpoint_to_sockaddr(&e, &storage);

	ck_assert_msg(sendto(from, &byte, 1, 0, (struct sockaddr *)&storage,
			  length) == 1 ||
		errno == ECONNREFUSED,
	    "%s: %m", address);
	await_delivery(address);
}

/* Returns the byte that has come, or 0. */
static inline char
received(int fd)
{
	char byte = 0;

	return recv(fd, &byte, 1, MSG_DONTWAIT) == 1 ? byte : 0;
}

/* ---- The pool */

static struct pool pool;
static struct plan plan;

/* The policy permits everything; bind(2) decides. */
static inline bool
fill(struct answer *answer)
{
	bool granted[PLAN_MAPPINGS_MAX];

	memset(granted, true, sizeof(granted));
	memset(&pool, 0, sizeof(pool));
	memset(answer, 0, sizeof(*answer));
	return pool_fill(&pool, &plan, granted, answer);
}

/* Asserts the result of a mapping; if it has failed, at the public port. */
static inline void
assert_result(const struct answer *answer, size_t mapping, enum outcome outcome,
    int error)
{
	const struct result *result = &answer->results[mapping];

	ck_assert_uint_eq(result->outcome, outcome);
	ck_assert_int_eq(result->error, error);
	if (outcome != OUTCOME_READY)
		ck_assert_uint_eq(result->endpoint.port,
		    plan.mappings[mapping].public_port);
}

static inline void
plan_map(const char *text)
{
	char why[REASON_TEXT];

	ck_assert(mapping_parse(&plan.mappings[plan.mapping_count++],
	    (char[MAPPING_NAME]){0}, text, why));
}

static inline void
pool_of(unsigned int spares, const char *mapping)
{
	struct answer answer;
	char text[ENDPOINT_TEXT];

	plan.spares = spares;
	plan_map(mapping);
	ck_assert_msg(fill(&answer), "%s: %s",
	    endpoint_format(&answer.results[0].endpoint, text),
	    strerror(answer.results[0].error));
	assert_result(&answer, 0, OUTCOME_READY, 0);
}

static inline struct pool_variant *
find(const char *address, bool v6only)
{
	struct endpoint asked = endpoint_of(address, v6only);

	asked.port = SERVER_PORT;
	return pool_find(&pool, &asked, IPPROTO_TCP);
}

static inline struct pool_socket *
pick(struct pool_variant *v, bool reuseport)
{
	struct pool_socket *picked = lease_pick(v, reuseport);

	ck_assert_ptr_nonnull(picked);
	return picked;
}

/* True if some lent socket may come back. */
static inline bool
lease_wants_refresh(struct pool *of)
{
	of->refresh_at = 0;
	lease_due(of);
	return of->refresh_at != 0;
}

/* Lets ten seconds pass for the sockets that are lent. */
static inline void
age(struct pool_variant *v)
{
	unsigned int i;

	for (i = 0; i < v->count; i++) {
		v->sockets[i].lent_at -= 10000000;
		v->sockets[i].unheld_since -= 10000000;
	}
}

/* ---- Servers */

/* A server in a process of its own. */
struct server {
	pid_t pid;
	int leash;
};

enum conduct {
	BINDS,
	LISTENS,
	HIDES, /* listens, and nobody can look at it (PR_SET_DUMPABLE) */
	HIDES_UNHEARD, /* the same, but does not listen */
};

static inline _Noreturn void
server_run(int socket, enum conduct conduct, int ready, int leash)
{
	char error;

	dup2(socket, 3);
	dup2(ready, 4);
	dup2(leash, 5);
	process_close_from(6);
	error = (char)(conduct == BINDS || conduct == HIDES_UNHEARD
		? 0
		: try_listen(3));
	if (conduct == HIDES || conduct == HIDES_UNHEARD)
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (write(4, &error, 1) != 1 || read(5, &error, 1) != 0)
		_exit(99);
	_exit(EXIT_SUCCESS);
}

/* Hands a socket out as handoff.c does.  The server has it at descriptor 3. */
static inline struct server
server_take(struct pool_socket *socket, enum conduct conduct)
{
	int ready[2], leash[2];
	struct server server;
	int delivery = -1;
	char error;

	ck_assert_int_eq(pipe(ready), 0);
	ck_assert_int_eq(pipe(leash), 0);
	/* Above the descriptors that the server overwrites. */
	ready[1] = fcntl(ready[1], F_DUPFD, 10);
	leash[0] = fcntl(leash[0], F_DUPFD, 10);
	server.pid = fork();
	ck_assert_int_ge(server.pid, 0);
	if (server.pid == 0)
		server_run(socket->fd, conduct, ready[1], leash[0]);
	ck_assert_int_eq(read(ready[0], &error, 1), 1);
	ck_assert_int_eq(error, 0);
	lease_commit(&pool, socket, (struct process_descriptor){server.pid, 3},
	    &delivery);
	close(ready[0]);
	close(ready[1]);
	close(leash[0]);
	server.leash = leash[1];
	return server;
}

static inline void
server_end(struct server server)
{
	close(server.leash);
	ck_assert(unit_exited(unit_wait(server.pid), EXIT_SUCCESS));
}

static inline struct server
server_start(struct pool_variant *v)
{
	lease_refresh(&pool, pool.variants);
	return server_take(pick(v, false), LISTENS);
}

#endif
