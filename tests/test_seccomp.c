/* SPDX-License-Identifier: ISC */
/*
 * The helper's filter as a table of verdicts, and the listener as seen from
 * both of its sides.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>

#include "channel.h"
#include "constants.h"
#include "process.h"
#include "seccomp.h"
#include "socket.h"
#include "unit.h"

/* ---- The helper's filter */

/* int arguments travel in 64-bit registers; the kernel ignores this half. */
#define UPPER ((long)0xdeadbeef00000000ul)

/* Neither a descriptor nor memory: what is let through fails at once. */
#define NONE -1

#define PLACE(object) ((long)(object))

static char path[] = "/nonexistent/file", null[] = "/dev/null", byte[] = ".";
static char tmp[] = "/tmp";
static char *no_strings[] = {NULL};

struct call {
	long number;
	long arguments[6];
};

/* One system call twice: with arguments that are permitted, and without. */
static const struct pair {
	const char *what;
	struct call allowed;
	struct call killed;
} pairs[] = {
    {"openat for writing", {SYS_openat, {AT_FDCWD, PLACE(null), O_RDONLY}},
	{SYS_openat, {AT_FDCWD, PLACE(null), O_WRONLY}}},
    {"openat for both",
	{SYS_openat, {AT_FDCWD, PLACE(null), O_RDONLY | O_CLOEXEC}},
	{SYS_openat, {AT_FDCWD, PLACE(null), O_RDWR | O_CLOEXEC}}},
    {"openat with access mode 3",
	{SYS_openat, {AT_FDCWD, PLACE(null), O_RDONLY | O_NONBLOCK}},
	{SYS_openat, {AT_FDCWD, PLACE(null), O_ACCMODE}}},
    {"openat to create", {SYS_openat, {AT_FDCWD, PLACE(path), O_RDONLY, 0600}},
	{SYS_openat, {AT_FDCWD, PLACE(path), O_RDONLY | O_CREAT, 0600}}},
    {"openat to truncate",
	{SYS_openat, {AT_FDCWD, PLACE(null), O_RDONLY | O_DIRECTORY}},
	{SYS_openat, {AT_FDCWD, PLACE(null), O_RDONLY | O_TRUNC}}},
    {"openat to append", {SYS_openat, {AT_FDCWD, PLACE(null), O_RDONLY}},
	{SYS_openat, {AT_FDCWD, PLACE(null), O_RDONLY | O_APPEND}}},
    {"openat, upper half",
	{SYS_openat, {AT_FDCWD, PLACE(null), UPPER | O_RDONLY}},
	{SYS_openat, {AT_FDCWD, PLACE(null), UPPER | O_WRONLY}}},
#ifndef SANITIZED
    {"write to standard output", {SYS_write, {STDERR_FILENO, PLACE(byte), 0}},
	{SYS_write, {STDOUT_FILENO, PLACE(byte), 0}}},
    {"write to the channel", {SYS_write, {STDERR_FILENO, PLACE(byte), 0}},
	{SYS_write, {STDERR_FILENO + 1, PLACE(byte), 0}}},
    {"write, upper half", {SYS_write, {UPPER | STDERR_FILENO, PLACE(byte), 0}},
	{SYS_write, {UPPER | STDOUT_FILENO, PLACE(byte), 0}}},
#endif
    {"ioctl to type", {SYS_ioctl, {NONE, TIOCGPGRP, NONE}},
	{SYS_ioctl, {NONE, TIOCSTI, NONE}}},
    {"ioctl to take a terminal", {SYS_ioctl, {NONE, TIOCSPGRP, NONE}},
	{SYS_ioctl, {NONE, TIOCSCTTY, NONE}}},
    {"ioctl of the console", {SYS_ioctl, {NONE, TIOCGPGRP, NONE}},
	{SYS_ioctl, {NONE, TIOCLINUX, NONE}}},
    {"ioctl of a file",
	{SYS_ioctl, {NONE, (long)SECCOMP_IOCTL_NOTIF_RECV, NONE}},
	{SYS_ioctl, {NONE, FIONREAD, NONE}}},
    {"ioctl, upper half", {SYS_ioctl, {NONE, UPPER | TIOCGPGRP, NONE}},
	{SYS_ioctl, {NONE, UPPER | TIOCSTI, NONE}}},
    /* The request is an int in musl: its sign fills the upper half. */
    {"ioctl, sign extended",
	{SYS_ioctl, {NONE, (int)SECCOMP_IOCTL_NOTIF_RECV, NONE}},
	{SYS_ioctl, {NONE, (int)SECCOMP_IOCTL_NOTIF_RECV - 1, NONE}}},
    {"fcntl to duplicate", {SYS_fcntl, {NONE, F_GETFL}},
	{SYS_fcntl, {NONE, F_DUPFD}}},
    {"fcntl to duplicate, cloexec", {SYS_fcntl, {NONE, F_SETFL}},
	{SYS_fcntl, {NONE, F_DUPFD_CLOEXEC}}},
    {"fcntl of close-on-exec", {SYS_fcntl, {NONE, F_GETFL}},
	{SYS_fcntl, {NONE, F_SETFD}}},
    {"fcntl for signals", {SYS_fcntl, {NONE, F_SETFL}},
	{SYS_fcntl, {NONE, F_SETOWN}}},
    {"fcntl, upper half", {SYS_fcntl, {NONE, UPPER | F_GETFL}},
	{SYS_fcntl, {NONE, UPPER | F_DUPFD}}},
    /* Another call for the same end. */
    {"kill and ptrace", {SYS_kill, {0, 0}},
	{SYS_ptrace, {PTRACE_TRACEME, 0, 0, 0}}},
    {"kill by pidfd", {SYS_kill, {0, 0}},
	{SYS_pidfd_send_signal, {NONE, 0, 0, 0}}},
    {"openat to make an unnamed file",
	{SYS_openat, {AT_FDCWD, PLACE(tmp), O_RDONLY | O_DIRECTORY}},
	{SYS_openat, {AT_FDCWD, PLACE(tmp), O_TMPFILE | O_RDONLY, 0600}}},
    {"openat to name a place", {SYS_openat, {AT_FDCWD, PLACE(null), O_RDONLY}},
	{SYS_openat, {AT_FDCWD, PLACE(null), O_RDONLY | O_PATH}}},
    {"memory of others", {SYS_process_vm_readv, {0, 0, 0, 0, 0, 0}},
	{SYS_process_vm_writev, {0, 0, 0, 0, 0, 0}}},
    {"writing at an offset", {SYS_pread64, {NONE, NONE, 0, 0}},
	{SYS_pwrite64, {NONE, NONE, 0, 0}}},
    {"a message to anywhere", {SYS_sendmsg, {NONE, NONE, 0}},
	{SYS_sendto, {NONE, NONE, 0, 0, 0, 0}}},
    {"messages", {SYS_recvmsg, {NONE, NONE, 0}},
	{SYS_recvfrom, {NONE, NONE, 0, 0, 0, 0}}},
    {"openat2", {SYS_openat, {AT_FDCWD, PLACE(null), O_RDONLY}},
	{SYS_openat2, {AT_FDCWD, PLACE(null), NONE, 24}}},
    {"accepting otherwise", {SYS_accept4, {NONE, 0, 0, 0}},
	{SYS_accept, {NONE, 0, 0}}},
    {"listening", {SYS_bind, {NONE, NONE, 16}}, {SYS_listen, {NONE, 1}}},
    {"attributes", {SYS_getxattr, {PLACE(path), PLACE(path), 0, 0}},
	{SYS_setxattr, {PLACE(path), PLACE(path), 0, 0, 0}}},
    {"unlinkat of a file", {SYS_unlinkat, {NONE, PLACE(path), AT_REMOVEDIR}},
	{SYS_unlinkat, {NONE, PLACE(path), 0}}},
    {"leaving", {SYS_exit_group, {0}}, {SYS_exit, {0}}},
};

