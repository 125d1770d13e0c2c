/* SPDX-License-Identifier: ISC */
/*
 * Runs at build time: writes the seccomp filters, as arrays of BPF instructions
 * for seccomp.c, to standard output.  They depend on the architecture alone.  So
 * neither process spends time on libseccomp, and the code that holds the
 * capability does not contain it.
 *
 * usage: filters [ARCH]   (a name seccomp_arch_resolve_name(3) knows)
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "constants.h"
#include "sockopt_table.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/*
 * An int argument comes in a 64-bit register, and the kernel ignores the upper
 * half.  A filter must ignore it too, or a program that leaves something there
 * slips by.  (SCMP_A0_32 and its like do not: they truncate the value that they
 * compare with.)
 */
#define ARGUMENT_IS(n, value)                                                  \
	SCMP_A##n##_64(SCMP_CMP_MASKED_EQ, UINT32_MAX, (uint32_t)(value))

/*
 * The calls that the helper may make once it is confined; others kill it.  It
 * holds no capability then, or CAP_KILL if the server has that too.  The list is
 * short: somebody who takes the helper over can do little more than hand out the
 * sockets it has.
 */
struct permission {
	int call;
	unsigned int count; /* of arguments checked */
	struct scmp_arg_cmp arguments[2];
};

/* The bit that O_TMPFILE adds to O_DIRECTORY; O_DIRECTORY itself is used to read
 * /proc. */
#define UNNAMED_FILE (O_TMPFILE & ~O_DIRECTORY)

/* clang-format off */
#define CALL(name)	  {SCMP_SYS(name), 0, {{0}}}
#define CALL1(name, a)	  {SCMP_SYS(name), 1, {a}}
#define NOTIFY_IOCTL(what) CALL1(ioctl, ARGUMENT_IS(1, (what)))

static const struct permission helper_permissions[] = {
    /* The loop waits for a notification, a signal, the channel. */
    CALL(poll),
    CALL(ppoll),
    CALL(restart_syscall),
    CALL(clock_gettime), /* if the vDSO has no clock */
    CALL(read), /* the signalfd; to read another descriptor gains nothing, as
		   the only files opened are those of /proc below */
    CALL(recvmsg), /* the channel; requests of the preload library; what came to
		      parked sockets */
    CALL(accept4), /* connections of the preload library; the only other sockets
		      that listen are the pool's, whose clients the server can
		      accept just as well */
    CALL(sendmsg), /* the channel: the answer to the plan; replies to the
		      preload library */
    /* The listener, and the terminal's foreground group; no other ioctl, in
     * particular not TIOCSTI. */
    NOTIFY_IOCTL(SECCOMP_IOCTL_NOTIF_RECV),
    NOTIFY_IOCTL(SECCOMP_IOCTL_NOTIF_SEND),
    NOTIFY_IOCTL(SECCOMP_IOCTL_NOTIF_ID_VALID),
    NOTIFY_IOCTL(SECCOMP_IOCTL_NOTIF_ADDFD),
    NOTIFY_IOCTL(TIOCGPGRP),
    NOTIFY_IOCTL(TIOCSPGRP),
    /* A look at the server: /proc/PID/mem, fd, fdinfo, stat, status.  Files are
     * opened for reading only: none can be made or changed. */
    CALL1(openat, SCMP_A2_32(SCMP_CMP_MASKED_EQ,
		      O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND | O_PATH |
			  UNNAMED_FILE,
		      O_RDONLY)),
    CALL(pread64),
    CALL(process_vm_readv), /* the same in one call, if that is allowed */
    CALL(readlink),
    CALL(readlinkat),
    CALL(getxattr), /* the protocol of the server's socket */
    CALL(getdents64),
    CALL(close),
    CALL(pidfd_open), /* the server's socket, if the kernel allows it */
    CALL(pidfd_getfd),
    /* The sockets handed out. */
    CALL(getsockname),
    CALL(getpeername),
    CALL(getsockopt),
    CALL(setsockopt),
    CALL1(fcntl, ARGUMENT_IS(1, F_GETFL)),
    CALL1(fcntl, ARGUMENT_IS(1, F_SETFL)),
    CALL(fstat),
    CALL(newfstatat), /* fstat(3) of newer C libraries */
    CALL(shutdown),
    CALL(connect), /* parks and unparks UDP sockets; the server, of the same
		      user, can reach whatever the helper could reach by it */
    CALL(bind), /* binds that no mapping covers, done for the server on its own
		   socket; without power, as the capability is gone */
    /* The supervisor: signals to processes of the same user, or with CAP_KILL
     * of any user; reaping. */
    CALL(kill),
    /* An empty directory: the server's control group, when it has ended. */
    CALL1(unlinkat, ARGUMENT_IS(2, AT_REMOVEDIR)),
    CALL(rt_sigprocmask), /* to stop as a job does */
    CALL(wait4),
    CALL(waitid),
    CALL(getpid),
    CALL(getpgid), /* the terminal's job control */
    CALL(getpgrp),
    /* Messages, on standard error alone. */
    CALL1(write, ARGUMENT_IS(0, STDERR_FILENO)),
    CALL(rt_sigtimedwait), /* SIGPIPE or SIGXFSZ, which a failed write leaves */
    CALL(exit_group),
#ifdef SANITIZED
    /* The run-time of a sanitizer calls these. */
    CALL(mmap),
    CALL(munmap),
    CALL(mprotect),
    CALL(madvise),
    CALL(futex),
    CALL(sched_yield),
    CALL(gettid),
    CALL(tgkill),
    CALL(sigaltstack),
    CALL(rt_sigaction),
    CALL(prctl),
    CALL(brk),
    CALL(write),
#endif
};
/* clang-format on */

