/* SPDX-License-Identifier: ISC */
/*
 * The handlers of notifications and of requests: a server's system calls, with
 * whatever it writes where a socket address should be, against a pool.  The
 * rooms that touch the kernel are played here; what they are asked to do is
 * recorded, and judged by rules that share no code with handoff.c.
 *
 * The input: which mappings, then for each call its number, arguments, the bytes
 * at the address, and what the socket is.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "channel.h"
#include "descendants.h"
#include "diag.h"
#include "fuzz.h"
#include "handoff.h"
#include "mapping_text.h"
#include "memory.h"
#include "message.h"
#include "notify.h"
#include "parking.h"
#include "preload.h"
#include "privilege.h"
#include "process.h"
#include "search.h"
#include "seccomp.h"
#include "server_socket.h"
#include "socket.h"
#include "sockstate.h"
#include "task.h"
#include "unreadable.h"

/* Sockets are numbers no descriptor has. */
#define FIRST_FD    (1 << 20)
#define SOCKETS_MAX 4096
#define CALLS_MAX   16
#define MEMORY      32

static const char *const plans[8][3] = {
    {"443:8443"},
    {"443:8443", "80:8080"},
    {"127.0.0.1:443:8443", "[::1]:443:8443"},
    {"0.0.0.0:443:8443", "[::]:80:8080"},
    {"443"},
    {"192.0.2.7:443:8443", "[2001:db8::7]:444:8443", "80:8080"},
};

/* One call, and what came of it. */
static struct {
	struct seccomp_notif call;
	uint8_t memory[MEMORY]; /* at the address */
	size_t readable;        /* bytes of it */
	int read_error, learn_error;
	bool gone;         /* before it was looked at again */
	bool preload;      /* a request, not a call */
	uint32_t kind;     /* of it */
	bool expecting;    /* the plan does, */
	uint32_t mappings; /* of so many mappings */
	struct server_socket own;
	/* What was done: */
	unsigned int answers;
	bool continued;
	int error, replaced; /* by this socket, or -1 */
	bool bound_for_it;
} now;

static struct {
	struct endpoint endpoint;
	int protocol;
	bool parked;
} sockets[SOCKETS_MAX];
static int sockets_made;

/* ---- The rooms that touch the kernel. */

bool
seccomp_receive(int listener, struct seccomp_notif *call)
{
	(void)listener;
	*call = now.call;
	return true;
}

bool
seccomp_valid(int listener, const struct seccomp_notif *call)
{
	(void)listener;
	(void)call;
	return !now.gone;
}

void
seccomp_continue(int listener, const struct seccomp_notif *call)
{
	(void)listener;
	ASSERTION(call->id == now.call.id);
	now.answers++;
	now.continued = true;
}

bool
seccomp_answer(int listener, const struct seccomp_notif *call, int error)
{
	(void)listener;
	ASSERTION(call->id == now.call.id && error >= 0);
	now.answers++;
	now.error = error;
	return true;
}

int
seccomp_replace(int listener, const struct seccomp_notif *call, int fd,
    int target, bool close_on_exec)
{
	(void)listener;
	ASSERTION(call->id == now.call.id && now.answers == 0);
	ASSERTION(target == (int)now.call.data.args[0]);
	ASSERTION(close_on_exec == ((now.own.flags & O_CLOEXEC) != 0));
	ASSERTION(fd >= FIRST_FD && fd < FIRST_FD + sockets_made);
	now.replaced = fd;
	return now.gone ? ENOENT : 0;
}

ssize_t
memory_read(pid_t task, uint64_t address, void *buffer, size_t size)
{
	ASSERTION(task == (pid_t)now.call.pid);
	ASSERTION(address == now.call.data.args[1]);
	ASSERTION(size <= MEMORY);
	errno = now.read_error;
	if (now.read_error != 0)
		return -1;
	if (size > now.readable)
		size = now.readable;
	memcpy(buffer, now.memory, size);
	return (ssize_t)size;
}

pid_t
task_process(pid_t task)
{
	return task;
}

uint64_t
task_started(pid_t process)
{
	return (uint64_t)process % 2;
}

bool
task_has_capability(pid_t process, int capability)
{
	return (process + capability) % 2 == 0;
}

ssize_t
process_text(pid_t task, const char *file, char *text, size_t size)
{
	(void)task;
	(void)file;
	(void)size;
	*text = '\0';
	return 0;
}