/* Every call that is permitted, whatever its arguments; and those that are
 * with the right ones, here with those. */
static const struct call allowed[] = {
#ifdef SYS_poll
    {SYS_poll, {0, 0, 0}},
#endif
    {SYS_ppoll, {NONE, NONE, 0, 0}},
    {SYS_restart_syscall, {0}},
    {SYS_clock_gettime, {CLOCK_MONOTONIC, NONE}},
    {SYS_read, {NONE, NONE, 0}},
    {SYS_recvmsg, {NONE, NONE, 0}},
    {SYS_accept4, {NONE, 0, 0, 0}},
    {SYS_sendmsg, {NONE, NONE, 0}},
    {SYS_ioctl, {NONE, (long)SECCOMP_IOCTL_NOTIF_RECV, NONE}},
    {SYS_ioctl, {NONE, (long)SECCOMP_IOCTL_NOTIF_SEND, NONE}},
    {SYS_ioctl, {NONE, (long)SECCOMP_IOCTL_NOTIF_ID_VALID, NONE}},
    {SYS_ioctl, {NONE, (long)SECCOMP_IOCTL_NOTIF_ADDFD, NONE}},
    {SYS_ioctl, {NONE, TIOCGPGRP, NONE}},
    {SYS_ioctl, {NONE, TIOCSPGRP, NONE}},
    {SYS_openat, {AT_FDCWD, PLACE(path), O_RDONLY | O_CLOEXEC}},
    {SYS_pread64, {NONE, NONE, 0, 0}},
    {SYS_process_vm_readv, {0, 0, 0, 0, 0, 0}},
#ifdef SYS_readlink
    {SYS_readlink, {NONE, NONE, 0}},
#endif
    {SYS_readlinkat, {AT_FDCWD, NONE, NONE, 0}},
    {SYS_getxattr, {NONE, NONE, NONE, 0}},
    {SYS_getdents64, {NONE, NONE, 0}},
    {SYS_close, {NONE}},
    {SYS_pidfd_open, {NONE, 0}},
    {SYS_pidfd_getfd, {NONE, 0, 0}},
    {SYS_getsockname, {NONE, NONE, NONE}},
    {SYS_getpeername, {NONE, NONE, NONE}},
    {SYS_getsockopt, {NONE, 0, 0, NONE, NONE}},
    {SYS_setsockopt, {NONE, 0, 0, NONE, 0}},
    {SYS_fcntl, {NONE, F_GETFL}},
    {SYS_fcntl, {NONE, F_SETFL}},
    {SYS_fstat, {NONE, NONE}},
    {SYS_newfstatat, {NONE, NONE, NONE, 0}},
    {SYS_connect, {NONE, NONE, 16}},
    {SYS_shutdown, {NONE, SHUT_RDWR}},
    {SYS_bind, {NONE, NONE, 16}},
    {SYS_kill, {0, 0}},
    {SYS_rt_sigprocmask, {SIG_BLOCK, 0, 0, 8}},
    {SYS_rt_sigtimedwait, {NONE, 0, 0, 8}},
    {SYS_wait4, {NONE, 0, WNOHANG, 0}},
    {SYS_waitid, {P_ALL, 0, 0, WNOHANG}},
    {SYS_getpid, {0}},
    {SYS_getpgid, {0}},
#ifdef SYS_getpgrp
    {SYS_getpgrp, {0}},
#endif
    {SYS_write, {STDERR_FILENO, PLACE(byte), 0}},
    {SYS_exit_group, {0}},
};

