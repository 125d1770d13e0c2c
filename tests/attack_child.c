/* SPDX-License-Identifier: ISC */
/*
 * usage: attack_child forge FORGERY [PORT] | steps PORT | reach | seize |
 *            storm COUNT PORT | squeeze COUNT PORT | traced PORT | fake |
 *            watch COMMAND... | during PORT COMMAND... | bound PORT |
 *            core PORT COMMAND... | after | starve | share COMMAND... |
 *            catch COMMAND... | report DESCRIPTOR | serve PORT
 *
 * What an ordinary user can do to $LOWPORT, which has a file capability, while
 * it starts and while it runs; each prints what came of it (attack.bats).
 *
 * The hijack is of $ATTACKABLE, whose child is dumpable and waits a while before
 * it sends its plan (attackable.c).  There it is seized, stopped before
 * sendmsg(2), and what it sends rewritten in its memory.  $LOWPORT's cannot be
 * (catch): with -u, and an environment of 150,000 variables, it is busy for a
 * while between becoming the user and sending its plan, and hidden.
 *
 * Of the public ports, tests/policy denies 666 alone.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "channel.h"
#include "plan.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* Ordinary ports tell whether the pool is bound: a bind(2) of another's needs
 * no capability, and fails without SO_REUSEADDR where a socket of the pool is
 * bound, listening or not. */
#define TELLTALE      20443
#define TELLTALE_TEXT "20443:9443"

#define VARIABLES   150000 /* of the environment that slows the child down */
#define CATCHES     40     /* how often the hijack is tried */
#define PATIENCE    20000  /* milliseconds for what should come at once */
#define SILENCE     300    /* after which none will come, to what is no plan */
#define DENIED      666    /* the port tests/policy denies */
#define NOBODY      65534  /* an ordinary user, and his group */
#define SERVER_SELF "build/attack_child"

static const char *lowport, *attackable;
static volatile pid_t running; /* the helper, for the alarm */
static volatile pid_t hostage; /* its child */

static long long
microseconds(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000LL + time.tv_nsec / 1000;
}

static void
milliseconds_pass(long count)
{
	struct timespec time = {count / 1000, count % 1000 * 1000000};

	nanosleep(&time, NULL);
}

static void
out_of_time(int signal)
{
	(void)signal;
	if (hostage > 0)
		kill(hostage, SIGKILL);
	if (running > 0)
		kill(running, SIGKILL);
	_exit(124);
}

/* ---- What can be seen of a process. */

static bool
status_text(pid_t pid, char *text, size_t size)
{
	char path[64];
	ssize_t length;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	length = read(fd, text, size - 1);
	close(fd);
	text[length < 0 ? 0 : length] = '\0';
	return length > 0;
}

static unsigned long long
status_number(const char *text, const char *key, int base)
{
	const char *line = strstr(text, key);

	return line == NULL ? 0 : strtoull(line + strlen(key), NULL, base);
}

static pid_t
parent_of(pid_t pid)
{
	char text[4096];

	if (!status_text(pid, text, sizeof(text)))
		return -1;
	return (pid_t)status_number(text, "\nPPid:", 10);
}

/* Everything a process holds, or could pass on by exec. */
static unsigned long long
capabilities_of(pid_t pid)
{
	char text[4096];

	if (pid <= 0 || !status_text(pid, text, sizeof(text)))
		return 0;
	return status_number(text, "\nCapInh:", 16) |
	    status_number(text, "\nCapPrm:", 16) |
	    status_number(text, "\nCapEff:", 16) |
	    status_number(text, "\nCapAmb:", 16);
}

static void
each_process(void (*visit)(pid_t, void *), void *argument)
{
	DIR *directory = opendir("/proc");
	struct dirent *entry;

	if (directory == NULL)
		err(2, "/proc");
	while ((entry = readdir(directory)) != NULL)
		if (atoi(entry->d_name) > 0)
			visit(atoi(entry->d_name), argument);
	closedir(directory);
}

struct child {
	pid_t parent, pid;
};

static void
visit_child(pid_t pid, void *argument)
{
	struct child *child = argument;

	if (parent_of(pid) == child->parent)
		child->pid = pid;
}

static pid_t
child_of(pid_t parent)
{
	struct child child = {parent, -1};

	each_process(visit_child, &child);
	return child.pid;
}

static void
visit_capable(pid_t pid, void *argument)
{
	unsigned int *count = argument;
	char text[4096];

	if (status_text(pid, text, sizeof(text)) &&
	    status_number(text, "\nUid:", 10) == getuid() &&
	    capabilities_of(pid) != 0)
		++*count;
}

/* How many processes of this user hold any capability. */
static unsigned int
count_capable(void)
{
	unsigned int count = 0;

	each_process(visit_capable, &count);
	return count;
}

static int
bind_port(uint16_t port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	    .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	close(fd);
	return -1;
}

static bool
port_bound(uint16_t port)
{
	int fd = bind_port(port);

	if (fd < 0)
		return errno == EADDRINUSE;
	close(fd);
	return false;
}