static void
check(int status, const char *what)
{
	if (status >= 0)
		return;
	fprintf(stderr, "filters: %s: %s\n", what, strerror(-status));
	exit(EXIT_FAILURE);
}

static scmp_filter_ctx
filter_new(uint32_t action, uint32_t foreign, const char *arch)
{
	scmp_filter_ctx filter = seccomp_init(action);

	check(filter == NULL ? -ENOMEM : 0, "seccomp_init");
	if (arch != NULL) {
		check(seccomp_arch_remove(filter, SCMP_ARCH_NATIVE), "arch");
		check(seccomp_arch_add(filter, seccomp_arch_resolve_name(arch)),
		    arch);
	}
	check(seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, foreign),
	    "foreign architectures");
	return filter;
}

/* With --show-expected-port the helper writes what getsockname(2) answers to the
 * memory of processes of its user, who can write there themselves. */
static const struct permission expected_permissions[] = {
    CALL(process_vm_writev),
};

static void
filter_permit(scmp_filter_ctx filter, const char *arch,
    const struct permission *p, size_t count)
{
	for (; count > 0; count--, p++) {
		/* This architecture has no such call (poll on arm64). */
		if (p->call < 0 && arch == NULL)
			continue;
		check(seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, p->call,
			  p->count, p->arguments),
		    "a permission of the helper");
	}
}

static scmp_filter_ctx
filter_helper(const char *arch, bool expected)
{
	scmp_filter_ctx filter = filter_new(SCMP_ACT_KILL_PROCESS,
	    SCMP_ACT_KILL_PROCESS, arch);

	/* A binary tree: when the kernel loads a filter, it tries every system
	 * call that there is (the action cache, Linux 5.11). */
	check(seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2),
	    "a tree of system calls");
	filter_permit(filter, arch, helper_permissions,
	    LENGTH(helper_permissions));
	if (expected)
		filter_permit(filter, arch, expected_permissions,
		    LENGTH(expected_permissions));
	return filter;
}

/*
 * The server: bind(2) goes to the listener if the address is long enough for
 * AF_INET or AF_INET6 (16 bytes; a netlink address is shorter).  A length with
 * something in the upper half is larger, and goes there too.  Programs of a
 * foreign architecture run unintercepted.
 */