/* Harmless arguments: without the filter each of them returns. */
static const struct call killed[] = {
    {SYS_execve, {PLACE(path), PLACE(no_strings), PLACE(no_strings)}},
    {SYS_execveat,
	{AT_FDCWD, PLACE(path), PLACE(no_strings), PLACE(no_strings)}},
#ifdef SYS_fork
    {SYS_fork, {0}},
#endif
    {SYS_clone, {SIGCHLD, 0, 0, 0}},
    {SYS_clone3, {0, 0}},
    {SYS_socket, {AF_INET, SOCK_STREAM, 0}},
    {SYS_socketpair, {AF_UNIX, SOCK_STREAM, 0, NONE}},
    {SYS_listen, {NONE, 1}},
    {SYS_accept, {NONE, 0, 0}},
    {SYS_sendto, {NONE, NONE, 0, 0, 0, 0}},
    {SYS_ptrace, {PTRACE_TRACEME, 0, 0, 0}},
    {SYS_process_vm_writev, {0, 0, 0, 0, 0, 0}},
    {SYS_setuid, {NONE}},
    {SYS_setresuid, {NONE, NONE, NONE}},
    {SYS_setresgid, {NONE, NONE, NONE}},
    {SYS_setgroups, {NONE, NONE}},
    {SYS_setfsuid, {NONE}},
    {SYS_capset, {0, 0}},
    {SYS_pread64 + 0x10000, {0}},
#ifndef SANITIZED
    {SYS_prctl, {PR_GET_DUMPABLE, 0, 0, 0, 0}},
    {SYS_mmap,
	{0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0}},
    {SYS_mmap,
	{0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0}},
    {SYS_mprotect, {0, 0, PROT_READ | PROT_EXEC}},
    {SYS_brk, {0}},
    {SYS_tgkill, {0, 0, 0}},
    {SYS_rt_sigaction, {0, 0, 0, 8}},
#endif
    {SYS_mremap, {0, 0, 0, 0}},
    {SYS_memfd_create, {NONE, 0}},
    {SYS_dup, {NONE}},
    {SYS_dup3, {NONE, 100, 0}},
#ifdef SYS_open
    {SYS_open, {PLACE(null), O_RDONLY}},
    {SYS_creat, {PLACE(path), 0600}},
    {SYS_unlink, {PLACE(path)}},
    {SYS_chmod, {PLACE(path), 0777}},
    {SYS_mkdir, {PLACE(path), 0777}},
    {SYS_rename, {PLACE(path), PLACE(path)}},
    {SYS_symlink, {PLACE(path), PLACE(path)}},
#endif
    {SYS_unlinkat, {AT_FDCWD, PLACE(path), 0}},
    {SYS_fchmodat, {AT_FDCWD, PLACE(path), 0777}},
    {SYS_fchownat, {AT_FDCWD, PLACE(path), 0, 0, 0}},
    {SYS_linkat, {AT_FDCWD, PLACE(path), AT_FDCWD, PLACE(path), 0}},
    {SYS_mknodat, {AT_FDCWD, PLACE(path), 0600, 0}},
    {SYS_truncate, {PLACE(path), 0}},
    {SYS_ftruncate, {NONE, 0}},
    {SYS_writev, {STDERR_FILENO, 0, 0}},
    {SYS_pwrite64, {NONE, NONE, 0, 0}},
    {SYS_sendfile, {NONE, NONE, 0, 0}},
    {SYS_splice, {NONE, 0, NONE, 0, 0, 0}},
    {SYS_chdir, {PLACE(path)}},
    {SYS_chroot, {PLACE(path)}},
    {SYS_pivot_root, {PLACE(path), PLACE(path)}},
    {SYS_mount, {PLACE(path), PLACE(path), PLACE(path), 0, 0}},
    {SYS_umount2, {PLACE(path), 0}},
    {SYS_unshare, {0}},
    {SYS_setns, {NONE, 0}},
    {SYS_bpf, {NONE, 0, 0}},
    {SYS_seccomp, {NONE, 0, 0}},
    {SYS_io_uring_setup, {1, 0}},
    {SYS_io_uring_enter, {NONE, 0, 0, 0, 0, 0}},
    {SYS_keyctl, {NONE, 0, 0, 0, 0}},
    {SYS_add_key, {0, 0, 0, 0, 0}},
    {SYS_perf_event_open, {0, 0, NONE, NONE, 0}},
    {SYS_userfaultfd, {NONE}},
    {SYS_init_module, {0, 0, 0}},
    {SYS_finit_module, {NONE, 0, 0}},
    {SYS_reboot, {0, 0, 0, 0}},
    {SYS_prlimit64, {0, RLIMIT_CORE, 0, 0}},
    {SYS_setpgid, {NONE, NONE}},
    {SYS_personality, {0xffffffff}},
    {SYS_pidfd_send_signal, {NONE, 0, 0, 0}},
};

