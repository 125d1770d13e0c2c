/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the helper, before the fork and after its drop; the child, before it
 * becomes the server.
 * Reads: notifications, written by the kernel.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "apart.h"
#include "constants.h"
#include "filters.h"
#include "message.h"
#include "seccomp.h"

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS      SECCOMP_IOW(4, __u64)
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP (1UL << 0)
#endif

#define PROGRAM(filter)                                                        \
	{                                                                      \
		sizeof(filter) / sizeof((filter)[0]),                          \
		    (struct sock_filter *)(filter)                             \
	}

static const struct sock_fprog helper_programs[] = {PROGRAM(helper_filter),
    PROGRAM(helper_expected_filter)};
static const struct sock_fprog terminal_program = PROGRAM(terminal_filter);
static const struct sock_fprog server_programs[] = {
    [SECCOMP_FETCH] = PROGRAM(fetch_filter),
    [SECCOMP_OBSERVE] = PROGRAM(observe_filter),
    [SECCOMP_EXPECTED] = PROGRAM(expected_filter),
};

static int
try_calls(void *unused)
{
	(void)unused;
	syscall(SYS_seccomp, -1, 0, NULL);
	return (int)syscall(SYS_pidfd_getfd, -1, -1, 0);
}

bool
seccomp_is_deadly(void)
{
	static enum { NOT_KNOWN, NO, YES } deadly;

	if (deadly == NOT_KNOWN)
		deadly = apart_is_deadly(try_calls) ? YES : NO;
	return deadly == YES;
}

static int
load(unsigned int flags, const struct sock_fprog *program)
{
	const unsigned int operation = SECCOMP_SET_MODE_FILTER;

	if (seccomp_is_deadly()) {
		errno = EPERM;
		return -1;
	}
	return (int)syscall(SYS_seccomp, operation, flags, program);
}

/* The kernel reads the filter first. */
int
seccomp_refusal(void)
{
	return load(0, NULL) == 0 || errno == EFAULT ? 0 : errno;
}

void
seccomp_confine(bool expected, bool dry)
{
	if (load(0, &helper_programs[expected]) != 0 && !dry)
		fatal("cannot confine the helper; have the seccomp profile or "
		      "sandbox allow the system call seccomp");
}

void
seccomp_deny_typing(void)
{
	if (load(0, &terminal_program) != 0)
		fatal("cannot keep the server from typing into the terminal of "
		      "who started it; have the seccomp profile or sandbox "
		      "allow the system call seccomp");
}

/*
 * Server and helper wait for each other.  So each wakes the other on its own
 * processor: another one might have to leave its idle state first, which can take
 * longer than the whole call.  Before Linux 6.6 this fails, which does no harm.
 */
static void
wake_in_turn(int listener)
{
	ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS,
	    SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
}

struct seccomp_listener
seccomp_listen(enum seccomp_traps traps, bool baseline)
{
	const unsigned int flags = SECCOMP_FILTER_FLAG_NEW_LISTENER;
	const struct sock_fprog *program = &server_programs[traps];
	struct seccomp_listener listener = {.fd = -1};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return listener;
	if (!baseline)
		listener.fd = load(flags |
			SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
		    program);
	if (baseline || (listener.fd < 0 && errno == EINVAL)) {
		listener.interruptible = true;
		listener.fd = load(flags, program);
	}
	if (!baseline && listener.fd >= 0)
		wake_in_turn(listener.fd);
	return listener;
}

bool
seccomp_is_complete(void)
{
	/* The kernel looks at the flags before it reads the filter. */
	return load(SECCOMP_FILTER_FLAG_NEW_LISTENER |
		       SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
		   NULL) != 0 &&
	    errno == EFAULT;
}

bool
seccomp_receive(int listener, struct seccomp_notif *call)
{
	/* The kernel wants it zeroed; its size has not changed since Linux
	 * 5.0. */
	memset(call, 0, sizeof(*call));
	return ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, call) == 0;
}

bool
seccomp_valid(int listener, const struct seccomp_notif *call)
{
	return ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &call->id) == 0;
}

static bool
respond(int listener, struct seccomp_notif_resp *response)
{
	return ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, response) == 0;
}

void
seccomp_continue(int listener, const struct seccomp_notif *call)
{
	struct seccomp_notif_resp response = {.id = call->id,
	    .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};

	respond(listener, &response);
}

bool
seccomp_answer(int listener, const struct seccomp_notif *call, int error)
{
	struct seccomp_notif_resp response = {.id = call->id, .error = -error};

	return respond(listener, &response);
}

int
seccomp_replace(int listener, const struct seccomp_notif *call, int fd,
    int target, bool close_on_exec)
{
	/* Not ADDFD_FLAG_SEND: bind(2) would return the descriptor's number. */
	struct seccomp_notif_addfd addfd = {.id = call->id,
	    .flags = SECCOMP_ADDFD_FLAG_SETFD,
	    .srcfd = (uint32_t)fd,
	    .newfd = (uint32_t)target,
	    .newfd_flags = close_on_exec ? O_CLOEXEC : 0};

	return ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &addfd) < 0 ? errno
								      : 0;
}