static bool
port_listens(uint16_t port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	    .sin_port = htons(port),
	    .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool listens = connect(fd, (struct sockaddr *)&address,
			   sizeof(address)) == 0;

	close(fd);
	return listens;
}

/* States of include/net/tcp_states.h. */
#define STATE_LISTEN 10
#define STATE_BOUND  13 /* bound only */

/* True when a message lists a socket at the port; the kernel's own selection by
 * port leaves those out that are bound only.  *more is false at the end. */
static bool
message_lists(const char *bytes, ssize_t length, uint16_t port, bool *more)
{
	const struct nlmsghdr *m = (const void *)bytes;
	const struct inet_diag_msg *socket;
	bool listed = false;

	*more = length > 0;
	for (; NLMSG_OK(m, length); m = NLMSG_NEXT(m, length)) {
		*more = m->nlmsg_type == SOCK_DIAG_BY_FAMILY;
		socket = NLMSG_DATA(m);
		listed |= *more && socket->id.idiag_sport == htons(port);
	}
	return listed;
}

/* Whether sock_diag(7) lists a TCP socket of the family at the port, one that
 * is bound only included (those since Linux 6.8). */
static bool
diag_lists(int family, uint16_t port)
{
	struct {
		struct nlmsghdr header;
		struct inet_diag_req_v2 request;
	} message = {
	    .header = {.nlmsg_len = sizeof(message),
		.nlmsg_type = SOCK_DIAG_BY_FAMILY,
		.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
	    .request = {.sdiag_family = (uint8_t)family,
		.sdiag_protocol = IPPROTO_TCP,
		.idiag_states = 1 << STATE_LISTEN | 1 << STATE_BOUND},
	};
	char bytes[16384] __attribute__((aligned(NLMSG_ALIGNTO)));
	int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC,
	    NETLINK_SOCK_DIAG);
	bool listed = false, more = true;

	if (netlink < 0 || send(netlink, &message, sizeof(message), 0) < 0)
		err(2, "sock_diag");
	while (more)
		listed |= message_lists(bytes,
		    recv(netlink, bytes, sizeof(bytes), 0), port, &more);
	close(netlink);
	return listed;
}

static bool
diag_lists_bound_only(void)
{
	struct sockaddr_in address = {0};
	socklen_t length = sizeof(address);
	int fd = bind_port(0);
	bool listed;

	if (getsockname(fd, (struct sockaddr *)&address, &length) != 0)
		err(2, "a port");
	listed = diag_lists(AF_INET, ntohs(address.sin_port));
	close(fd);
	return listed;
}

static bool
port_listed(uint16_t port)
{
	return diag_lists(AF_INET, port) || diag_lists(AF_INET6, port);
}

/* Of a port that only the capability binds: no bind(2) of ours can tell. */
static const char *
port_state(bool listed)
{
	return listed ? "bound" : diag_lists_bound_only() ? "free" : "unseen";
}

static void
await_port(uint16_t port)
{
	int patience = PATIENCE;

	while (!port_listens(port) && patience-- > 0)
		milliseconds_pass(1);
	if (patience < 0)
		errx(2, "nothing listens at %u", port);
}

/* ---- Starting and ending. */

static char **
slow_environment(void)
{
	static char variable[] = "A=", method[] = "LOWPORT_METHOD=notify";
	char **environment = calloc(VARIABLES + 1, sizeof(*environment));
	size_t i;

	for (i = 0; i < VARIABLES; i++)
		environment[i] = variable;
	/* What is offered is tried then, by the process that offers it. */
	environment[0] = method;
	return environment;
}

/* Starts a program; the pid is that of an exec that has happened. */
static pid_t
start(char **arguments, char **environment)
{
	int started[2];
	char byte;
	pid_t pid;

	if (pipe2(started, O_CLOEXEC) != 0)
		err(2, "pipe");
	pid = fork();
	if (pid == 0) {
		/* On a busy machine, the attacker comes first. */
		setpriority(PRIO_PROCESS, 0, 10);
		execvpe(arguments[0], arguments, environment);
		_exit(127);
	}
	close(started[1]);
	/* It ends when exec closes it. */
	if (read(started[0], &byte, 1) != 0)
		err(2, "%s", arguments[0]);
	close(started[0]);
	return running = pid;
}

/* Waits a while for a child of ours.  False: it hangs. */
static bool
await_end(pid_t pid, int *status, int patience)
{
	long long end = microseconds() + patience * 1000LL;

	do {
		if (waitpid(pid, status, WNOHANG) == pid)
			return true;
		milliseconds_pass(1);
	} while (microseconds() < end);
	return false;
}

/* Kills and reaps whatever is left; orphans have become ours. */
static void
end_all(void)
{
	pid_t pid;

	while ((pid = child_of(getpid())) > 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, __WALL);
	}
	running = 0;
}

static void
describe_status(int status, char text[32])
{
	if (WIFEXITED(status))
		snprintf(text, 32, "%d", WEXITSTATUS(status));
	else
		snprintf(text, 32, "signal %d%s", WTERMSIG(status),
		    WCOREDUMP(status) ? ", core" : "");
}

