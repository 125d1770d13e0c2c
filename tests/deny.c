/* SPDX-License-Identifier: ISC */
/*
 * usage: build/deny looking|writing|seccomp|listener|handing|bpf|adopting| \
 *            signalfd|deadly|deadly-bpf COMMAND [ARG...]
 *
 * Runs COMMAND where the kernel refuses
 *
 *   looking   to look into another process, as under the default seccomp
 *             profiles of Docker 20.10 and containerd 1.6 (EPERM);
 *   writing   to write to another process's memory (EPERM);
 *   seccomp   as looking, and to load a filter (EPERM);
 *   listener  a seccomp listener, as gVisor, and Linux before 5.0 (EINVAL);
 *   handing   to hand a descriptor to a trapped task, as Linux before 5.9
 *             (EINVAL);
 *   bpf       bpf(2), as the default seccomp profiles of Docker (EPERM);
 *   adopting  to be a subreaper, as gVisor did (EINVAL);
 *   signalfd  signalfd(2), which the helper alone takes (EPERM);
 *   deadly    seccomp(2) and pidfd_getfd(2) by the end of the process, as
 *             systemd's SystemCallFilter=@system-service;
 *   deadly-bpf  bpf(2) likewise.
 *
 * Without no_new_privs, which would void file capabilities, so that it takes
 * CAP_SYS_ADMIN; but for adopting, which takes nothing and sets that.
 */
#include <err.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "constants.h"

static int
deny_looking(scmp_filter_ctx filter)
{
	static const int denied[] = {SCMP_SYS(pidfd_getfd),
	    SCMP_SYS(process_vm_readv), SCMP_SYS(kcmp),
	    SCMP_SYS(process_madvise)};
	size_t i;
	int error = 0;

	for (i = 0; error == 0 && i < sizeof(denied) / sizeof(denied[0]); i++)
		error = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM),
		    denied[i], 0);
	return error;
}

static int
deny_writing(scmp_filter_ctx filter)
{
	return seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM),
	    SCMP_SYS(process_vm_writev), 0);
}

static int
deny_bpf(scmp_filter_ctx filter)
{
	return seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(bpf),
	    0);
}

static int
deny_seccomp(scmp_filter_ctx filter)
{
	int error = deny_looking(filter);

	return error != 0 ? error
			  : seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM),
				SCMP_SYS(seccomp), 0);
}

static int
deny_listener(scmp_filter_ctx filter)
{
	return seccomp_rule_add(filter, SCMP_ACT_ERRNO(EINVAL),
	    SCMP_SYS(seccomp), 1,
	    SCMP_A1_64(SCMP_CMP_MASKED_EQ, SECCOMP_FILTER_FLAG_NEW_LISTENER,
		SECCOMP_FILTER_FLAG_NEW_LISTENER));
}

static int
deny_handing(scmp_filter_ctx filter)
{
	return seccomp_rule_add(filter, SCMP_ACT_ERRNO(EINVAL), SCMP_SYS(ioctl),
	    1,
	    SCMP_A1_64(SCMP_CMP_MASKED_EQ, UINT32_MAX,
		(uint32_t)SECCOMP_IOCTL_NOTIF_ADDFD));
}

static int
deny_adopting(scmp_filter_ctx filter)
{
	return seccomp_rule_add(filter, SCMP_ACT_ERRNO(EINVAL), SCMP_SYS(prctl),
	    1, SCMP_A0(SCMP_CMP_EQ, PR_SET_CHILD_SUBREAPER));
}

static int
deny_signalfd(scmp_filter_ctx filter)
{
	return seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM),
	    SCMP_SYS(signalfd4), 0);
}

static int
deny_deadly(scmp_filter_ctx filter)
{
	int error = seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS,
	    SCMP_SYS(pidfd_getfd), 0);

	return error != 0 ? error
			  : seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS,
				SCMP_SYS(seccomp), 0);
}

static int
deny_deadly_bpf(scmp_filter_ctx filter)
{
	return seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, SCMP_SYS(bpf),
	    0);
}

/* A filter that denies nothing would let every test pass. */
static bool
looking_is_denied(void)
{
	return syscall(SYS_pidfd_getfd, -1, -1, 0) == -1 && errno == EPERM;
}

static bool
writing_is_denied(void)
{
	return syscall(SYS_process_vm_writev, getpid(), NULL, 0, NULL, 0, 0) ==
	    -1 &&
	    errno == EPERM;
}

static bool
seccomp_is_denied(void)
{
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, NULL) == -1 &&
	    errno == EPERM;
}

static bool
listener_is_denied(void)
{
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
		   SECCOMP_FILTER_FLAG_NEW_LISTENER, NULL) == -1 &&
	    errno == EINVAL;
}

static bool
handing_is_denied(void)
{
	return ioctl(STDIN_FILENO, SECCOMP_IOCTL_NOTIF_ADDFD, NULL) == -1 &&
	    errno == EINVAL;
}

static bool
bpf_is_denied(void)
{
	return syscall(SYS_bpf, -1, NULL, 0) == -1 && errno == EPERM;
}

static bool
signalfd_is_denied(void)
{
	return syscall(SYS_signalfd4, -1, NULL, 0, 0) == -1 && errno == EPERM;
}

static bool
is_deadly(long call)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit(syscall(call, -1, 0, 0) == 0);
	return pid > 0 && waitpid(pid, &status, 0) == pid &&
	    WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
}

static bool
deadly_is_denied(void)
{
	return is_deadly(SYS_seccomp) && is_deadly(SYS_pidfd_getfd);
}

static bool
deadly_bpf_is_denied(void)
{
	return is_deadly(SYS_bpf);
}

static bool
adopting_is_denied(void)
{
	return prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0) == -1;
}

static const struct denial {
	const char *what;
	bool no_new_privs;
	int (*deny)(scmp_filter_ctx);
	bool (*is_denied)(void);
} denials[] = {
    {"looking", false, deny_looking, looking_is_denied},
    {"writing", false, deny_writing, writing_is_denied},
    {"seccomp", false, deny_seccomp, seccomp_is_denied},
    {"listener", false, deny_listener, listener_is_denied},
    {"handing", false, deny_handing, handing_is_denied},
    {"bpf", false, deny_bpf, bpf_is_denied},
    {"adopting", true, deny_adopting, adopting_is_denied},
    {"signalfd", false, deny_signalfd, signalfd_is_denied},
    {"deadly", false, deny_deadly, deadly_is_denied},
    {"deadly-bpf", false, deny_deadly_bpf, deadly_bpf_is_denied},
};

static const struct denial *
denial_called(const char *what)
{
	size_t i;

	for (i = 0; what != NULL && i < sizeof(denials) / sizeof(denials[0]);
	     i++)
		if (strcmp(denials[i].what, what) == 0)
			return &denials[i];
	errx(125,
	    "usage: deny looking|writing|seccomp|listener|handing|bpf|adopting|"
	    "signalfd|deadly|deadly-bpf COMMAND [ARG...]");
}

int
main(int argc, char **argv)
{
	const struct denial *denial = denial_called(argc > 2 ? argv[1] : NULL);
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int error = seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP,
	    denial->no_new_privs);

	if (error == 0)
		error = denial->deny(filter);
	if (error == 0)
		error = seccomp_load(filter);
	if (error != 0) {
		errno = -error;
		err(125, "cannot load the filter");
	}
	if (!denial->is_denied())
		errx(125, "%s is not denied", denial->what);
	execvp(argv[2], argv + 2);
	err(127, "cannot execute '%s'", argv[2]);
}
