/* SPDX-License-Identifier: ISC */
/*
 * usage: foreign
 *
 * Makes a system call of a foreign architecture, the 32-bit one by int 0x80 on
 * x86-64, as a 32-bit program in the server's tree does.  Exits with 0 when it
 * works, 77 where this machine has no such thing.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#if defined(__x86_64__)

static sigjmp_buf unknown;

/* A kernel without IA-32 emulation takes the instruction for a fault. */
static void
give_up(int signal)
{
	siglongjmp(unknown, signal);
}

int
main(void)
{
	long result = 20; /* getpid */

	signal(SIGSEGV, give_up);
	if (sigsetjmp(unknown, 1) != 0)
		return 77;
	__asm__ volatile("int $0x80"
			 : "+a"(result)
			 :
			 : "memory", "r8", "r9", "r10", "r11");
	printf("32-bit getpid: %s\n", result == getpid() ? "right" : "wrong");
	return result == getpid() ? EXIT_SUCCESS : EXIT_FAILURE;
}

#else

int
main(void)
{
	return 77;
}

#endif