/* Returns where to read what a server reports to the descriptor named. */
static int
open_report(char name[16])
{
	int ends[2];

	if (pipe2(ends, O_NONBLOCK) != 0)
		err(2, "pipe");
	fcntl(ends[0], F_SETFD, FD_CLOEXEC);
	snprintf(name, 16, "%d", ends[1]);
	return ends[0];
}

/* The port it reported, 0 if it did not. */
static int
take_report(int report)
{
	char text[16] = "";

	if (read(report, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	close(report);
	return atoi(text);
}

/* ---- The hijack. */

struct hijack {
	pid_t helper, child;
	int report;  /* where the server, if one runs, writes its port */
	int channel; /* the child's end, a duplicate */
	unsigned long long message;
	struct msghdr header;
	struct iovec vector;       /* of what it is about to send */
	unsigned long long caught; /* the child's capabilities, then */
	unsigned int mappings;     /* of the plan */
	bool no_plan;              /* but something else, without an answer */
	bool kill;                 /* it sends nothing, ever */
};

static bool
next_stop(pid_t child)
{
	int status;

	return ptrace(PTRACE_SYSCALL, child, 0, 0) == 0 &&
	    waitpid(child, &status, __WALL) == child && WIFSTOPPED(status);
}

static struct __ptrace_syscall_info
stopped_at(pid_t child)
{
	struct __ptrace_syscall_info info = {.op = PTRACE_SYSCALL_INFO_NONE};

	ptrace(PTRACE_GET_SYSCALL_INFO, child, sizeof(info), &info);
	return info;
}

static void
copy_memory(pid_t child, unsigned long long address, void *bytes, size_t size,
    bool write)
{
	struct iovec here = {bytes, size},
		     there = {(void *)(uintptr_t)address, size};
	ssize_t copied = write
	    ? process_vm_writev(child, &here, 1, &there, 1, 0)
	    : process_vm_readv(child, &here, 1, &there, 1, 0);

	if (copied != (ssize_t)size)
		err(2, "memory of the child");
}

/* On to where the child is about to call sendmsg; false if it does something
 * else that ends a step of the protocol first. */
static bool
advance_to_send(struct hijack *h)
{
	struct __ptrace_syscall_info info;

	do {
		if (!next_stop(h->child))
			return false;
		info = stopped_at(h->child);
		if (info.op == PTRACE_SYSCALL_INFO_ENTRY &&
		    (info.entry.nr == SYS_exit_group ||
			info.entry.nr == SYS_execve))
			return false;
	} while (info.op != PTRACE_SYSCALL_INFO_ENTRY ||
	    info.entry.nr != SYS_sendmsg);
	h->message = info.entry.args[1];
	copy_memory(h->child, h->message, &h->header, sizeof(h->header), false);
	copy_memory(h->child, (uintptr_t)h->header.msg_iov, &h->vector,
	    sizeof(h->vector), false);
	if (h->channel < 0)
		h->channel = (int)syscall(SYS_pidfd_getfd,
		    syscall(SYS_pidfd_open, h->child, 0), info.entry.args[0],
		    0);
	return true;
}

/* EPERM until the child shows itself, ESRCH until it is there. */
static bool
seize_child(struct hijack *h)
{
	int status;

	h->child = hostage = h->helper + 1;
	while (ptrace(PTRACE_SEIZE, h->child, 0, PTRACE_O_TRACESYSGOOD) != 0)
		if (waitpid(h->helper, &status, WNOHANG) != 0)
			return false;
	h->caught = capabilities_of(h->child);
	return parent_of(h->child) == h->helper &&
	    ptrace(PTRACE_INTERRUPT, h->child, 0, 0) == 0 &&
	    waitpid(h->child, &status, __WALL) == h->child &&
	    WIFSTOPPED(status);
}

/* A tracer reaps before a parent can. */
static void
release(struct hijack *h)
{
	if (h->kill) {
		kill(h->child, SIGKILL);
		waitpid(h->child, NULL, __WALL);
	}
	if (h->channel >= 0)
		close(h->channel);
	h->channel = -1;
	ptrace(PTRACE_DETACH, h->child, 0, 0);
}

static struct hijack
hijack(char **environment, const char *option)
{
	char user[16], report[16];
	char *arguments[] = {(char *)attackable, (char *)option, "-u", user,
	    "-p", TELLTALE_TEXT, "-p", "443:8443", "--", SERVER_SELF, "report",
	    report, NULL};
	struct hijack h;
	int i;

	snprintf(user, sizeof(user), "%u", getuid());
	for (i = 0; i < CATCHES; i++) {
		h = (struct hijack){.channel = -1, .mappings = 2};
		h.report = open_report(report);
		h.helper = start(arguments, environment);
		close(atoi(report));
		if (seize_child(&h) && advance_to_send(&h) &&
		    h.vector.iov_len == sizeof(struct plan))
			return h;
		end_all();
		close(h.report);
	}
	errx(2, "the child could not be caught in %d attempts", CATCHES);
}

/* ---- Forgeries.  A plan's are pokes: bytes at an offset. */

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

/* The descriptors' header goes into mappings of the plan that do not count. */
static void
attach_descriptors(struct hijack *h, size_t count)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int) * 253)];
	} control;
	char *there = (char *)h->vector.iov_base +
	    offsetof(struct plan, mappings[20]);

	/* Of descriptor 0, all of them.  (An initializer of a union leaves what
	 * is beyond its first member as it is, since gcc 15.) */
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