static scmp_filter_ctx
filter_server(const char *arch, bool observe, bool expected)
{
	scmp_filter_ctx filter = filter_new(SCMP_ACT_ALLOW, SCMP_ACT_ALLOW,
	    arch);
	const struct sockopt *o = sockopt_table;

	check(seccomp_rule_add(filter, SCMP_ACT_NOTIFY, SCMP_SYS(bind), 1,
		  SCMP_A2_32(SCMP_CMP_GE, sizeof(struct sockaddr))),
	    "bind");
	/* Afterwards the kernel carries out the binds that are let through, so
	 * that the server's sandbox applies to them (notify.c), and no socket is
	 * handed over that the sandbox may forbid (landlock.c). */
	check(seccomp_rule_add(filter, SCMP_ACT_NOTIFY,
		  SCMP_SYS(landlock_restrict_self), 0),
	    "landlock_restrict_self");
	/* It tells whether a sandbox is about TCP ports (landlock.c). */
	check(seccomp_rule_add(filter, SCMP_ACT_NOTIFY,
		  SCMP_SYS(landlock_create_ruleset), 0),
	    "landlock_create_ruleset");
	if (expected)
		check(seccomp_rule_add(filter, SCMP_ACT_NOTIFY,
			  SCMP_SYS(getsockname), 0),
		    "getsockname");
	for (; observe && o < sockopt_table + SOCKOPT_COUNT; o++)
		if (o->flags & SOCKOPT_OBSERVED)
			check(seccomp_rule_add(filter, SCMP_ACT_NOTIFY,
				  SCMP_SYS(setsockopt), 2,
				  ARGUMENT_IS(1, (uint32_t)o->level),
				  ARGUMENT_IS(2, (uint32_t)o->name)),
			    "setsockopt");
	return filter;
}

/* The architectures of 32-bit programs that a machine runs, too. */
static const struct {
	uint32_t machine, others[2];
} beside[] = {
    {SCMP_ARCH_X86_64, {SCMP_ARCH_X86, SCMP_ARCH_X32}},
    {SCMP_ARCH_AARCH64, {SCMP_ARCH_ARM}},
    {SCMP_ARCH_PPC64, {SCMP_ARCH_PPC}},
    {SCMP_ARCH_S390X, {SCMP_ARCH_S390}},
};

static void
filter_add_others(scmp_filter_ctx filter, const char *arch)
{
	const uint32_t machine = arch == NULL ? seccomp_arch_native()
					      : seccomp_arch_resolve_name(arch);
	size_t i, j;

	for (i = 0; i < LENGTH(beside); i++)
		for (j = 0; j < 2 && beside[i].machine == machine; j++)
			if (beside[i].others[j] != 0)
				check(seccomp_arch_add(filter,
					  beside[i].others[j]),
				    "a 32-bit architecture");
}

/*
 * The server, if lowport was started on a terminal and changes the user: it must
 * not type there for the user who started it.  TIOCLINUX pastes, on a virtual
 * console.  32-bit programs have other numbers for ioctl(2).
 */
static scmp_filter_ctx
filter_terminal(const char *arch)
{
	static const uint32_t typing[] = {TIOCSTI, TIOCLINUX};
	scmp_filter_ctx filter = filter_new(SCMP_ACT_ALLOW, SCMP_ACT_ALLOW,
	    arch);
	size_t i;

	filter_add_others(filter, arch);
	for (i = 0; i < LENGTH(typing); i++)
		check(seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM),
			  SCMP_SYS(ioctl), 1, ARGUMENT_IS(1, typing[i])),
		    "ioctl");
	return filter;
}

static void
filter_print(scmp_filter_ctx filter, const char *name)
{
	struct sock_filter instruction;
	int fd = memfd_create(name, MFD_CLOEXEC);

	check(fd < 0 ? -errno : 0, "memfd_create");
	check(seccomp_export_bpf(filter, fd), "seccomp_export_bpf");
	check(lseek(fd, 0, SEEK_SET) < 0 ? -errno : 0, "lseek");
	printf("static const struct sock_filter %s[] = {\n", name);
	while (
	    read(fd, &instruction, sizeof(instruction)) == sizeof(instruction))
		printf("    {0x%02x, %u, %u, 0x%08x},\n", instruction.code,
		    instruction.jt, instruction.jf, instruction.k);
	printf("};\n");
	close(fd);
	seccomp_release(filter);
}

int
main(int argc, char **argv)
{
	const char *arch = argc > 1 ? argv[1] : NULL;

	printf("/* Written by filters.c at build time. */\n");
	filter_print(filter_helper(arch, false), "helper_filter");
	filter_print(filter_helper(arch, true), "helper_expected_filter");
	filter_print(filter_server(arch, false, false), "fetch_filter");
	filter_print(filter_server(arch, true, false), "observe_filter");
	filter_print(filter_server(arch, false, true), "expected_filter");
	filter_print(filter_terminal(arch), "terminal_filter");
	return EXIT_SUCCESS;
}
