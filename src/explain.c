/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child, which holds no capability, when nothing more is to run.
 * Reads: files of /proc and of this program, to find causes.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "explain.h"
#include "message.h"
#include "process.h"
#include "user.h"

#define SELF "/proc/self/exe"

struct origin
explain_origin(void)
{
	cap_flag_value_t value = CAP_CLEAR;
	cap_t set = cap_get_proc();

	if (set != NULL)
		cap_get_flag(set, CAP_NET_BIND_SERVICE, CAP_PERMITTED, &value);
	cap_free(set);
	return (struct origin){.permitted = value == CAP_SET,
	    .no_new_privs = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1};
}

/* The path of this program, for a message. */
static const char *
own_path(void)
{
	static char path[512];
	ssize_t length = readlink(SELF, path, sizeof(path) - 1);

	if (length <= 0)
		return "lowport";
	path[length] = '\0';
	return path;
}

static bool
on_nosuid_mount(void)
{
	struct statvfs status;

	return statvfs(SELF, &status) == 0 && (status.f_flag & ST_NOSUID) != 0;
}

static bool
has_file_capability(void)
{
	return getxattr(SELF, "security.capability", NULL, 0) > 0;
}

static bool
is_traced(void)
{
	FILE *file = fopen("/proc/self/status", "re");
	char line[128];
	int tracer = 0;

	if (file == NULL)
		return false;
	while (tracer == 0 && fgets(line, sizeof(line), file) != NULL)
		sscanf(line, "TracerPid: %d", &tracer);
	fclose(file);
	return tracer != 0;
}

/* Why CAP_NET_BIND_SERVICE did not help, or was not there. */
static _Noreturn void
explain_capability(const char *where, const struct origin *origin)
{
	if (origin->permitted)
		fatalx("cannot bind %s: the capability CAP_NET_BIND_SERVICE is "
		       "of a user namespace that does not own this network "
		       "namespace; use a network namespace of the container's "
		       "own, or lower net.ipv4.ip_unprivileged_port_start",
		    where);
	if (cap_get_bound(CAP_NET_BIND_SERVICE) != CAP_SET)
		fatalx("cannot bind %s: CAP_NET_BIND_SERVICE is not in the "
		       "bounding set; add it (docker run --cap-add "
		       "NET_BIND_SERVICE, systemd CapabilityBoundingSet=)",
		    where);
	if (!has_file_capability())
		fatalx("cannot bind %s: this program has no capability; run "
		       "once as root: setcap cap_net_bind_service=p %s",
		    where, own_path());
	if (on_nosuid_mount())
		fatalx("cannot bind %s: %s is on a file system mounted nosuid, "
		       "which voids its capability; install it elsewhere",
		    where, own_path());
	if (origin->no_new_privs)
		fatalx("cannot bind %s: no_new_privs was set before lowport "
		       "started, which voids its file capability; make lowport "
		       "the entrypoint itself, or use AmbientCapabilities=",
		    where);
	if (is_traced())
		fatalx("cannot bind %s: a tracer (strace, gdb) voids the file "
		       "capability; attach it to the server instead",
		    where);
	fatalx("cannot bind %s: the file capability of %s was not granted: it "
	       "is of another user namespace; run setcap in this one",
	    where, own_path());
}

/* A line of /proc/net/tcp or tcp6 that listens at the port. */
struct listener {
	unsigned long uid;
	unsigned long inode;
};

static bool
find_listener(const char *table, uint16_t port, struct listener *found)
{
	FILE *file = fopen(table, "re");
	unsigned int local, state;
	char line[512];
	bool listens = false;

	if (file == NULL)
		return false;
	while (!listens && fgets(line, sizeof(line), file) != NULL)
		listens = sscanf(line,
			      "%*u: %*[0-9A-F]:%x %*[0-9A-F]:%*x %x %*s %*s "
			      "%*s %lu %*u %lu",
			      &local, &state, &found->uid,
			      &found->inode) == 4 &&
		    local == port && state == 0x0a;
	fclose(file);
	return listens;
}

/* The name of a process, "?" where it cannot be read. */
static void
process_name(pid_t pid, char name[32])
{
	char path[64];
	ssize_t length;
	int fd;

	strcpy(name, "?");
	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	length = read(fd, name, 31);
	if (length > 0)
		name[length - (name[length - 1] == '\n')] = '\0';
	close(fd);
}