static void
no_core(void)
{
	const struct rlimit none = {0, 0};

	setrlimit(RLIMIT_CORE, &none);
}

/* By which filter a process is confined. */
enum confinement {
	NOT,
	CONFINED, /* as ever */
	EXPECTED, /* under --show-expected-port */
};

static void
confine(enum confinement by)
{
	if (by == NOT)
		return;
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	seccomp_confine(by == EXPECTED, false);
}

/* Makes a call in a process of its own.  Returns its status. */
static int
call_status(const struct call *call, enum confinement by)
{
	const long *a = call->arguments;
	pid_t child = fork();

	ck_assert_int_ge(child, 0);
	if (child > 0)
		return unit_wait(child);
	no_core();
	confine(by);
	syscall(call->number, a[0], a[1], a[2], a[3], a[4], a[5]);
	syscall(SYS_exit_group, 0);
	_exit(99);
}

static bool
lives(const struct call *call, enum confinement by)
{
	return unit_exited(call_status(call, by), 0);
}

static bool
dies(const struct call *call, enum confinement by)
{
	int status = call_status(call, by);

	return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
}

START_TEST(tells_arguments_apart)
{
	const struct pair *pair = &pairs[_i];

	ck_assert_msg(lives(&pair->allowed, NOT), "%s: control", pair->what);
	ck_assert_msg(lives(&pair->killed, NOT), "%s: control", pair->what);
	ck_assert_msg(lives(&pair->allowed, CONFINED), "%s: not allowed",
	    pair->what);
	ck_assert_msg(dies(&pair->killed, CONFINED), "%s: not killed",
	    pair->what);
}
END_TEST

/* What one filter permits and the other does not: to write to memory. */
static const struct call writing[] = {
    {SYS_process_vm_writev, {0, 0, 0, 0, 0, 0}},
};

/* But in no other way, and to no file. */
static const struct call writing_otherwise[] = {
    {SYS_openat, {AT_FDCWD, PLACE(null), O_RDWR}},
    {SYS_openat, {AT_FDCWD, PLACE(null), O_RDWR | O_CLOEXEC}},
    {SYS_openat, {AT_FDCWD, PLACE(null), UPPER | O_RDWR}},
    {SYS_openat, {AT_FDCWD, PLACE(null), O_WRONLY}},
    {SYS_openat, {AT_FDCWD, PLACE(null), O_ACCMODE}},
    {SYS_openat, {AT_FDCWD, PLACE(null), UPPER | O_WRONLY}},
    {SYS_openat, {AT_FDCWD, PLACE(path), O_RDWR | O_CREAT, 0600}},
    {SYS_openat, {AT_FDCWD, PLACE(tmp), O_RDWR | O_TMPFILE, 0600}},
    {SYS_openat, {AT_FDCWD, PLACE(tmp), O_WRONLY | O_TMPFILE, 0600}},
    {SYS_openat, {AT_FDCWD, PLACE(null), O_RDWR | O_PATH}},
    {SYS_openat, {AT_FDCWD, PLACE(null), O_RDONLY | O_PATH}},
    {SYS_openat, {AT_FDCWD, PLACE(path), UPPER | O_RDWR | O_CREAT, 0600}},
    {SYS_openat, {AT_FDCWD, PLACE(path), O_RDONLY | O_CREAT, 0600}},
    {SYS_openat, {AT_FDCWD, PLACE(null), O_RDONLY | O_TRUNC}},
    {SYS_openat2, {AT_FDCWD, PLACE(null), NONE, 24}},
    {SYS_pwrite64, {NONE, NONE, 0, 0}},
    {SYS_pwritev, {NONE, NONE, 0, 0, 0}},
    {SYS_pwritev2, {NONE, NONE, 0, 0, 0, 0}},
    {SYS_ftruncate, {NONE, 0}},
};

START_TEST(writes_where_ports_are_expected)
{
	ck_assert(lives(&writing[_i], NOT));
	ck_assert(lives(&writing[_i], EXPECTED));
	ck_assert(dies(&writing[_i], CONFINED));
}
END_TEST

START_TEST(writes_in_no_other_way)
{
	ck_assert(lives(&writing_otherwise[_i], NOT));
	ck_assert(lives(&writing[0], EXPECTED));
	ck_assert(dies(&writing_otherwise[_i], EXPECTED));
	ck_assert(dies(&writing_otherwise[_i], CONFINED));
}
END_TEST

START_TEST(allows)
{
	ck_assert(lives(&allowed[_i], NOT));
	ck_assert_msg(lives(&allowed[_i], CONFINED), "system call %ld",
	    allowed[_i].number);
	ck_assert_msg(lives(&allowed[_i], EXPECTED), "system call %ld",
	    allowed[_i].number);
}
END_TEST

START_TEST(kills)
{
	static const struct call twin = {SYS_getpid, {0}};

	ck_assert_msg(lives(&killed[_i], NOT), "system call %ld: control",
	    killed[_i].number);
	ck_assert(lives(&twin, CONFINED) && lives(&twin, EXPECTED));
	ck_assert_msg(dies(&killed[_i], CONFINED), "system call %ld",
	    killed[_i].number);
	ck_assert_msg(dies(&killed[_i], EXPECTED) !=
		(killed[_i].number == SYS_process_vm_writev),
	    "system call %ld", killed[_i].number);
}
END_TEST

