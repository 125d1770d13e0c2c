/* SPDX-License-Identifier: ISC */
/*
 * usage: server_signals NAME END
 *
 * Prints "NAME ready" and then each signal that arrives, "NAME 10" and so on, up
 * to the signal END, where it ends.  It takes them all, also the two that the C
 * library keeps for itself.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	struct signalfd_siginfo info;
	sigset_t all;
	int fd;

	if (argc != 3)
		return EXIT_FAILURE;
	memset(&all, 0xff, sizeof(all));
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, NULL, 8);
	fd = signalfd(-1, &all, SFD_CLOEXEC);
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("%s ready\n", argv[1]);
	while (read(fd, &info, sizeof(info)) == sizeof(info)) {
		printf("%s %u\n", argv[1], info.ssi_signo);
		if (info.ssi_signo == (uint32_t)atoi(argv[2]))
			return EXIT_SUCCESS;
	}
	return EXIT_FAILURE;
}
