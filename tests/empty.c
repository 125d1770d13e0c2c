/* SPDX-License-Identifier: ISC */
/* usage: empty PROGRAM: executes it with no argument at all, argc 0. */
#include <stdlib.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	char *none[] = {NULL};

	if (argc == 2)
		execve(argv[1], none, none);
	return EXIT_FAILURE;
}