#ifndef SANITIZED
/* More than any architecture has. */
#define NUMBERS 600

static bool
is_allowed(long number, enum confinement by)
{
	size_t i;

	if (by == EXPECTED && number == SYS_process_vm_writev)
		return true;
	for (i = 0; i < LENGTH(allowed); i++)
		if (allowed[i].number == number)
			return true;
	return false;
}

static bool
looks_at_arguments(long number)
{
	return number == SYS_openat || number == SYS_write ||
	    number == SYS_ioctl || number == SYS_fcntl;
}

/* uretprobe and uprobe of x86-64: since Linux 6.14 no filter sees them, and
 * outside of a probe they do nothing. */
static bool
is_of_probes(long number)
{
#ifdef __x86_64__
	return number == 335 || number == 336;
#else
	return number < 0;
#endif
}

/* Nothing but what the table of allowed calls lists; no argument is right. */
START_TEST(kills_every_other_call)
{
	const enum confinement by = _i == 0 ? CONFINED : EXPECTED;
	struct call call = {0, {NONE, NONE, NONE, NONE, NONE, NONE}};

	for (; call.number < NUMBERS; call.number++)
		ck_assert_msg(is_of_probes(call.number) ||
			dies(&call, by) ==
			    (!is_allowed(call.number, by) ||
				looks_at_arguments(call.number)),
		    "system call %ld", call.number);
}
END_TEST
#endif

#ifdef __x86_64__
#define X32         0x40000000
#define I386_GETPID 20

/* The gate of 32-bit programs is open to 64-bit ones. */
static int
i386_getpid_status(enum confinement by)
{
	pid_t child = fork();
	long result;

	ck_assert_int_ge(child, 0);
	if (child > 0)
		return unit_wait(child);
	no_core();
	confine(by);
	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(I386_GETPID)
			 : "memory", "r8", "r9", "r10", "r11");
	syscall(SYS_exit_group, result > 0 ? 0 : 98);
	_exit(99);
}

START_TEST(kills_calls_of_i386)
{
	int status;

	UNIT_NEEDS(unit_exited(i386_getpid_status(NOT), 0),
	    "this kernel runs no 32-bit programs");
	status = i386_getpid_status(_i == 0 ? CONFINED : EXPECTED);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
}
END_TEST

START_TEST(kills_calls_of_x32)
{
	static const struct call twin = {SYS_getpid, {0}};
	static const struct call call = {X32 | SYS_getpid, {0}};

	ck_assert(lives(&call, NOT));
	ck_assert(lives(&twin, CONFINED) && lives(&twin, EXPECTED));
	ck_assert(dies(&call, CONFINED) && dies(&call, EXPECTED));
}
END_TEST
#endif

static void
confine_without_no_new_privs(const void *argument)
{
	unit_become_ordinary();
	seccomp_confine(false, argument != NULL);
}

static void
confine_with_no_new_privs(const void *argument)
{
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	confine_without_no_new_privs(argument);
	syscall(SYS_exit_group, 0);
}

START_TEST(confinement_that_fails_is_the_end)
{
	struct unit_output output;

	unit_capture(&output, confine_with_no_new_privs, NULL);
	ck_assert(unit_exited(output.status, 0));
	unit_capture(&output, confine_without_no_new_privs, NULL);
	ck_assert(unit_exited(output.status, 125));
	ck_assert_ptr_nonnull(strstr(output.err, "cannot confine the helper"));
	/* In a dry run there is no server, and it goes on. */
	unit_capture(&output, confine_without_no_new_privs, "dry");
	ck_assert(unit_exited(output.status, 0));
	ck_assert_str_eq(output.err, "");
}
END_TEST

/* ---- The listener */

/* A process that is trapped; its status is what its action returns. */
static struct trapped {
	pid_t pid;
	int listener;
	bool interruptible;
} trapped;

static _Noreturn void
trapped_run(int channel, int (*action)(void), enum seccomp_traps set,
    bool baseline)
{
	struct seccomp_listener listener = seccomp_listen(set, baseline);
	struct offer offer = {OFFER_NOTIFY,
	    .interruptible = listener.interruptible};

	if (listener.fd < 0)
		_exit(97);
	if (!channel_send_offer(channel, &offer, listener.fd))
		_exit(98);
	close(listener.fd);
	_exit(action());
}

static void
trap(int (*action)(void), enum seccomp_traps set, bool baseline)
{
	struct offer offer = {0};
	int ends[2];

	channel_open(ends);
	trapped.pid = fork();
	ck_assert_int_ge(trapped.pid, 0);
	if (trapped.pid == 0)
		trapped_run(ends[1], action, set, baseline);
	close(ends[1]);
	trapped.listener = channel_receive_offer(ends[0], &offer);
	trapped.interruptible = offer.interruptible != 0;
	close(ends[0]);
	ck_assert_msg(trapped.listener >= 0, "no listener can be had here");
}

