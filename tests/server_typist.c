/* SPDX-License-Identifier: ISC */
/*
 * usage: server_typist
 *
 * Types into the terminal that is its standard input, by TIOCSTI (ioctl_tty(2)):
 * n as anybody would, d with something in the upper half of the request, i by
 * the 32-bit ioctl(2), x by that of x32; and pastes by TIOCLINUX.  Prints what
 * each comes to; nothing where this kernel has no such call.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

#include "error_name.h"

#define DIRTY    0xdead00000000
#define X32      0x40000000
#define X32_CALL 514

static void
say(const char *what, long result)
{
	if (result == 0 || errno != ENOSYS)
		printf("%s %s\n", what, result == 0 ? "ok" : error_name(errno));
}

#if defined(__x86_64__)

static sigjmp_buf unknown;

/* A kernel without IA-32 emulation takes the instruction for a fault. */
static void
give_up(int signal)
{
	siglongjmp(unknown, signal);
}

static void
type_foreign(void)
{
	char *low = mmap(NULL, 1, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	long result = 54; /* ioctl */

	if (low == MAP_FAILED)
		exit(EXIT_FAILURE);
	*low = 'x';
	say("x32", syscall(X32 + X32_CALL, STDIN_FILENO, TIOCSTI, low));
	*low = 'i';
	signal(SIGSEGV, give_up);
	if (sigsetjmp(unknown, 1) != 0)
		return;
	__asm__ volatile("int $0x80"
			 : "+a"(result)
			 : "b"(STDIN_FILENO), "c"(TIOCSTI), "d"(low)
			 : "memory", "r8", "r9", "r10", "r11");
	errno = (int)-result;
	say("32-bit", result);
}

#else

static void
type_foreign(void)
{
}

#endif

int
main(void)
{
	char paste = 3; /* TIOCL_PASTESEL */

	say("native", ioctl(STDIN_FILENO, TIOCSTI, "n"));
	say("dirty", syscall(SYS_ioctl, STDIN_FILENO, DIRTY + TIOCSTI, "d"));
	say("paste", ioctl(STDIN_FILENO, TIOCLINUX, &paste));
	type_foreign();
	return EXIT_SUCCESS;
}
