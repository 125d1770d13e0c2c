/* SPDX-License-Identifier: ISC */
/*
 * usage: build/deny COMMAND [ARG...]
 *        build/deny --subreaper COMMAND [ARG...]
 *
 * Runs COMMAND where the kernel refuses to look into another process, as under
 * the default seccomp profiles of Docker 20.10 and containerd 1.6.  Without
 * no_new_privs, which would void file capabilities, so that it takes
 * CAP_SYS_ADMIN.
 *
 * Or where it knows no subreaper, as gVisor did not; that sets no_new_privs, and
 * takes nothing.
 */
#include <err.h>
#include <errno.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int
deny_looking(scmp_filter_ctx filter)
{
	static const int denied[] = {SCMP_SYS(pidfd_getfd),
	    SCMP_SYS(process_vm_readv), SCMP_SYS(kcmp),
	    SCMP_SYS(process_madvise)};
	int error = seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0);
	size_t i;

	for (i = 0; error == 0 && i < sizeof(denied) / sizeof(denied[0]); i++)
		error = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM),
		    denied[i], 0);
	return error;
}

static int
deny_subreaper(scmp_filter_ctx filter)
{
	return seccomp_rule_add(filter, SCMP_ACT_ERRNO(EINVAL),
	    SCMP_SYS(prctl), 1, SCMP_A0(SCMP_CMP_EQ, PR_SET_CHILD_SUBREAPER));
}

/* A filter that denies nothing would let every test pass. */
static bool
is_denied(bool subreaper)
{
	if (subreaper)
		return prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0) == -1;
	return syscall(SYS_pidfd_getfd, -1, -1, 0) == -1 && errno == EPERM;
}

int
main(int argc, char **argv)
{
	bool subreaper = argc > 1 && strcmp(argv[1], "--subreaper") == 0;
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int error;

	argv += 1 + subreaper;
	if (*argv == NULL)
		errx(125, "usage: deny [--subreaper] COMMAND [ARG...]");
	error = subreaper ? deny_subreaper(filter) : deny_looking(filter);
	if (error == 0)
		error = seccomp_load(filter);
	if (error != 0) {
		errno = -error;
		err(125, "cannot load the filter");
	}
	if (!is_denied(subreaper))
		errx(125, "the calls are not denied");
	execvp(argv[0], argv);
	err(127, "cannot execute '%s'", argv[0]);
}