static int
trapped_end(void)
{
	int status = unit_wait(trapped.pid);

	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* Waits for a call, or for the end of the process.  Before Linux 6.11 a listener
 * hangs up only when the process has been waited for: so its end is waited for
 * beside it, if it can be; there is no such descriptor of one that is gone. */
static bool
call_comes(struct seccomp_notif *call)
{
	int process = (int)syscall(SYS_pidfd_open, trapped.pid, 0);
	struct pollfd fds[] = {{.fd = trapped.listener, .events = POLLIN},
	    {.fd = process, .events = POLLIN}};

	ck_assert_int_ge(poll(fds, LENGTH(fds), -1), 1);
	if (process >= 0)
		close(process);
	if ((fds[0].revents & POLLIN) == 0)
		return false;
	ck_assert(seccomp_receive(trapped.listener, call));
	return true;
}

static int
errno_of(int status)
{
	return status == 0 ? 0 : errno;
}

static uint16_t
port_of(int fd)
{
	struct endpoint e = {0};

	return socket_endpoint(fd, &e) ? e.port : 0;
}

static const struct sockaddr_in loopback = {.sin_family = AF_INET,
    .sin_addr = {0x0100007f}};
#define SERVER_FD 42

/* 0 where bind(2) says so and did so, 200 where it says so and did not. */
static int
do_bind(void)
{
	int error;

	dup2(socket(AF_INET, SOCK_STREAM, 0), SERVER_FD);
	error = errno_of(bind(SERVER_FD, (const struct sockaddr *)&loopback,
	    sizeof(loopback)));
	if (error != 0)
		return error;
	return port_of(SERVER_FD) != 0 ? 0 : 200;
}

START_TEST(call_comes_with_its_arguments)
{
	struct seccomp_notif call;

	trap(do_bind, SECCOMP_FETCH, false);
	ck_assert(call_comes(&call));
	ck_assert_int_eq(call.data.nr, SYS_bind);
	ck_assert_uint_eq(call.pid, (unsigned int)trapped.pid);
	ck_assert_uint_eq(call.data.args[0], SERVER_FD);
	ck_assert_uint_eq(call.data.args[1], (uintptr_t)&loopback);
	ck_assert_uint_eq(call.data.args[2], sizeof(loopback));
	ck_assert(seccomp_valid(trapped.listener, &call));
	seccomp_continue(trapped.listener, &call);
	ck_assert_int_eq(trapped_end(), 0);
}
END_TEST

START_TEST(answer_is_what_bind_returns)
{
	static const int errors[] = {0, EADDRINUSE, EACCES, EINVAL};
	struct seccomp_notif call;

	trap(do_bind, SECCOMP_FETCH, false);
	ck_assert(call_comes(&call));
	ck_assert(seccomp_answer(trapped.listener, &call, errors[_i]));
	ck_assert(!seccomp_valid(trapped.listener, &call));
	ck_assert(!seccomp_answer(trapped.listener, &call, 0));
	ck_assert_int_eq(trapped_end(), errors[_i] == 0 ? 200 : errors[_i]);
}
END_TEST

static uint16_t expected_port;

/* 0 where the socket is the one of expected_port; plus 1 for close-on-exec. */
static int
do_bind_and_look(void)
{
	int error = do_bind(), flags = fcntl(SERVER_FD, F_GETFD);

	if (error != 0)
		return error;
	if (port_of(SERVER_FD) != expected_port)
		return 201;
	return flags & FD_CLOEXEC ? 1 : 0;
}

START_TEST(replaces_a_descriptor)
{
	int fd = socket(AF_INET, SOCK_STREAM | (_i ? 0 : SOCK_CLOEXEC), 0);
	struct seccomp_notif call;

	ck_assert_int_eq(bind(fd, (const struct sockaddr *)&loopback,
			     sizeof(loopback)),
	    0);
	expected_port = port_of(fd);
	trap(do_bind_and_look, SECCOMP_FETCH, false);
	ck_assert(call_comes(&call));
	ck_assert_int_eq(seccomp_replace(trapped.listener, &call, fd,
			     (int)call.data.args[0], _i != 0),
	    0);
	ck_assert_uint_eq(process_socket(trapped.pid, SERVER_FD),
	    socket_inode(fd));
	ck_assert(seccomp_answer(trapped.listener, &call, 0));
	ck_assert_int_eq(trapped_end(), _i);
}
END_TEST

START_TEST(replacement_that_fails_is_told)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct seccomp_notif call;

	trap(do_bind, SECCOMP_FETCH, false);
	ck_assert(call_comes(&call));
	ck_assert_int_eq(seccomp_replace(trapped.listener, &call, fd, SERVER_FD,
			     false),
	    0);
	ck_assert_int_eq(seccomp_replace(trapped.listener, &call, -1, SERVER_FD,
			     false),
	    EBADF);
	ck_assert_int_eq(kill(trapped.pid, SIGKILL), 0);
	unit_wait(trapped.pid);
	ck_assert_int_eq(seccomp_replace(trapped.listener, &call, fd, SERVER_FD,
			     false),
	    ENOENT);
}
END_TEST

START_TEST(dead_task_is_not_valid)
{
	struct seccomp_notif call;

	trap(do_bind, SECCOMP_FETCH, false);
	ck_assert(call_comes(&call));
	ck_assert(seccomp_valid(trapped.listener, &call));
	ck_assert_int_eq(kill(trapped.pid, SIGKILL), 0);
	unit_wait(trapped.pid);
	ck_assert(!seccomp_valid(trapped.listener, &call));
	ck_assert(!seccomp_answer(trapped.listener, &call, 0));
	ck_assert(!call_comes(&call));
}
END_TEST

