/* SPDX-License-Identifier: ISC */
/*
 * Attacks that forge what the child sends the helper: the plan, something that
 * is none, and the offer of what the hand-off needs.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attack.h"
#include "channel.h"
#include "constants.h"
#include "plan.h"

/* Milliseconds: what is no plan has no answer then, and will have none. */
#define SILENCE 300

/* ---- Plans: the child's own, with pokes, which are bytes at an offset. */

struct poke {
	size_t offset, size;
	uint32_t value;
};

#define PLAN(field, value)                                                     \
	{                                                                      \
		offsetof(struct plan, field),                                  \
		    sizeof(((struct plan *)0)->field), value                   \
	}
#define MAPPING(field, value) PLAN(mappings[1].field, value)
/* ADDRESS(first byte, number of bytes, value) */
#define ADDRESS(at, size, value)                                               \
	{                                                                      \
		offsetof(struct plan, mappings[1].address) + (at), size, value \
	}

/* The same of the first mapping, the telltale's. */
#define FIRST(field, value) PLAN(mappings[0].field, value)
#define FIRST_ADDRESS(at, size, value)                                         \
	{                                                                      \
		offsetof(struct plan, mappings[0].address) + (at), size, value \
	}

static const struct {
	const char *name;
	struct poke pokes[5];
} plans[] = {
    {"genuine", {{0}}},
    {"magic-zero", {PLAN(magic, 0)}},
    {"magic-older", {PLAN(magic, PLAN_MAGIC - 1)}},
    {"count-zero", {PLAN(mapping_count, 0)}},
    {"count-64-of-two", {PLAN(mapping_count, 64)}},
    {"count-65", {PLAN(mapping_count, 65)}},
    {"count-huge", {PLAN(mapping_count, 0xffffffff)}},
    {"spares-zero", {PLAN(spares, 0)}},
    {"spares-257", {PLAN(spares, 257)}},
    {"spares-huge", {PLAN(spares, 0xffffffff)}},
    {"uid-root", {PLAN(uid, 0)}},
    {"uid-other", {PLAN(uid, 1)}},
    {"uid-minus-one", {PLAN(uid, 0xffffffff)}},
    {"gid-root", {PLAN(gid, 0)}},
    {"gid-other", {PLAN(gid, 42)}},
    {"gid-minus-one", {PLAN(gid, 0xffffffff)}},
    {"uid-and-gid-root", {PLAN(uid, 0), PLAN(gid, 0)}},
    {"verbosity-9", {PLAN(verbosity, 9)}},
    {"verbosity-negative", {PLAN(verbosity, 0xffffffff)}},
    {"observe-2", {PLAN(observe, 2)}},
    {"baseline-2", {PLAN(baseline, 2)}},
    {"journal-2", {PLAN(journal, 2)}},
    {"kill-kept", {PLAN(keep_kill, 1)}},
    {"group-2", {PLAN(supervision.group, 2)}},
    {"pdeathsig-kill", {PLAN(supervision.pdeathsig, SIGKILL)}},
    {"pdeathsig-negative", {PLAN(supervision.pdeathsig, 0xffffffff)}},
    {"rewrite-66",
	{PLAN(supervision.rewrite[SIGTERM - 1], SIGNAL_DROPPED + 1)}},
    {"rewrite-255", {PLAN(supervision.rewrite[0], 255)}},
    {"family-99", {MAPPING(family, 99)}},
    {"family-unix", {MAPPING(family, AF_UNIX)}},
    {"protocol-sctp", {MAPPING(protocol, IPPROTO_SCTP)}},
    {"protocol-zero", {MAPPING(protocol, 0)}},
    {"ports-both-zero", {MAPPING(public_port, 0), MAPPING(server_port, 0)}},
    {"inherited-range", {MAPPING(public_port, 0), MAPPING(ports, 2)}},
    {"ports-zero", {MAPPING(ports, 0)}},
    {"ports-beyond", {MAPPING(public_port, 65535), MAPPING(ports, 2)}},
    {"ports-4097", {MAPPING(ports, PLAN_PORTS_MAX + 1)}},
    {"ports-huge", {MAPPING(ports, UINT32_MAX)}},
    {"conflict-range", {MAPPING(server_port, 9400), MAPPING(ports, 44)}},
    {"address-of-no-family", {ADDRESS(0, 4, 0x0100007f)}},
    {"address-beyond-ipv4",
	{MAPPING(family, AF_INET), ADDRESS(0, 4, 0x0100007f),
	    ADDRESS(15, 1, 1)}},
    {"scope-of-no-family", {MAPPING(scope, 1)}},
    {"scope-of-ipv4",
	{MAPPING(family, AF_INET), ADDRESS(0, 4, 0x0100007f),
	    MAPPING(scope, 1)}},
    {"address-ipv4-mapped",
	{MAPPING(family, AF_INET6), ADDRESS(10, 2, 0xffff),
	    ADDRESS(12, 4, 0x0100007f)}},
    {"conflict-server-port", {MAPPING(server_port, 9443)}},
    {"conflict-public-port", {MAPPING(public_port, TELLTALE)}},
    {"conflict-same",
	{MAPPING(server_port, 9443), MAPPING(public_port, TELLTALE)}},
    /* Each beside its control, another port of the same form. */
    {"other", {MAPPING(public_port, 444)}},
    {"denied", {MAPPING(public_port, DENIED)}},
    {"other-first", {FIRST(public_port, 444)}},
    {"denied-first", {FIRST(public_port, DENIED)}},
    {"denied-both",
	{FIRST(public_port, DENIED), FIRST(family, AF_INET6),
	    FIRST_ADDRESS(15, 1, 1), MAPPING(public_port, DENIED),
	    MAPPING(family, AF_INET)}},
    {"other-server-port",
	{MAPPING(public_port, 444), MAPPING(server_port, 443)}},
    {"denied-server-port",
	{MAPPING(public_port, DENIED), MAPPING(server_port, 443)}},
    {"other-same-port", {MAPPING(public_port, 444), MAPPING(server_port, 444)}},
    {"denied-same-port",
	{MAPPING(public_port, DENIED), MAPPING(server_port, DENIED)}},
    {"other-ipv4", {MAPPING(public_port, 444), MAPPING(family, AF_INET)}},
    {"denied-ipv4", {MAPPING(public_port, DENIED), MAPPING(family, AF_INET)}},
    {"other-ipv6", {MAPPING(public_port, 444), MAPPING(family, AF_INET6)}},
    {"denied-ipv6", {MAPPING(public_port, DENIED), MAPPING(family, AF_INET6)}},
    {"other-address",
	{MAPPING(public_port, 444), MAPPING(family, AF_INET),
	    ADDRESS(0, 4, 0x0200007f)}},
    {"denied-address",
	{MAPPING(public_port, DENIED), MAPPING(family, AF_INET),
	    ADDRESS(0, 4, 0x0200007f)}},
    {"other-loopback",
	{MAPPING(public_port, 444), MAPPING(family, AF_INET6),
	    ADDRESS(15, 1, 1)}},
    {"denied-scope",
	{MAPPING(public_port, DENIED), MAPPING(family, AF_INET6),
	    ADDRESS(15, 1, 1), MAPPING(scope, 1)}},
    {"denied-range", {MAPPING(public_port, DENIED - 9), MAPPING(ports, 10)}},
    {"denied-udp",
	{MAPPING(public_port, DENIED), MAPPING(protocol, IPPROTO_UDP)}},
    {"denied-mptcp",
	{MAPPING(public_port, DENIED), MAPPING(protocol, IPPROTO_MPTCP)}},
    {"denied-protocol-zero",
	{MAPPING(public_port, DENIED), MAPPING(protocol, 0)}},
    {"denied-mapped",
	{MAPPING(public_port, DENIED), MAPPING(family, AF_INET6),
	    ADDRESS(10, 2, 0xffff), ADDRESS(12, 4, 0x0100007f)}},
    {"denied-overlap",
	{FIRST(public_port, DENIED), MAPPING(public_port, DENIED),
	    MAPPING(family, AF_INET), ADDRESS(0, 4, 0x0100007f)}},
    {"denied-root", {MAPPING(public_port, DENIED), PLAN(uid, 0), PLAN(gid, 0)}},
    {"permitted-first",
	{FIRST(public_port, 443), FIRST(server_port, 8443),
	    MAPPING(public_port, DENIED), MAPPING(server_port, 9443)}},
};