const char *
process_name(pid_t task, char name[PROCESS_NAME])
{
	snprintf(name, PROCESS_NAME, "%d", task);
	return name;
}

const char *
unreadable_explain(pid_t task, int error, char why[REASON_TEXT])
{
	reason_say(why, "process %d: %d", task, error);
	return why;
}

bool
task_same_label(pid_t task)
{
	return task % 2 == 0;
}

ino_t
process_socket(pid_t task, int fd)
{
	return (ino_t)(task + fd) % 8;
}

void
search_begin(struct search *walk, bool anywhere)
{
	(void)anywhere;
	walk->process = 1;
}

bool
search_next(struct search *walk, ino_t *inode,
    struct process_descriptor *holder)
{
	*inode = (ino_t)walk->process;
	*holder = (struct process_descriptor){1, 1};
	walk->process += 3;
	return *inode < 8;
}

enum process_holding
search_end(struct search *walk)
{
	return walk->process <= 10 ? PROCESS_HOLDS
				   : (enum process_holding)(now.call.id % 2);
}

int
server_socket_fetch(pid_t task, int fd)
{
	(void)task;
	(void)fd;
	return now.own.fd;
}

bool
server_socket_learn(struct server_socket *own, pid_t task, int fd, bool observe)
{
	ASSERTION(task == (pid_t)now.call.pid);
	ASSERTION(fd == (int)now.call.data.args[0]);
	*own = now.own;
	if (observe)
		own->fd = -1;
	errno = now.learn_error;
	return now.learn_error == 0;
}

void
server_socket_observe(int listener, const struct seccomp_notif *call)
{
	(void)listener;
	ASSERTION(call->data.nr == SYS_setsockopt);
}

int
socket_open(const struct endpoint *e, int protocol)
{
	ASSERTION(sockets_made < SOCKETS_MAX);
	sockets[sockets_made].endpoint = *e;
	sockets[sockets_made].protocol = protocol;
	sockets[sockets_made].parked = false;
	return FIRST_FD + sockets_made++;
}

static bool
park(int socket, bool parked)
{
	ASSERTION(sockets[socket - FIRST_FD].protocol == IPPROTO_UDP);
	sockets[socket - FIRST_FD].parked = parked;
	return true;
}

bool
parking_begin(int socket, const struct endpoint *e)
{
	ASSERTION(
	    memcmp(&sockets[socket - FIRST_FD].endpoint, e, sizeof(*e)) == 0);
	return park(socket, true);
}

bool
parking_end(int socket)
{
	return park(socket, false);
}

bool
parking_keeps_peer(int socket)
{
	return socket % 8 != 2;
}

void
sockstate_discard(int socket)
{
	ASSERTION(sockets[socket - FIRST_FD].protocol == IPPROTO_UDP);
}

bool
sockstate_is_connected(int socket)
{
	return socket % 2 == 0;
}

bool
sockstate_is_shut(int socket)
{
	return socket % 8 == 0;
}

bool
sockstate_is_listening(int socket)
{
	return socket % 4 == 1;
}

bool
parking_begin_guard(int socket, const struct endpoint *e)
{
	return parking_begin(socket, e);
}

void
socket_keep_alone(int socket)
{
	ASSERTION(sockets[socket - FIRST_FD].protocol == IPPROTO_UDP);
}

void
sockstate_end_connection(int socket)
{
	ASSERTION(sockets[socket - FIRST_FD].protocol == IPPROTO_TCP);
}

enum sockstate_ending
sockstate_ending(int socket)
{
	return socket % 3 == 0 ? SOCKSTATE_ENDED : SOCKSTATE_DELIVERED;
}

bool
socket_is_free(const struct endpoint *e, int protocol)
{
	(void)e;
	ASSERTION(protocol == IPPROTO_UDP);
	return true;
}

int
socket_name(int socket, void *address, socklen_t *length)
{
	(void)socket;
	(void)address;
	(void)length;
	return -1;
}

bool
socket_endpoint(int socket, struct endpoint *e)
{
	/* The server's own socket is bound already. */
	if (socket < FIRST_FD)
		*e = (struct endpoint){.port = 1};
	else
		*e = sockets[socket - FIRST_FD].endpoint;
	return true;
}

bool
memory_write(pid_t task, uint64_t address, const void *bytes, size_t size)
{
	ASSERTION(task == (pid_t)now.call.pid);
	(void)address;
	(void)bytes;
	ASSERTION(size <= sizeof(struct sockaddr_in6));
	return false;
}