/* Killed between poll(2) and the ioctl. */
START_TEST(dead_task_is_not_received)
{
	struct pollfd fd = {.events = POLLIN};
	struct seccomp_notif call;

	trap(do_bind, SECCOMP_FETCH, false);
	fd.fd = trapped.listener;
	ck_assert_int_eq(poll(&fd, 1, -1), 1);
	ck_assert_int_eq(fd.revents, POLLIN);
	ck_assert_int_eq(kill(trapped.pid, SIGKILL), 0);
	unit_wait(trapped.pid);
	ck_assert(!seccomp_receive(trapped.listener, &call));
	ck_assert_int_eq(errno, ENOENT);
}
END_TEST

/* The arguments of one call, made raw. */
static struct call raw;
static const int on = 1;

static int
do_raw(void)
{
	const long *a = raw.arguments;
	int fd = dup2(socket(AF_INET, SOCK_STREAM, 0), SERVER_FD);

	return fd != SERVER_FD ||
	    syscall(raw.number, a[0], a[1], a[2], a[3], a[4], a[5]) != 0;
}

static bool
is_trapped(const struct call *call, enum seccomp_traps set)
{
	struct seccomp_notif seen;
	bool came;

	raw = *call;
	trap(do_raw, set, false);
	came = call_comes(&seen);
	if (came)
		ck_assert(seccomp_answer(trapped.listener, &seen, 0));
	trapped_end();
	close(trapped.listener);
	return came;
}

#define BIND(length)                                                           \
	{                                                                      \
		SYS_bind,                                                      \
		{                                                              \
			SERVER_FD, PLACE(&loopback), length                    \
		}                                                              \
	}
#define SET(level, name)                                                       \
	{                                                                      \
		SYS_setsockopt,                                                \
		{                                                              \
			SERVER_FD, level, name, PLACE(&on), sizeof(on)         \
		}                                                              \
	}

#define GET_NAME(fd)                                                           \
	{                                                                      \
		SYS_getsockname,                                               \
		{                                                              \
			fd, PLACE(&own_name), PLACE(&own_size)                 \
		}                                                              \
	}

static struct sockaddr_in6 own_name;
static socklen_t own_size = sizeof(own_name);

/* Whether a call is trapped while options are observed, while they are not, and
 * while ports are expected. */
static const struct trap_row {
	struct call call;
	bool observing;
	bool fetching;
	bool expecting;
} traps[] = {
    {BIND(16), true, true, true},
    {BIND(15), false, false, false},
    {BIND(128), true, true, true},
    {BIND(12), false, false, false},
    {BIND(0), false, false, false},
    {BIND(UPPER | 16), true, true, true},
    /* More than need be: "at least" looks at the whole register. */
    {BIND(UPPER | 15), true, true, true},
    {SET(SOL_SOCKET, SO_REUSEPORT), true, false, false},
    {SET(SOL_SOCKET, SO_REUSEADDR), false, false, false},
    {SET(UPPER | SOL_SOCKET, SO_REUSEPORT), true, false, false},
    {SET(SOL_SOCKET, UPPER | SO_REUSEPORT), true, false, false},
    {SET(UPPER | SOL_SOCKET, UPPER | SO_REUSEADDR), false, false, false},
    {SET(IPPROTO_IPV6, IPV6_V6ONLY), true, false, false},
    {SET(IPPROTO_IPV6, SO_REUSEPORT), false, false, false},
    {SET(IPPROTO_TCP, TCP_NODELAY), true, false, false},
    {{SYS_listen, {SERVER_FD, 1}}, false, false, false},
    {{SYS_getpid, {0}}, false, false, false},
    {GET_NAME(SERVER_FD), false, false, true},
    {GET_NAME(UPPER | SERVER_FD), false, false, true},
    {{SYS_getpeername, {SERVER_FD, 0, 0}}, false, false, false},
    {{SYS_getsockopt, {SERVER_FD, 0, 0, 0, 0}}, false, false, false},
};

START_TEST(traps_what_it_says)
{
	const struct trap_row *row = &traps[_i];

	ck_assert_int_eq(is_trapped(&row->call, SECCOMP_OBSERVE),
	    row->observing);
	ck_assert_int_eq(is_trapped(&row->call, SECCOMP_FETCH), row->fetching);
	ck_assert_int_eq(is_trapped(&row->call, SECCOMP_EXPECTED),
	    row->expecting);
}
END_TEST

static int
do_bind_in_a_child(void)
{
	pid_t child = fork();
	int status;

	if (child == 0)
		_exit(do_bind());
	return waitpid(child, &status, 0) == child && WIFEXITED(status)
	    ? WEXITSTATUS(status)
	    : 202;
}

START_TEST(children_are_trapped_too)
{
	struct seccomp_notif call;

	trap(do_bind_in_a_child, SECCOMP_FETCH, false);
	ck_assert(call_comes(&call));
	ck_assert_uint_ne(call.pid, (unsigned int)trapped.pid);
	ck_assert(seccomp_answer(trapped.listener, &call, EADDRINUSE));
	ck_assert_int_eq(trapped_end(), EADDRINUSE);
	ck_assert(!call_comes(&call));
}
END_TEST

/* Another listener: the errno the user is told about (explain.c). */
static int
do_listen_again(void)
{
	struct seccomp_listener second = seccomp_listen(SECCOMP_FETCH, true);

	return second.fd >= 0 ? 203 : errno;
}