static bool
forge_plan(struct hijack *h, const char *name)
{
	struct plan plan;
	size_t i = 0, j;

	while (i < LENGTH(plans) && strcmp(plans[i].name, name) != 0)
		i++;
	if (i == LENGTH(plans))
		return false;
	copy_memory(h->child, (uintptr_t)h->vector.iov_base, &plan,
	    sizeof(plan), false);
	for (j = 0; j < LENGTH(plans[i].pokes); j++)
		memcpy((char *)&plan + plans[i].pokes[j].offset,
		    &plans[i].pokes[j].value, plans[i].pokes[j].size);
	copy_memory(h->child, (uintptr_t)h->vector.iov_base, &plan,
	    sizeof(plan), true);
	return true;
}

/* ---- What is no plan, or more than one. */

static void
rewrite_message(struct hijack *h)
{
	copy_memory(h->child, h->message, &h->header, sizeof(h->header), true);
	copy_memory(h->child, (uintptr_t)h->header.msg_iov, &h->vector,
	    sizeof(h->vector), true);
}

static void
resize(struct hijack *h, size_t size)
{
	h->vector.iov_len = size;
	h->no_plan = true;
	rewrite_message(h);
}

/* Sends so many of descriptor 0.  Their header is put where the plan has room
 * for mappings that it does not count. */