pid_t
task_parent(pid_t process)
{
	return process / 2;
}

ino_t
process_namespace(pid_t task, const char *kind)
{
	(void)kind;
	(void)task;
	return 1;
}

enum descent
descendants_place(pid_t process)
{
	return process % 8 == 7 ? DESCENT_UNKNOWN
	    : process % 4 == 3  ? DESCENT_STRANGER
				: DESCENT_OURS;
}

void
server_socket_learn_sent(struct server_socket *own, int duplicate)
{
	ASSERTION(duplicate == FIRST_FD - 1);
	*own = now.own;
}

void
server_socket_learn_options(struct server_socket *own)
{
	ASSERTION(own->fd == now.own.fd || own->fd == -1);
}

int
channel_accept(int requests, uid_t *user)
{
	(void)requests;
	*user = now.call.pid % 2;
	return FIRST_FD - 2;
}

bool
channel_receive_hello(int connection, struct hello *hello)
{
	ASSERTION(connection == FIRST_FD - 2);
	memset(hello, 0, sizeof(*hello));
	return true;
}

bool
channel_send_greeting(int connection, const struct greeting *greeting)
{
	ASSERTION(connection == FIRST_FD - 2 && greeting->tag != 0);
	return true;
}

uint64_t
socket_network(int socket)
{
	(void)socket;
	return 0;
}

bool
channel_receive_request(int connection, struct received_request *received)
{
	ASSERTION(connection == FIRST_FD - 2);
	memset(received, 0, sizeof(*received));
	received->sender = (pid_t)now.call.pid;
	received->socket = FIRST_FD - 1;
	received->reply = -1;
	/* The helper's key is all zeros. */
	received->request.key[5] = now.read_error == 0 ? 0 : 1;
	received->request.kind = now.kind;
	received->request.fd = (int)now.call.data.args[0];
	received->request.length = (uint32_t)now.call.data.args[2];
	memcpy(received->request.address, now.memory, ENDPOINT_BYTES);
	return true;
}

bool
channel_send_reply(int reply, const struct reply *answer, int socket)
{
	ASSERTION(reply == -1);
	ASSERTION((socket >= 0) == (answer->answer == 0 && socket >= 0));
	now.answers++;
	now.continued = answer->answer == REQUEST_PASS;
	now.error = now.continued ? 0 : answer->answer;
	now.replaced = now.gone ? -1 : socket;
	return !now.gone;
}

bool
channel_send_table(int reply, const struct table *table)
{
	ASSERTION(reply == -1);
	ASSERTION(now.preload && now.kind != REQUEST_BIND);
	ASSERTION(now.read_error == 0 && now.call.pid % 4 != 3);
	/* Without --show-expected-port the table is empty. */
	ASSERTION(table->count == (now.expecting ? now.mappings : 0));
	now.answers++;
	now.continued = true;
	return !now.gone;
}

int
socket_bind(int socket, const struct endpoint *e)
{
	ASSERTION(
	    endpoint_same_address(&sockets[socket - FIRST_FD].endpoint, e));
	return 0;
}

int
socket_bind_alone(int socket, const struct endpoint *e)
{
	return socket_bind(socket, e);
}

int
socket_bind_bytes(int socket, const void *address, socklen_t length)
{
	ASSERTION(socket == now.own.fd);
	ASSERTION(length <= now.readable);
	ASSERTION(memcmp(address, now.memory, length) == 0);
	now.bound_for_it = true;
	return 0;
}

ino_t
socket_inode(int socket)
{
	return (ino_t)socket;
}

int
socket_option(int socket, int level, int name)
{
	(void)level;
	(void)name;
	return socket % 2;
}

void
stray_note_use(struct stray *stray, const struct pool_variant *v)
{
	ASSERTION(v->mapping < PLAN_MAPPINGS_MAX);
	stray->look_wanted = true;
}

int
diag_open(void)
{
	return now.call.id % 4 == 0 ? -1 : 0;
}

bool
diag_find_stranger(int diag, uid_t own, const struct endpoint *e, uid_t *uid)
{
	(void)own;
	(void)e;
	ASSERTION(diag == 0);
	*uid = 0;
	return false;
}

bool
sockstate_renew(int socket, const struct endpoint *e)
{
	(void)e;
	ASSERTION(socket >= FIRST_FD && socket < FIRST_FD + sockets_made);
	return socket % 16 != 3;
}

void
privilege_raise(void)
{
}

