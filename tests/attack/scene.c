/* SPDX-License-Identifier: ISC */
/*
 * What the attackers share: what can be seen of processes and ports, and how
 * what they attack is started and ended.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <linux/sock_diag.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "attack.h"

#define VARIABLES 150000 /* of the environment that slows the child down */
#define NOBODY    65534  /* an ordinary user, and his group */

long long
microseconds(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000LL + time.tv_nsec / 1000;
}

void
milliseconds_pass(long count)
{
	struct timespec time = {count / 1000, count % 1000 * 1000000};

	nanosleep(&time, NULL);
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

pid_t
parent_of(pid_t pid)
{
	char text[4096];

	if (!status_text(pid, text, sizeof(text)))
		return -1;
	return (pid_t)status_number(text, "\nPPid:", 10);
}

unsigned long long
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

pid_t
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

unsigned int
count_capable(void)
{
	unsigned int count = 0;

	each_process(visit_capable, &count);
	return count;
}

int
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

bool
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

/* True when a message lists a socket at the port: the kernel's own selection by
 * port leaves out sockets that are bound only.  *more is false at the end. */
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

/* Listening sockets of TCP, and since Linux 6.8 those that are bound only. */
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

bool
port_listed(uint16_t port)
{
	return diag_lists(AF_INET, port) || diag_lists(AF_INET6, port);
}

const char *
port_state(bool listed)
{
	return listed ? "bound" : diag_lists_bound_only() ? "free" : "unseen";
}

void
await_port(uint16_t port)
{
	int patience = PATIENCE;

	while (!port_listens(port) && patience-- > 0)
		milliseconds_pass(1);
	if (patience < 0)
		errx(2, "nothing listens at %u", port);
}

/* ---- Starting and ending. */

char **
slow_environment(void)
{
	static char variable[] = "A=", method[] = "LOWPORT_METHOD=notify";
	char **environment = calloc(VARIABLES + 1, sizeof(*environment));
	size_t i;

	for (i = 0; i < VARIABLES; i++)
		environment[i] = variable;
	/* By notify, the child tries what it offers. */
	environment[0] = method;
	return environment;
}

pid_t
start(char **arguments, char **environment)
{
	int started[2];
	char byte;
	pid_t pid;

	if (pipe2(started, O_CLOEXEC) != 0)
		err(2, "pipe");
	pid = fork();
	if (pid == 0) {
		/* The attacker must come first, on a busy machine too. */
		setpriority(PRIO_PROCESS, 0, 10);
		execvpe(arguments[0], arguments, environment);
		_exit(127);
	}
	close(started[1]);
	/* exec closes the other end. */
	if (read(started[0], &byte, 1) != 0)
		err(2, "%s", arguments[0]);
	close(started[0]);
	return running = pid;
}

bool
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

void
end_all(void)
{
	pid_t pid;

	while ((pid = child_of(getpid())) > 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, __WALL);
	}
	running = 0;
}

void
become_nobody(void)
{
	if (setgroups(0, NULL) != 0 || setresgid(NOBODY, NOBODY, NOBODY) != 0 ||
	    setresuid(NOBODY, NOBODY, NOBODY) != 0)
		err(2, "cannot become nobody");
}

void
attempt_all(unsigned int counts[ATTEMPT_OUTCOMES], int attempts,
    int (*attempt)(char **), char **command)
{
	int i, status;
	pid_t pid;

	for (i = 0; i < attempts && counts[0] == 0; i++) {
		pid = running = fork();
		if (pid == 0)
			_exit(attempt(command));
		waitpid(pid, &status, 0);
		if (!WIFEXITED(status) ||
		    WEXITSTATUS(status) >= ATTEMPT_OUTCOMES ||
		    WEXITSTATUS(status) == ATTEMPT_BROKEN)
			errx(2, "an attempt failed");
		counts[WEXITSTATUS(status)]++;
		end_all();
	}
}

void
describe_status(int status, char text[32])
{
	if (WIFEXITED(status))
		snprintf(text, 32, "%d", WEXITSTATUS(status));
	else
		snprintf(text, 32, "signal %d%s", WTERMSIG(status),
		    WCOREDUMP(status) ? ", core" : "");
}

int
open_report(char name[16])
{
	int ends[2];

	if (pipe2(ends, O_NONBLOCK) != 0)
		err(2, "pipe");
	fcntl(ends[0], F_SETFD, FD_CLOEXEC);
	snprintf(name, 16, "%d", ends[1]);
	return ends[0];
}

int
take_report(int report)
{
	char text[16] = "";

	if (read(report, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	close(report);
	return atoi(text);
}

pid_t
child_if_there(pid_t helper)
{
	return parent_of(helper + 1) == helper ? helper + 1 : -1;
}

int
exit_status(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

int
print_rest(void)
{
	bool left = port_bound(TELLTALE) || port_listed(DENIED);

	printf("%u capable, pool %s\n", count_capable(),
	    left ? "bound" : "free");
	return 0;
}

int
install_filter(struct sock_filter *filter, size_t length, unsigned int flags)
{
	struct sock_fprog program = {(unsigned short)length, filter};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		err(2, "no_new_privs");
	return (
	    int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}