static void
attach_descriptors(struct hijack *h, size_t count)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int) * 253)];
	} control;
	char *there = (char *)h->vector.iov_base +
	    offsetof(struct plan, mappings[20]);

	/* Since gcc 15, an initializer of a union leaves the bytes beyond its
	 * first member as they are. */
	memset(&control, 0, sizeof(control));
	control.header = (struct cmsghdr){.cmsg_len = CMSG_LEN(
					      sizeof(int) * count),
	    .cmsg_level = SOL_SOCKET,
	    .cmsg_type = SCM_RIGHTS};
	h->header.msg_control = there;
	h->header.msg_controllen = CMSG_SPACE(sizeof(int) * count);
	copy_memory(h->child, (uintptr_t)there, &control,
	    h->header.msg_controllen, true);
	rewrite_message(h);
}

/* As many mappings as there can be; only the last is for the port. */
static void
crowd(struct hijack *h, size_t port)
{
	struct plan plan;
	uint16_t i;

	copy_memory(h->child, (uintptr_t)h->vector.iov_base, &plan,
	    sizeof(plan), false);
	plan.mapping_count = PLAN_MAPPINGS_MAX;
	plan.spares = 1;
	for (i = 2; i < PLAN_MAPPINGS_MAX; i++)
		plan.mappings[i] = (struct mapping){.family = AF_INET,
		    .protocol = IPPROTO_TCP,
		    .public_port = 500 + i,
		    .server_port = 10500 + i,
		    .ports = 1,
		    .address = {127, 0, 0, 1}};
	plan.mappings[i - 1].public_port = (uint16_t)port;
	h->mappings = PLAN_MAPPINGS_MAX;
	copy_memory(h->child, (uintptr_t)h->vector.iov_base, &plan,
	    sizeof(plan), true);
}