void
privilege_lower(void)
{
}

/* ---- The judgement. */

/* The port in the bytes: at the same place for both families. */
static uint16_t
port_asked(void)
{
	return (uint16_t)(now.memory[2] << 8 | now.memory[3]);
}

static int
family_asked(void)
{
	static const uint8_t zero[4];
	int family = now.memory[0] | now.memory[1] << 8;

	if (family == AF_UNSPEC && memcmp(now.memory + 4, zero, 4) == 0)
		return AF_INET;
	return family;
}

static const uint8_t *
address_asked(void)
{
	return now.memory + (family_asked() == AF_INET6 ? 8 : 4);
}

static bool
is_recent(const struct handoff *h)
{
	size_t i;

	for (i = 0; i < NOTIFY_DONE; i++)
		if (h->notify.done[i].inode == now.own.inode)
			return true;
	return false;
}

/* A pool socket goes only to a task that asked for what it is bound to. */
static void
judge_replaced(const struct plan *plan, bool in_trial)
{
	const struct endpoint *e = &sockets[now.replaced - FIRST_FD].endpoint;
	const int protocol = sockets[now.replaced - FIRST_FD].protocol;
	const int length = (int)now.call.data.args[2];
	const int family = family_asked();
	uint32_t i, at;

	ASSERTION(now.call.data.nr == SYS_bind);
	ASSERTION(!now.preload || now.kind == REQUEST_BIND);
	ASSERTION(now.read_error == 0 && !now.gone);
	ASSERTION(now.preload ? now.call.pid % 4 != 3 : now.learn_error == 0);
	ASSERTION(length >= (family == AF_INET ? 16 : 24) && length <= 128);
	ASSERTION((size_t)length <= now.readable || length > 28);
	ASSERTION(family == AF_INET || family == AF_INET6);
	ASSERTION(family == e->family && family == now.own.family);
	ASSERTION(now.own.protocol == protocol ||
	    (now.own.protocol == IPPROTO_MPTCP && protocol == IPPROTO_TCP));
	/* What is lent in a trial stays parked. */
	ASSERTION(in_trial || !sockets[now.replaced - FIRST_FD].parked);
	ASSERTION(memcmp(address_asked(), e->address,
		      family == AF_INET ? 4 : 16) == 0);
	for (i = 0; i < plan->mapping_count; i++) {
		at = port_asked() - plan->mappings[i].server_port;
		if (at < plan->mappings[i].ports &&
		    plan->mappings[i].protocol == protocol &&
		    plan->mappings[i].public_port + at == e->port)
			return;
	}
	ASSERTION(!"a mapping of these ports");
}

static void
judge(const struct handoff *h, const struct plan *plan, bool was_recent)
{
	/* A request without the key is ignored. */
	if (now.preload && now.read_error != 0) {
		ASSERTION(now.answers == 0);
		return;
	}
	ASSERTION(now.answers == 1);
	ASSERTION(!(now.continued && now.bound_for_it));
	if (now.replaced >= 0) {
		judge_replaced(plan, h->in_trial);
		ASSERTION(!now.continued && !now.bound_for_it);
	} else if (!now.continued && !now.bound_for_it && now.error == 0) {
		/* It was handed over before, or the asker has died. */
		ASSERTION((was_recent && h->notify.interruptible) ||
		    (now.preload && now.gone));
	}
	if (now.call.data.nr != SYS_bind)
		ASSERTION(now.continued);
}

/* ---- The input. */

static void
take_plan(struct plan *plan, uint8_t which)
{
	const char *const *texts = plans[which & 7];
	char why[REASON_TEXT];
	size_t i, count;

	memset(plan, 0, sizeof(*plan));
	plan->spares = 1 + (which >> 3 & 3);
	plan->show_expected = which >> 5 & 1;
	for (i = 0; i < 3 && texts[i] != NULL; i++) {
		count = mapping_parse(&plan->mappings[plan->mapping_count],
		    (char[MAPPING_NAME]){0}, texts[i], why);
		ASSERTION(count > 0);
		plan->mapping_count += (uint32_t)count;
	}
}

