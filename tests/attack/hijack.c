/* SPDX-License-Identifier: ISC */
/*
 * The hijack.  It is of $ATTACKABLE, whose child is dumpable and waits a while
 * before it sends its plan (attackable.c): there we seize it, stop it before
 * sendmsg(2), and rewrite in its memory what it sends.  $LOWPORT's child cannot
 * be hijacked (attack_catch).
 */
#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attack.h"
#include "constants.h"
#include "plan.h"

bool
next_stop(pid_t child)
{
	int status;

	return ptrace(PTRACE_SYSCALL, child, 0, 0) == 0 &&
	    waitpid(child, &status, __WALL) == child && WIFSTOPPED(status);
}

struct __ptrace_syscall_info
stopped_at(pid_t child)
{
	struct __ptrace_syscall_info info = {.op = PTRACE_SYSCALL_INFO_NONE};

	ptrace(PTRACE_GET_SYSCALL_INFO, child, sizeof(info), &info);
	return info;
}

void
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

bool
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
bool
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
void
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

struct hijack
hijack(const char *option)
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
		h.helper = start(arguments, slow_environment());
		close(atoi(report));
		if (seize_child(&h) && advance_to_send(&h) &&
		    h.vector.iov_len == sizeof(struct plan))
			return h;
		end_all();
		close(h.report);
	}
	errx(2, "the child could not be caught in %d attempts", CATCHES);
}

void
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

void
name_port(struct hijack *h, size_t port)
{
	uint16_t public_port = (uint16_t)port;

	copy_memory(h->child,
	    (uintptr_t)h->vector.iov_base +
		offsetof(struct plan, mappings[1].public_port),
	    &public_port, sizeof(public_port), true);
}
