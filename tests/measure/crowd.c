/* SPDX-License-Identifier: ISC */
/*
 * Many processes that do nothing, for what becomes slower beside them.  They end
 * when standard input does.
 *
 * usage: measure_crowd COUNT
 */
#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	int count = argc == 2 ? atoi(argv[1]) : 0, i;
	pid_t child;
	char byte;

	if (count < 1 || count > 10000)
		errx(1, "usage: measure_crowd COUNT");
	for (i = 0; i < count; i++) {
		child = fork();
		if (child < 0)
			err(1, "process %d", i);
		if (child == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			for (;;)
				pause();
		}
	}
	printf("ready\n");
	fflush(stdout);
	return read(STDIN_FILENO, &byte, 1) < 0;
}