/* What is let through answers as if nobody had looked; what is answered, with
 * what was written. */
static int
do_get_name(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in name = {.sin_port = 1};
	socklen_t size = sizeof(name);

	if (getsockname(fd, (struct sockaddr *)&name, &size) != 0)
		return errno;
	return name.sin_family == AF_INET && name.sin_port == 0 ? 0 : 205;
}

START_TEST(name_is_the_kernels_or_ours)
{
	struct seccomp_notif call;

	trap(do_get_name, SECCOMP_EXPECTED, _i == 2);
	ck_assert(call_comes(&call));
	ck_assert_int_eq(call.data.nr, SYS_getsockname);
	if (_i == 0)
		ck_assert(seccomp_answer(trapped.listener, &call, 0));
	else
		seccomp_continue(trapped.listener, &call);
	ck_assert_int_eq(trapped_end(), _i == 0 ? 205 : 0);
}
END_TEST

START_TEST(second_listener_is_busy)
{
	trap(do_listen_again, SECCOMP_FETCH, false);
	ck_assert_int_eq(trapped_end(), EBUSY);
}
END_TEST

static int
do_tell_flags(void)
{
	int privileges = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);

	return privileges == 1 ? 0 : 204;
}

START_TEST(listening_sets_no_new_privs)
{
	ck_assert_int_eq(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 0);
	trap(do_tell_flags, SECCOMP_FETCH, false);
	ck_assert_int_eq(fcntl(trapped.listener, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(trapped_end(), 0);
}
END_TEST

static volatile sig_atomic_t signals;

static void
count_signal(int signal)
{
	(void)signal;
	signals++;
}

/* bind(2) with a handler that does not restart it. */
static int
do_bind_and_count(void)
{
	const struct sigaction action = {.sa_handler = count_signal};

	sigaction(SIGUSR1, &action, NULL);
	return do_bind();
}

/* The signal arrives while the helper has the call: the server waits for the
 * answer all the same. */
START_TEST(killable_call_is_not_interrupted)
{
	struct seccomp_notif call;

	trap(do_bind_and_count, SECCOMP_FETCH, false);
	ck_assert(call_comes(&call));
	if (trapped.interruptible)
		kill(trapped.pid, SIGKILL);
	UNIT_NEEDS(!trapped.interruptible,
	    "this kernel is older than Linux 5.19");
	ck_assert_int_eq(kill(trapped.pid, SIGUSR1), 0);
	ck_assert(seccomp_valid(trapped.listener, &call));
	ck_assert(seccomp_answer(trapped.listener, &call, EADDRINUSE));
	ck_assert_int_eq(trapped_end(), EADDRINUSE);
}
END_TEST

START_TEST(baseline_call_is_interrupted)
{
	struct seccomp_notif call;

	trap(do_bind_and_count, SECCOMP_FETCH, true);
	ck_assert(trapped.interruptible);
	ck_assert(call_comes(&call));
	ck_assert(seccomp_valid(trapped.listener, &call));
	ck_assert_int_eq(kill(trapped.pid, SIGUSR1), 0);
	ck_assert_int_eq(trapped_end(), EINTR);
	ck_assert(!seccomp_answer(trapped.listener, &call, 0));
}
END_TEST

static void
add_listener(Suite *s)
{
	TCase *t = tcase_create("listener");

	tcase_add_test(t, call_comes_with_its_arguments);
	tcase_add_loop_test(t, answer_is_what_bind_returns, 0, 4);
	tcase_add_loop_test(t, replaces_a_descriptor, 0, 2);
	tcase_add_test(t, replacement_that_fails_is_told);
	tcase_add_test(t, dead_task_is_not_valid);
	tcase_add_test(t, dead_task_is_not_received);
	tcase_add_loop_test(t, traps_what_it_says, 0, LENGTH(traps));
	tcase_add_test(t, children_are_trapped_too);
	tcase_add_loop_test(t, name_is_the_kernels_or_ours, 0, 3);
	tcase_add_test(t, second_listener_is_busy);
	tcase_add_test(t, listening_sets_no_new_privs);
	tcase_add_test(t, killable_call_is_not_interrupted);
	tcase_add_test(t, baseline_call_is_interrupted);
	suite_add_tcase(s, t);
}

static Suite *
suite(void)
{
	Suite *s = suite_create("seccomp");
	TCase *t = tcase_create("helper");

	tcase_add_loop_test(t, allows, 0, LENGTH(allowed));
	tcase_add_loop_test(t, tells_arguments_apart, 0, LENGTH(pairs));
	tcase_add_loop_test(t, kills, 0, LENGTH(killed));
	tcase_add_loop_test(t, writes_where_ports_are_expected, 0,
	    LENGTH(writing));
	tcase_add_loop_test(t, writes_in_no_other_way, 0,
	    LENGTH(writing_otherwise));
#ifndef SANITIZED
	tcase_add_loop_test(t, kills_every_other_call, 0, 2);
#endif
#ifdef __x86_64__
	tcase_add_loop_test(t, kills_calls_of_i386, 0, 2);
	tcase_add_test(t, kills_calls_of_x32);
#endif
	tcase_add_test(t, confinement_that_fails_is_the_end);
	suite_add_tcase(s, t);
	add_listener(s);
	return s;
}

int
main(void)
{
	return unit_run(suite());
}