static void
send_copies(struct hijack *h, size_t count)
{
	struct plan plan;

	copy_memory(h->child, (uintptr_t)h->vector.iov_base, &plan,
	    sizeof(plan), false);
	/* The helper may have read the second already, and closed the channel. */
	while (count-- > 0)
		if (send(h->channel, &plan, sizeof(plan),
			MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
			if (errno != EPIPE)
				err(2, "send");
			return;
		}
}

/* Two plans: the one is for this port, the other for the child's own. */
static void
name_first(struct hijack *h, size_t port)
{
	name_port(h, port);
	send_copies(h, 1);
	name_port(h, 443);
}

static void
name_second(struct hijack *h, size_t port)
{
	send_copies(h, 1);
	name_port(h, port);
}

static void
end_channel(struct hijack *h, size_t how)
{
	shutdown(h->channel, (int)how);
}

static void
send_nothing(struct hijack *h, size_t none)
{
	(void)none;
	h->silent = h->kill = true;
}

static void
kill_helper(struct hijack *h, size_t signal)
{
	kill(h->helper, (int)signal);
	h->silent = true;
}

static const struct {
	const char *name;
	void (*forge)(struct hijack *, size_t);
	size_t argument;
} messages[] = {
    {"short-by-one", resize, sizeof(struct plan) - 1},
    {"short-header", resize, offsetof(struct plan, mappings)},
    {"one-byte", resize, 1},
    {"empty", resize, 0},
    {"long-by-one", resize, sizeof(struct plan) + 1},
    {"long-by-64k", resize, sizeof(struct plan) + 65536},
    {"descriptor", attach_descriptors, 1},
    {"descriptors-253", attach_descriptors, 253},
    {"twice", send_copies, 1},
    {"ten-times", send_copies, 9},
    {"second-denied", name_second, DENIED},
    {"first-denied", name_first, DENIED},
    {"crowd", crowd, 444},
    {"crowd-denied", crowd, DENIED},
    {"end", end_channel, SHUT_WR},
    {"silence", send_nothing, 0},
    {"crash", kill_helper, SIGSEGV},
};

static bool
forge_message(struct hijack *h, const char *name)
{
	size_t i;

	for (i = 0; i < LENGTH(messages); i++)
		if (strcmp(messages[i].name, name) == 0) {
			messages[i].forge(h, messages[i].argument);
			return true;
		}
	return false;
}

/* ---- Offers.  They carry what descriptor 0 is, instead of the listener. */

static void
carry(struct hijack *h, size_t count)
{
	static const int fds[] = {STDIN_FILENO, STDOUT_FILENO};
	const struct cmsghdr header = {.cmsg_len = CMSG_LEN(
					   sizeof(int) * count),
	    .cmsg_level = SOL_SOCKET,
	    .cmsg_type = SCM_RIGHTS};
	char control[CMSG_SPACE(sizeof(fds))] = {0};

	memcpy(control, &header, sizeof(header));
	memcpy(control + CMSG_LEN(0), fds, sizeof(int) * count);
	copy_memory(h->child, (uintptr_t)h->header.msg_control, control,
	    CMSG_SPACE(sizeof(int) * count), true);
	h->header.msg_controllen = count == 0 ? 0
					      : CMSG_SPACE(sizeof(int) * count);
	rewrite_message(h);
}

static void
pass_unchanged(struct hijack *h, size_t none)
{
	(void)h;
	(void)none;
}

static int
open_pipe(void)
{
	int ends[2];

	return pipe(ends) == 0 ? ends[0] : -1;
}

static int
open_file(void)
{
	return open("/etc/passwd", O_RDONLY);
}

static int
open_device(void)
{
	return open("/dev/zero", O_RDWR);
}

static int
open_socket(void)
{
	int ends[2];

	return socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0 ? ends[0] : -1;
}

/* The listener of another process, which binds port 8443. */
static int
foreign_listener(void)
{
	struct sock_filter filter[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_bind, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	int ends[2], fd = -1;
	pid_t pid;

	if (pipe(ends) != 0 || (pid = fork()) < 0)
		err(2, "fork");
	if (pid == 0) {
		fd = install_filter(filter, LENGTH(filter),
		    SECCOMP_FILTER_FLAG_NEW_LISTENER);
		if (write(ends[1], &fd, sizeof(fd)) < 0 ||
		    read(ends[0], &fd, 0) < 0)
			_exit(1);
		milliseconds_pass(50);
		bind_port(8443);
		_exit(0);
	}
	if (read(ends[0], &fd, sizeof(fd)) != sizeof(fd))
		err(2, "read");
	fd = (int)syscall(SYS_pidfd_getfd, syscall(SYS_pidfd_open, pid, 0), fd,
	    0);
	if (fd < 0)
		err(2, "no listener");
	return fd;
}

static const struct offer_forgery {
	const char *name;
	void (*forge)(struct hijack *, size_t);
	size_t argument;
	int (*open)(void); /* what it carries; NULL: what there is */
} offers[] = {
    {"offer-genuine", pass_unchanged, 0, NULL},
    {"offer-of-nothing", carry, 0, NULL},
    {"offer-of-two", carry, 2, NULL},
    {"offer-empty", resize, 0, NULL},
    {"offer-long", resize, 2 * sizeof(struct offer), NULL},
    {"offer-of-pipe", carry, 1, open_pipe},
    {"offer-of-file", carry, 1, open_file},
    {"offer-of-device", carry, 1, open_device},
    {"offer-of-socket", carry, 1, open_socket},
    {"offer-of-another", carry, 1, foreign_listener},
};

/* NULL: it is no offer's. */
static const struct offer_forgery *
find_offer(const char *name)
{
	size_t i;

	for (i = 0; i < LENGTH(offers); i++)
		if (strcmp(offers[i].name, name) == 0)
			return &offers[i];
	return NULL;
}

static void
forge_kind(struct hijack *h, uint32_t kind)
{
	copy_memory(h->child,
	    (uintptr_t)h->vector.iov_base + offsetof(struct offer, kind), &kind,
	    sizeof(kind), true);
}

/* ---- What comes of it. */

static const char *
outcome_name(uint32_t outcome)
{
	switch (outcome) {
	case OUTCOME_READY:
		return "ready";
	case OUTCOME_REFUSED:
		return "refused";
	case OUTCOME_DENIED:
		return "denied";
	case OUTCOME_NOT_BOUND:
		return "not bound";
	default:
		return "no socket";
	}
}

/* The outcome of the first mapping, and the first that differs from it. */
static const char *
describe_answer(const struct answer *answer, unsigned int mappings)
{
	static char text[32];
	uint32_t first = answer->results[0].outcome;
	unsigned int i = 1;

	while (i < mappings && answer->results[i].outcome == first)
		i++;
	snprintf(text, sizeof(text), "%s%s%s", outcome_name(first),
	    i < mappings ? ", " : "",
	    i < mappings ? outcome_name(answer->results[i].outcome) : "");
	return text;
}

/* Lets the child send its message, and then say that it can be seen, for which
 * the helper waits before it answers. */
static bool
pass_plan(struct hijack *h)
{
	struct msghdr plan = h->header;
	struct iovec vector = h->vector;
	bool passed = next_stop(h->child);

	if (passed && advance_to_send(h))
		passed = next_stop(h->child);
	h->header = plan;
	h->vector = vector;
	return passed;
}

/* A helper that has not dropped yet may be slow; later, it is silent. */
static void
await_drop(pid_t helper)
{
	const long long end = microseconds() + PATIENCE * 1000LL;

	while (capabilities_of(helper) != 0 && microseconds() < end)
		milliseconds_pass(1);
}

/* After the forged send, looks at the answer without taking it. */
static const char *
await_answer(struct hijack *h)
{
	struct pollfd channel = {.fd = h->channel, .events = POLLIN};
	struct answer answer;
	ssize_t length;

	if (!pass_plan(h))
		return "child gone";
	if (h->no_plan)
		await_drop(h->helper);
	if (poll(&channel, 1, h->no_plan ? SILENCE : PATIENCE) != 1)
		return "none";
	length = recv(h->channel, &answer, sizeof(answer),
	    MSG_PEEK | MSG_DONTWAIT);
	if (length <= 0)
		return "end";
	return describe_answer(&answer, h->mappings);
}

/* Lets the child receive the answer, and rewrites it to success in all. */
static void
ignore_answer(struct hijack *h)
{
	struct __ptrace_syscall_info info;
	struct answer answer;
	struct msghdr header;
	struct iovec vector;
	size_t i;

	do {
		if (!next_stop(h->child))
			errx(2, "no answer is received");
		info = stopped_at(h->child);
	} while (info.op != PTRACE_SYSCALL_INFO_ENTRY ||
	    info.entry.nr != SYS_recvmsg);
	if (!next_stop(h->child))
		errx(2, "no answer is received");
	copy_memory(h->child, info.entry.args[1], &header, sizeof(header),
	    false);
	copy_memory(h->child, (uintptr_t)header.msg_iov, &vector,
	    sizeof(vector), false);
	copy_memory(h->child, (uintptr_t)vector.iov_base, &answer,
	    sizeof(answer), false);
	for (i = 0; i < PLAN_MAPPINGS_MAX; i++)
		answer.results[i].outcome = OUTCOME_READY;
	copy_memory(h->child, (uintptr_t)vector.iov_base, &answer,
	    sizeof(answer), true);
}

static bool
take_prefix(const char **name, const char *prefix)
{
	const size_t length = strlen(prefix);

	if (strncmp(*name, prefix, length) != 0)
		return false;
	*name += length;
	return true;
}

static void
forge_offer(struct hijack *h, const struct offer_forgery *offer, bool preload)
{
	if (!pass_plan(h) || !advance_to_send(h))
		errx(2, "no offer comes");
	offer->forge(h, offer->argument);
	if (preload)
		forge_kind(h, OFFER_PRELOAD);
}

/*
 * usage: forge [check:][ignore:][preload:]NAME [PORT].  With "check:" it is the
 * plan of --check; with "ignore:" the child takes any answer for success; with
 * "preload:" an offer claims to be of that kind.  PORT is looked for.
 */
int
attack_forge(char **arguments)
{
	const struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
	const char *name = arguments[0], *answer = "none";
	const uint16_t port = arguments[1] == NULL
	    ? 0
	    : (uint16_t)atoi(arguments[1]);
	const char *option = take_prefix(&name, "check:") ? "--check" : "-q";
	const bool ignore = take_prefix(&name, "ignore:");
	const bool preload = take_prefix(&name, "preload:");
	const struct offer_forgery *offer = find_offer(name);
	unsigned long long before, held;
	bool bound, listed;
	struct hijack h;
	char ended[32];

	/* A process that dies of a signal leaves a core, if it may. */
	setrlimit(RLIMIT_CORE, &limit);
	if (offer != NULL && offer->open != NULL)
		dup2(offer->open(), STDIN_FILENO);
	h = hijack(option);
	held = h.caught;
	before = capabilities_of(h.helper);
	if (offer != NULL) {
		forge_offer(&h, offer, preload);
		answer = "ready";
	} else if (!forge_plan(&h, name) && !forge_message(&h, name)) {
		errx(2, "there is no forgery '%s'", name);
	} else if (!h.silent) {
		answer = await_answer(&h);
		held |= capabilities_of(h.helper) | capabilities_of(h.child);
	}
	if (ignore)
		ignore_answer(&h);
	bound = port_bound(TELLTALE);
	listed = port != 0 && port_listed(port);
	release(&h);
	await_helper(&h, ended);
	end_all();
	printf("before %llx; answer %s; capabilities %llx; pool %s; ended %s; "
	       "port %d; ",
	    before, answer, held, bound ? "bound" : "free", ended,
	    take_report(h.report));
	if (port != 0)
		printf("%u %s; ", port, port_state(listed));
	printf("then ");
	return print_rest();
}