static _Noreturn void
explain_in_use(const char *where, uint16_t port)
{
	struct process_descriptor holder;
	struct listener found;
	const char *user;
	char name[32];

	if (!find_listener("/proc/net/tcp", port, &found) &&
	    !find_listener("/proc/net/tcp6", port, &found))
		fatalx("cannot bind %s: the port is in use by a socket without "
		       "SO_REUSEADDR; try: ss -tanp 'sport = :%u'",
		    where, port);
	if (process_find_holder((ino_t)found.inode, &holder) == PROCESS_HOLDS) {
		process_name(holder.pid, name);
		fatalx("cannot bind %s: the port is in use by process %d (%s); "
		       "stop it, or map another port or address",
		    where, holder.pid, name);
	}
	user = user_name((uid_t)found.uid);
	fatalx("cannot bind %s: the port is in use by a process of user %s "
	       "(uid %lu); as root, ss -ltnp 'sport = :%u' names it",
	    where, user == NULL ? "?" : user, found.uid, port);
}

static _Noreturn void
explain_descriptors(const struct answer *answer)
{
	struct rlimit limit = {0};

	getrlimit(RLIMIT_NOFILE, &limit);
	fatalx("cannot make the %" PRIu32 " sockets for these mappings with "
	       "%ju file descriptors; raise 'ulimit -Hn' or lower --spares",
	    answer->sockets, (uintmax_t)limit.rlim_max);
}

static _Noreturn void
explain_bind(const struct answer *answer, const struct origin *origin)
{
	char where[ENDPOINT_TEXT];

	endpoint_format(&answer->endpoint, where);
	switch (answer->error) {
	case EACCES:
		explain_capability(where, origin);
	case EADDRINUSE:
		explain_in_use(where, answer->endpoint.port);
	case EADDRNOTAVAIL:
		fatalx("cannot bind %s: no interface has this address; see "
		       "'ip address'",
		    where);
	default:
		errno = answer->error;
		fatal("cannot bind %s", where);
	}
}

void
explain_answer(const struct answer *answer, const struct origin *origin)
{
	char where[ENDPOINT_TEXT];

	endpoint_format(&answer->endpoint, where);
	errno = answer->error;
	switch (answer->outcome) {
	case OUTCOME_NOT_BOUND:
		explain_bind(answer, origin);
	case OUTCOME_NO_SOCKET:
		if (errno == EMFILE)
			explain_descriptors(answer);
		fatal("cannot make a socket for %s", where);
	default:
		fatalx("the helper refused the plan; lowport was tampered with "
		       "while it started");
	}
}

void
explain_no_listener(int error)
{
	static const char head[] = "cannot intercept bind(2) with seccomp: ";

	switch (error) {
	case EBUSY:
		fatalx("%sanother program intercepts calls of this process "
		       "already (a sandbox, or lowport itself); start lowport "
		       "outside of it",
		    head);
	case EINVAL:
	case ENOSYS:
		fatalx("%sthis kernel or sandbox has no user notification; it "
		       "takes Linux 5.9, and no gVisor",
		    head);
	case EPERM:
	case EACCES:
		fatalx("%sa seccomp profile forbids it; allow the system call "
		       "seccomp",
		    head);
	default:
		errno = error;
		fatal("cannot intercept bind(2) with seccomp");
	}
}

static int
yama_scope(void)
{
	FILE *file = fopen("/proc/sys/kernel/yama/ptrace_scope", "re");
	int scope = 0;

	if (file == NULL)
		return 0;
	if (fscanf(file, "%d", &scope) != 1)
		scope = 0;
	fclose(file);
	return scope;
}

void
explain_probe(int error)
{
	static const char head[] = "the trial hand-off before the start failed";

	if (access("/proc/self/fd", R_OK) != 0)
		fatalx("%s: there is no /proc to see the server's sockets by; "
		       "mount it",
		    head);
	if (yama_scope() > 1)
		fatalx("%s: Yama forbids to read the server's bind(2) calls; "
		       "set kernel.yama.ptrace_scope to 1",
		    head);
	if (error == 0)
		fatalx("%s: bind(2) was not intercepted", head);
	errno = error;
	fatal("%s", head);
}