/* As many as there can be; the last, and no other, is the port. */
static void
crowd(struct hijack *h, uint16_t port)
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
	plan.mappings[i - 1].public_port = port;
	h->mappings = PLAN_MAPPINGS_MAX;
	copy_memory(h->child, (uintptr_t)h->vector.iov_base, &plan,
	    sizeof(plan), true);
}

static void
send_copies(struct hijack *h, int count, uint16_t port)
{
	struct plan plan;

	copy_memory(h->child, (uintptr_t)h->vector.iov_base, &plan,
	    sizeof(plan), false);
	plan.mappings[1].public_port = port;
	/* The helper may have had the second already, and closed the channel. */
	while (count-- > 0)
		if (send(h->channel, &plan, sizeof(plan),
			MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
			if (errno != EPIPE)
				err(2, "send");
			return;
		}
}

/* Two plans: one with the first port, then the child's own, with the second. */
static void
send_first(struct hijack *h, uint16_t first, uint16_t second)
{
	send_copies(h, 1, first);
	copy_memory(h->child,
	    (uintptr_t)h->vector.iov_base +
		offsetof(struct plan, mappings[1].public_port),
	    &second, sizeof(second), true);
}

static bool
forge_message(struct hijack *h, const char *name)
{
	const size_t size = sizeof(struct plan);

	if (strcmp(name, "short-by-one") == 0)
		resize(h, size - 1);
	else if (strcmp(name, "short-header") == 0)
		resize(h, offsetof(struct plan, mappings));
	else if (strcmp(name, "one-byte") == 0)
		resize(h, 1);
	else if (strcmp(name, "empty") == 0)
		resize(h, 0);
	else if (strcmp(name, "long-by-one") == 0)
		resize(h, size + 1);
	else if (strcmp(name, "long-by-64k") == 0)
		resize(h, size + 65536);
	else if (strcmp(name, "descriptor") == 0)
		attach_descriptors(h, 1);
	else if (strcmp(name, "descriptors-253") == 0)
		attach_descriptors(h, 253);
	else if (strcmp(name, "twice") == 0)
		send_copies(h, 1, 443);
	else if (strcmp(name, "ten-times") == 0)
		send_copies(h, 9, 443);
	else if (strcmp(name, "second-denied") == 0)
		send_first(h, 443, DENIED);
	else if (strcmp(name, "first-denied") == 0)
		send_first(h, DENIED, 443);
	else if (strcmp(name, "crowd") == 0)
		crowd(h, 444);
	else if (strcmp(name, "crowd-denied") == 0)
		crowd(h, DENIED);
	else if (strcmp(name, "end") == 0)
		shutdown(h->channel, SHUT_WR);
	else if (strcmp(name, "silence") == 0)
		h->kill = true;
	else
		return false;
	return true;
}

/* An offer's forgery: what it carries instead of the listener. */
static void
carry(struct hijack *h, const int *fds, size_t count)
{
	struct {
		struct cmsghdr header;
		int fds[2];
	} control = {.header = {.cmsg_len = CMSG_LEN(sizeof(int) * count),
			 .cmsg_level = SOL_SOCKET,
			 .cmsg_type = SCM_RIGHTS}};

	memcpy(control.fds, fds, sizeof(int) * count);
	copy_memory(h->child, (uintptr_t)h->header.msg_control, &control,
	    CMSG_SPACE(sizeof(int) * count), true);
	h->header.msg_controllen = count == 0 ? 0
					      : CMSG_SPACE(sizeof(int) * count);
	rewrite_message(h);
}

static bool
forge_offer(struct hijack *h, const char *name)
{
	static const int fds[] = {STDIN_FILENO, STDOUT_FILENO};

	if (strcmp(name, "offer-genuine") == 0)
		return true;
	if (strcmp(name, "offer-of-nothing") == 0)
		carry(h, fds, 0);
	else if (strcmp(name, "offer-of-two") == 0)
		carry(h, fds, 2);
	else if (strcmp(name, "offer-empty") == 0)
		resize(h, 0);
	else if (strcmp(name, "offer-long") == 0)
		resize(h, 2 * sizeof(struct offer));
	else if (strncmp(name, "offer-of-", 9) == 0)
		carry(h, fds, 1);
	else
		return false;
	return true;
}

/* What it says it is. */
static void
forge_kind(struct hijack *h, uint32_t kind)
{
	copy_memory(h->child,
	    (uintptr_t)h->vector.iov_base + offsetof(struct offer, kind), &kind,
	    sizeof(kind), true);
}

/* Installs a filter; with the flag, returns its listener. */
static int
install_filter(struct sock_filter *filter, size_t length, unsigned int flags)
{
	struct sock_fprog program = {(unsigned short)length, filter};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		err(2, "no_new_privs");
	return (
	    int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

/* The listener of a process that asks for port 8443 itself. */
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

/* Descriptor 0, which the forged offer carries. */
static void
prepare_stdin(const char *name)
{
	int ends[2], fd = -1;

	if (strcmp(name, "offer-of-pipe") == 0 && pipe(ends) == 0)
		fd = ends[0];
	else if (strcmp(name, "offer-of-file") == 0)
		fd = open("/etc/passwd", O_RDONLY);
	else if (strcmp(name, "offer-of-device") == 0)
		fd = open("/dev/zero", O_RDWR);
	else if (strcmp(name, "offer-of-socket") == 0 &&
	    socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0)
		fd = ends[0];
	else if (strcmp(name, "offer-of-another") == 0)
		fd = foreign_listener();
	if (fd >= 0)
		dup2(fd, STDIN_FILENO);
}

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

/* What came of the first mapping, and of the first that fared otherwise. */
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

/* Lets the child send what it stands before, and then that it can be seen,
 * for which the helper waits with its answer. */
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

/* Before that, a helper is not silent, but slow. */
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

/* Lets the child receive the answer, and find success in all of it. */
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

static void
await_helper(struct hijack *h, char ended[32])
{
	int status;

	if (await_end(h->helper, &status, PATIENCE)) {
		describe_status(status, ended);
		return;
	}
	strcpy(ended, "hang");
	kill(h->child, SIGKILL);
	if (!await_end(h->helper, &status, PATIENCE))
		strcpy(ended, "hang for ever");
}

/* What nothing may have left behind. */
static int
after(void)
{
	bool left = port_bound(TELLTALE) || port_listed(DENIED);

	printf("%u capable, pool %s\n", count_capable(),
	    left ? "bound" : "free");
	return 0;
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

/* A forgery's name: "check:" is one of --check, in "ignore:" the child takes
 * any answer for success.  A port other than 0 is looked for. */
static int
forge(const char *name, uint16_t port)
{
	const struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
	const char *option = take_prefix(&name, "check:") ? "--check" : "-q";
	const bool ignore = take_prefix(&name, "ignore:");
	const bool preload = take_prefix(&name, "preload:");
	const bool offer = strncmp(name, "offer-", 6) == 0;
	unsigned long long before, held;
	const char *answer = "none";
	bool bound, listed;
	struct hijack h;
	char ended[32];

	/* Whoever dies of a signal here shall leave a core, if he may. */
	setrlimit(RLIMIT_CORE, &limit);
	prepare_stdin(name);
	h = hijack(slow_environment(), option);
	held = h.caught;
	before = capabilities_of(h.helper);
	if (offer) {
		if (!pass_plan(&h) || !advance_to_send(&h) ||
		    !forge_offer(&h, name))
			errx(2, "no offer '%s'", name);
		if (preload)
			forge_kind(&h, OFFER_PRELOAD);
		answer = "ready";
	} else if (strcmp(name, "crash") == 0) {
		kill(h.helper, SIGSEGV);
	} else if (!forge_plan(&h, name) && !forge_message(&h, name)) {
		errx(2, "no forgery '%s'", name);
	} else if (!h.kill) {
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
	return after();
}

/* ---- Reaching into the helper and the server. */

static void
report_reach(const char *what, long result)
{
	printf(" %s %s", what, result >= 0 ? "ok" : strerrorname_np(errno));
}

static int
open_proc(pid_t pid, const char *file, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	return open(path, flags | O_CLOEXEC);
}

static long
reach_memory(pid_t pid)
{
	char byte;
	struct iovec here = {&byte, 1}, there = {NULL, 1};

	/* Nothing is at NULL: who may look is told so. */
	return process_vm_writev(pid, &here, 1, &there, 1, 0) < 0 &&
		errno != EFAULT
	    ? -1
	    : 0;
}

static void
reach_process(const char *name, pid_t pid)
{
	long result;

	printf("%s:", name);
	report_reach("mem", open_proc(pid, "mem", O_RDWR));
	report_reach("environ", open_proc(pid, "environ", O_RDONLY));
	report_reach("fd", open_proc(pid, "fd", O_RDONLY | O_DIRECTORY));
	report_reach("writev", reach_memory(pid));
	report_reach("getfd",
	    syscall(SYS_pidfd_getfd, syscall(SYS_pidfd_open, pid, 0), 0, 0));
	result = ptrace(PTRACE_SEIZE, pid, 0, 0);
	report_reach("seize", result);
	printf("\n");
}

static int
reach(void)
{
	char *arguments[] = {(char *)lowport, "-q", "-p", "443:8443", "--",
	    SERVER_SELF, "serve", "8443", NULL};
	pid_t helper = start(arguments, environ);

	await_port(443);
	reach_process("server", child_of(helper));
	reach_process("helper", helper);
	end_all();
	return 0;
}

/* The helper at every moment of its start. */
static int
seize(void)
{
	char *arguments[] = {(char *)lowport, "-q", "-p", "443:8443", "--",
	    "true", NULL};
	unsigned long tries = 0, seized = 0;
	pid_t helper = start(arguments, environ);
	int status;

	for (; waitpid(helper, &status, WNOHANG) == 0; tries++)
		if (ptrace(PTRACE_SEIZE, helper, 0, 0) == 0)
			seized++;
	end_all();
	printf("tried %s, seized %lu\n", tries > 10 ? "often" : "seldom",
	    seized);
	return 0;
}

/* How many of the ways into the helper are open. */
static unsigned int
ways_into(pid_t helper)
{
	const int mem = open_proc(helper, "mem", O_RDWR),
		  pidfd = (int)syscall(SYS_pidfd_open, helper, 0),
		  fd = (int)syscall(SYS_pidfd_getfd, pidfd, 0, 0);
	const bool seized = ptrace(PTRACE_SEIZE, helper, 0, 0) == 0;
	unsigned int ways = (mem >= 0) + (fd >= 0) + seized +
	    (reach_memory(helper) == 0);

	if (seized)
		ptrace(PTRACE_DETACH, helper, 0, 0);
	close(mem);
	close(pidfd);
	close(fd);
	return ways;
}

/* The child, from its plan for this port on, system call by system call: at
 * each of them, what it and the helper can be had for. */
static int
steps(uint16_t port)
{
	struct hijack h = hijack(slow_environment(), "-q");
	unsigned int count = 0, into_child = 0, into_helper = 0;
	unsigned long long held = h.caught;
	bool listed = false;
	char ended[32];

	copy_memory(h.child,
	    (uintptr_t)h.vector.iov_base +
		offsetof(struct plan, mappings[1].public_port),
	    &port, sizeof(port), true);
	for (; next_stop(h.child); count++) {
		into_child += ways_into(h.child) != 0;
		into_helper += ways_into(h.helper) != 0;
		held |= capabilities_of(h.child);
		listed |= port_listed(port);
	}
	release(&h);
	await_helper(&h, ended);
	end_all();
	printf("%s steps; into the child %s, the helper %u; capabilities %llx; "
	       "%u %s; port %d; ended %s; then ",
	    count > 5 ? "many" : "few",
	    into_child + 1 >= count ? "always" : "not always", into_helper,
	    held, port, port_state(listed), take_report(h.report), ended);
	return after();
}

/* What can be had of the child by others of its user; 2 is err(3)'s. */
enum catch { CATCH_PLAN, CATCH_LATER, CATCH_FAILED, CATCH_NOTHING };

/* One attempt.  Where root starts the command, who tries is not root: a parent
 * of it all the same, as Yama would have him. */
static enum catch catch_child(char **command)
{
	struct hijack h = {.channel = -1};

	h.helper = start(command, slow_environment());
	if (getuid() == 0 &&
	    (setgroups(0, NULL) != 0 ||
		setresgid(NOBODY, NOBODY, NOBODY) != 0 ||
		setresuid(NOBODY, NOBODY, NOBODY) != 0))
		err(2, "cannot become nobody");
	if (!seize_child(&h))
		return CATCH_NOTHING;
	return advance_to_send(&h) && h.vector.iov_len == sizeof(struct plan)
	    ? CATCH_PLAN
	    : CATCH_LATER;
}

static int
catch_children(char **command)
{
	unsigned int counts[CATCH_NOTHING + 1] = {0};
	int i, status;
	pid_t pid;

	for (i = 0; i < CATCHES / 2 && counts[CATCH_PLAN] == 0; i++) {
		pid = running = fork();
		if (pid == 0)
			_exit(catch_child(command));
		waitpid(pid, &status, 0);
		if (!WIFEXITED(status) || WEXITSTATUS(status) > CATCH_NOTHING ||
		    WEXITSTATUS(status) == CATCH_FAILED)
			errx(2, "an attempt failed");
		counts[WEXITSTATUS(status)]++;
		end_all();
	}
	printf("before its plan %s, later %s\n",
	    counts[CATCH_PLAN] > 0 ? "caught" : "never",
	    counts[CATCH_LATER] > 0 ? "caught" : "never");
	fprintf(stderr, "plan %u, later %u, nothing %u\n", counts[CATCH_PLAN],
	    counts[CATCH_LATER], counts[CATCH_NOTHING]);
	return 0;
}

/* ---- Signals and limits at all moments. */

struct storm {
	void (*strike)(unsigned int kind, pid_t helper);
	uint16_t port; /* of a mapping PORT:8443 */
	unsigned int wrong, hung, capable, bound, served, ended;
};

static pid_t
child_if_there(pid_t helper)
{
	return parent_of(helper + 1) == helper ? helper + 1 : -1;
}

static void
strike(unsigned int kind, pid_t helper)
{
	pid_t child = child_if_there(helper);
	/* Never kill(-1, ...). */
	pid_t some = child > 0 ? child : helper;

	switch (kind) {
	case 0:
		kill(some, SIGKILL);
		break;
	case 1:
		kill(helper, SIGKILL);
		break;
	case 2:
		kill(some, SIGSTOP);
		kill(helper, SIGKILL);
		kill(some, SIGCONT);
		break;
	case 3:
		kill(helper, SIGSTOP);
		kill(some, SIGKILL);
		kill(helper, SIGCONT);
		break;
	default:
		kill(helper, SIGSTOP);
		kill(some, SIGSTOP);
		milliseconds_pass(1);
		kill(some, SIGCONT);
		kill(helper, SIGCONT);
	}
}

/* The helper's limits are its user's to lower, and what was lowered softly to
 * raise again. */
static void
squeeze_helper(unsigned int kind, pid_t helper)
{
	static const int resources[] = {RLIMIT_NOFILE, RLIMIT_AS, RLIMIT_DATA,
	    RLIMIT_FSIZE, RLIMIT_STACK};
	const int resource = resources[kind % LENGTH(resources)];
	struct rlimit old, none;

	if (prlimit(helper, resource, NULL, &old) != 0)
		return;
	none = (struct rlimit){4, old.rlim_max};
	prlimit(helper, resource, &none, NULL);
	milliseconds_pass(1);
	prlimit(helper, resource, &old, NULL);
}

static bool
await_all(void)
{
	long long end = microseconds() + PATIENCE * 1000LL;

	while (microseconds() < end) {
		if (waitpid(-1, NULL, WNOHANG) < 0)
			return true;
		milliseconds_pass(1);
	}
	return false;
}

static void
storm_once(struct storm *s, unsigned int kind, long long delay)
{
	char report[16], mapping[16];
	char *arguments[] = {(char *)lowport, "-q", "-p", TELLTALE_TEXT, "-p",
	    mapping, "--", SERVER_SELF, "report", report, NULL};
	int reported = open_report(report), port;
	pid_t helper;
	long long at;

	snprintf(mapping, sizeof(mapping), "%u:8443", s->port);
	helper = start(arguments, environ);
	close(atoi(report));
	for (at = microseconds() + delay; microseconds() < at;)
		continue;
	s->strike(kind, helper);
	s->bound += port_listed(DENIED);
	if (!await_all()) {
		s->hung++;
		end_all();
	}
	port = take_report(reported);
	s->ended += port == 0;
	s->served += port == s->port;
	s->wrong += port != 0 && port != s->port;
	s->capable += count_capable();
	s->bound += port_bound(TELLTALE) || port_listed(DENIED);
}

static void
leave_alone(unsigned int kind, pid_t helper)
{
	(void)kind;
	(void)helper;
}

static int
storm(unsigned int count, uint16_t port,
    void (*strike_each)(unsigned int, pid_t))
{
	struct storm s = {leave_alone, port};
	long long span = LLONG_MAX, begun;
	unsigned int i;

	/* The first ones are left alone.  The shortest has the time of a start:
	 * others of the machine may hold one up. */
	for (i = 0; i < 5; i++) {
		begun = microseconds();
		storm_once(&s, 0, 0);
		begun = microseconds() - begun;
		if (begun < span)
			span = begun;
	}
	span = span * 3 / 2;
	s.strike = strike_each;
	for (i = 0; i < count; i++)
		storm_once(&s, i % 5, span * i / count);
	printf("wrong port %u, hung %u, capable %u, bound %u\n%s, %s\n",
	    s.wrong, s.hung, s.capable, s.bound,
	    s.served > count / 20 ? "some served" : "none served",
	    s.ended > count / 20 ? "some ended" : "none ended");
	fprintf(stderr, "served %u, ended %u, span %lld us\n", s.served,
	    s.ended, span);
	return 0;
}

/* ---- Other ways. */

/* The union of the capabilities of a command and its child, as it runs. */
static int
watch(char **command)
{
	unsigned long long held = 0;
	pid_t pid = start(command, environ);
	int status;

	while (waitpid(pid, &status, WNOHANG) == 0)
		held |= capabilities_of(pid) |
		    capabilities_of(child_if_there(pid));
	printf("held %llx\n", held);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static int
core(uint16_t port, char **command)
{
	struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
	char text[32];
	int status;
	pid_t pid;

	setrlimit(RLIMIT_CORE, &limit);
	if (chdir(getenv("TMPDIR")) != 0)
		err(2, "TMPDIR");
	pid = start(command, environ);
	await_port(port);
	kill(pid, SIGSEGV);
	waitpid(pid, &status, 0);
	describe_status(status, text);
	end_all();
	printf("%s\n", text);
	return 0;
}

/* Whether a port is ever bound while a command runs. */
static int
during(uint16_t port, char **command)
{
	bool listed = false;
	pid_t pid = start(command, environ);
	int status;

	while (waitpid(pid, &status, WNOHANG) == 0)
		listed |= port_listed(port);
	printf("%u %s\n", port, port_state(listed));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

/* Executed by one who shares his root and working directory with another. */
static int
share(char **command)
{
	char before[4096], now[4096];
	int status;
	pid_t pid;

	if (getcwd(before, sizeof(before)) == NULL)
		err(2, "getcwd");
	pid = (pid_t)syscall(SYS_clone, CLONE_FS | SIGCHLD, NULL, NULL, NULL,
	    NULL);

	if (pid == 0) {
		if (chdir("/dev") == 0)
			execvp(command[0], command);
		_exit(127);
	}
	running = pid;
	waitpid(pid, &status, 0);
	/* The control: they do share. */
	if (getcwd(now, sizeof(now)) == NULL || strcmp(before, now) == 0)
		errx(2, "nothing is shared");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

/* Executed by a tracer. */
static int
traced(const char *port)
{
	char mapping[16];
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		snprintf(mapping, sizeof(mapping), "%s:8443", port);
		execl(lowport, lowport, "-p", mapping, "true", NULL);
		_exit(127);
	}
	running = pid;
	while (waitpid(pid, &status, 0) == pid && WIFSTOPPED(status))
		ptrace(PTRACE_CONT, pid, 0, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

/* A filter that only pretends to drop: capset(2) and setresuid(2) "succeed". */
static int
fake(void)
{
	struct sock_filter filter[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_capset, 1, 0),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_setresuid, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};

	if (install_filter(filter, LENGTH(filter), 0) != 0)
		err(2, "seccomp");
	/* The control: it does pretend. */
	if (setresuid(0, 0, 0) != 0 || getuid() == 0)
		errx(2, "the filter pretends nothing");
	execl(lowport, lowport, "-p", "443:8443", "true", NULL);
	return 127;
}

/* The helper's limit of descriptors, lowered under it: same user, so allowed.
 * Then the server binds. */
static int
starve(void)
{
	struct rlimit limit = {3, 3};

	if (prlimit(getppid(), RLIMIT_NOFILE, &limit, NULL) != 0)
		err(2, "prlimit");
	if (bind_port(8443) < 0)
		printf("no port\n");
	else
		printf("%s\n", port_bound(8443) ? "8443" : "443");
	return 0;
}

/* Binds 8443 and writes what port that was to a descriptor. */
static int
report_port(int output)
{
	struct sockaddr_in address = {0};
	socklen_t length = sizeof(address);
	int fd = bind_port(8443);

	if (fd < 0 || listen(fd, 1) != 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &length) != 0)
		return 1;
	dprintf(output, "%u\n", ntohs(address.sin_port));
	return 0;
}

static int
serve(uint16_t port)
{
	int fd = bind_port(port);

	if (fd < 0 || listen(fd, 1) != 0)
		err(1, "port %u", port);
	pause();
	return 0;
}

static int
bound(uint16_t port)
{
	printf("%s\n", port_state(port_listed(port)));
	return 0;
}

static int
act(int argc, char **argv)
{
	const char *name = argv[1], *argument = argc > 2 ? argv[2] : "";
	const uint16_t port = argc > 3 ? (uint16_t)atoi(argv[3]) : 0;

	if (strcmp(name, "forge") == 0)
		return forge(argument, port);
	if (strcmp(name, "steps") == 0)
		return steps((uint16_t)atoi(argument));
	if (strcmp(name, "reach") == 0)
		return reach();
	if (strcmp(name, "seize") == 0)
		return seize();
	if (strcmp(name, "storm") == 0)
		return storm((unsigned int)atoi(argument), port, strike);
	if (strcmp(name, "squeeze") == 0)
		return storm((unsigned int)atoi(argument), port,
		    squeeze_helper);
	if (strcmp(name, "traced") == 0)
		return traced(argument);
	if (strcmp(name, "fake") == 0)
		return fake();
	if (strcmp(name, "starve") == 0)
		return starve();
	if (strcmp(name, "after") == 0)
		return after();
	if (strcmp(name, "watch") == 0)
		return watch(argv + 2);
	if (strcmp(name, "during") == 0)
		return during((uint16_t)atoi(argument), argv + 3);
	if (strcmp(name, "bound") == 0)
		return bound((uint16_t)atoi(argument));
	if (strcmp(name, "share") == 0)
		return share(argv + 2);
	if (strcmp(name, "catch") == 0)
		return catch_children(argv + 2);
	if (strcmp(name, "core") == 0)
		return core((uint16_t)atoi(argument), argv + 3);
	errx(2, "there is no attack '%s'", name);
}

int
main(int argc, char **argv)
{
	lowport = getenv("LOWPORT");
	attackable = getenv("ATTACKABLE");
	if (argc > 2 && strcmp(argv[1], "report") == 0)
		return report_port(atoi(argv[2]));
	if (argc > 2 && strcmp(argv[1], "serve") == 0)
		return serve((uint16_t)atoi(argv[2]));
	if (argc < 2 || lowport == NULL || attackable == NULL)
		errx(2,
		    "usage: attack_child ATTACK [ARGUMENT...], $LOWPORT, "
		    "$ATTACKABLE");
	/* Orphans come here, and nothing outlives its time. */
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	atexit(end_all);
	signal(SIGALRM, out_of_time);
	alarm(strcmp(argv[1], "storm") == 0 ||
		    strcmp(argv[1], "squeeze") == 0 ||
		    strcmp(argv[1], "catch") == 0
		? 290
		: 50);
	return act(argc, argv);
}