static void
take_socket(const uint8_t **bytes, size_t *size)
{
	static const int protocols[] = {IPPROTO_TCP, IPPROTO_MPTCP, IPPROTO_UDP,
	    -1};
	static const int errors[] = {0, 0, 0, 0, EACCES, ENOENT, ENOTSOCK,
	    EPERM};
	const uint8_t kind = fuzz_byte(bytes, size);
	const uint8_t more = fuzz_byte(bytes, size);
	const int on = 1;

	memset(&now.own, 0, sizeof(now.own));
	now.own.family = (kind & 1) != 0 ? AF_INET6 : AF_INET;
	now.own.protocol = protocols[kind >> 1 & 3];
	now.own.flags = ((kind & 8) != 0 ? O_NONBLOCK : 0) |
	    ((kind & 16) != 0 ? O_CLOEXEC : 0);
	if ((kind & 32) != 0)
		sockopt_note(&now.own.options,
		    sockopt_find(IPPROTO_IPV6, IPV6_V6ONLY), &on, sizeof(on));
	if ((kind & 64) != 0)
		sockopt_note(&now.own.options,
		    sockopt_find(SOL_SOCKET, SO_REUSEPORT), &on, sizeof(on));
	now.own.fd = (kind & 128) != 0 ? -1 : FIRST_FD - 1;
	now.learn_error = errors[more & 7];
	now.read_error = (more & 8) != 0 ? errors[more >> 4 & 7] : 0;
	/* That of a pool socket, or any other. */
	now.own.inode = (more & 64) != 0 ? FIRST_FD + (more & 7) : more;
}

static void
take_call(const uint8_t **bytes, size_t *size)
{
	static const int numbers[] = {SYS_bind, SYS_bind, SYS_bind,
	    SYS_setsockopt, SYS_landlock_restrict_self, SYS_bind, SYS_bind,
	    SYS_getsockname};
	const uint8_t number = fuzz_byte(bytes, size);
	uint8_t readable;

	memset(&now, 0, sizeof(now));
	now.replaced = -1;
	now.call.id = 1 + number;
	now.call.pid = number;
	now.call.data.nr = numbers[number % 8];
	now.preload = number % 8 == 5 || number % 8 == 6;
	now.kind = number >> 3 & 3;
	fuzz_take(bytes, size, &now.call.data.args[0], 4);
	now.call.data.args[1] = 0x7f0012345678;
	fuzz_take(bytes, size, &now.call.data.args[2], 5);
	take_socket(bytes, size);
	readable = fuzz_byte(bytes, size);
	now.gone = readable >= 240;
	now.readable = readable % (MEMORY + 1);
	fuzz_take(bytes, size, now.memory, now.readable);
	/* A request has all its bytes. */
	if (now.preload)
		now.readable = MEMORY;
}

static void
serve_connection(struct handoff *h)
{
	struct pollfd fds[PRELOAD_WAITING];
	size_t count;

	preload_serve(h);
	ASSERTION(now.answers == 0);
	count = preload_await(&h->preload, fds);
	ASSERTION(count == 1);
	fds[0].revents = POLLIN;
	preload_attend(h, fds, count);
	ASSERTION(preload_await(&h->preload, fds) == 0);
}

static void
serve_calls(struct handoff *h, const uint8_t *bytes, size_t size)
{
	bool was_recent;
	int calls;

	for (calls = 0; size > 0 && calls < CALLS_MAX; calls++) {
		take_call(&bytes, &size);
		now.expecting = h->plan->show_expected != 0;
		now.mappings = h->plan->mapping_count;
		was_recent = is_recent(h);
		h->in_trial = calls == 0;
		if (now.preload)
			serve_connection(h);
		else
			notify_serve(h);
		judge(h, h->plan, was_recent);
	}
	unused_look(&h->unused);
	unused_report(&h->unused, size % 2);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const char word[] = "00000000000000000000000000000000";
	static bool granted[PLAN_MAPPINGS_MAX];
	const uint8_t which = fuzz_byte(&bytes, &size);
	struct plan plan;
	struct pool pool = {0};
	struct answer answer = {0};
	struct handoff h = {.adopts = true,
	    .plan = &plan,
	    .pool = &pool,
	    .unused = {.plan = &plan}};
	size_t i;

	message_set(VERBOSITY_VERBOSE, false);
	sockets_made = 0;
	take_plan(&plan, which);
	ASSERTION(pool_fill(&pool, &plan, granted, &answer));
	memcpy(h.preload.proof, word, REQUEST_WORD);
	h.notify.interruptible = (which & 64) == 0;
	h.notify.observe = (which & 128) != 0;
	serve_calls(&h, bytes, size);
	for (i = 0; i < pool.count; i++)
		free(pool.variants[i].sockets);
	free(pool.variants);
	return 0;
}
