/* SPDX-License-Identifier: ISC */
/*
 * usage: build/deny [--seccomp] COMMAND [ARG...]
 *
 * Runs COMMAND where the kernel refuses to look into another process, as under
 * the default seccomp profiles of Docker 20.10 and containerd 1.6.  Without
 * no_new_privs, which would void file capabilities, so that it takes
 * CAP_SYS_ADMIN.  With --seccomp no further filter may be loaded either.
 */
#include <err.h>
#include <errno.h>
#include <seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	static const int denied[] = {SCMP_SYS(pidfd_getfd),
	    SCMP_SYS(process_vm_readv), SCMP_SYS(kcmp),
	    SCMP_SYS(process_madvise)};
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	size_t i;
	int error;

	if (argc < 2)
		errx(125, "usage: deny [--seccomp] COMMAND [ARG...]");
	error = seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0);
	for (i = 0; error == 0 && i < sizeof(denied) / sizeof(denied[0]); i++)
		error = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM),
		    denied[i], 0);
	if (error == 0 && strcmp(argv[1], "--seccomp") == 0) {
		error = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM),
		    SCMP_SYS(seccomp), 0);
		argv++;
	}
	if (error == 0)
		error = seccomp_load(filter);
	if (error != 0) {
		errno = -error;
		err(125, "cannot load the filter");
	}
	/* A filter that denies nothing would let every test pass. */
	if (syscall(SYS_pidfd_getfd, -1, -1, 0) != -1 || errno != EPERM)
		errx(125, "pidfd_getfd(2) is not denied");
	execvp(argv[1], argv + 1);
	err(127, "cannot execute '%s'", argv[1]);
}
