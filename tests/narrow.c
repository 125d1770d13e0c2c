/* SPDX-License-Identifier: ISC */
/*
 * A server of 32 bits that listens at port 8443 of 127.0.0.1, says hello to each
 * client, and waits to be killed; without a C library, which a 64-bit machine
 * may not have for it:
 *
 *     cc -m32 -static -nostdlib -fno-pie -no-pie -O1 -o narrow tests/narrow.c
 */
static int
call(int number, long a, long b, long c)
{
	int result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(number), "b"(a), "c"(b), "d"(c), "S"(0)
			 : "memory");
	return result;
}

void _start(void);

void
_start(void)
{
	/* AF_INET, port 8443, 127.0.0.1 */
	static const unsigned char address[16] = {2, 0, 0x20, 0xfb, 127, 0, 0,
	    1};
	const int fd = call(359, 2, 1, 0); /* socket(2) */
	int client;

	if (call(361, fd, (long)address, sizeof(address)) == 0 && /* bind(2) */
	    call(363, fd, 8, 0) == 0) /* listen(2) */
		for (;;) {
			client = call(364, fd, 0, 0);        /* accept4(2) */
			call(4, client, (long)"hello\n", 6); /* write(2) */
			call(6, client, 0, 0);               /* close(2) */
		}
	call(1, 1, 0, 0); /* exit(2) */
}
