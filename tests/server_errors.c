/* SPDX-License-Identifier: ISC */
/*
 * usage: server_errors PORT
 *
 * Prints what bind(2) returns for good and bad arguments, one line each.  Run
 * bare and under lowport, on the port a mapping expects, the output must be the
 * same: lowport answers as the kernel would.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "error_name.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

static uint16_t port;

static struct sockaddr_storage
ipv4(in_addr_t address, uint16_t number)
{
	struct sockaddr_storage storage = {0};
	struct sockaddr_in *in = (struct sockaddr_in *)&storage;

	in->sin_family = AF_INET;
	in->sin_port = htons(number);
	in->sin_addr.s_addr = htonl(address);
	return storage;
}

static struct sockaddr_storage
ipv6(struct in6_addr address, uint16_t number)
{
	struct sockaddr_storage storage = {0};
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&storage;

	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(number);
	in6->sin6_addr = address;
	return storage;
}

static void
report(const char *what, long result)
{
	printf("%-40s %s\n", what,
	    result == 0      ? "ok"
		: result < 0 ? error_name(errno)
			     : "?");
}

/* bind(2) by number: the C library must not look at the arguments first. */
static long
raw_bind(long fd, const void *address, long length)
{
	return syscall(SYS_bind, fd, address, length);
}

static void
try(const char *what, int domain, int type, const void *address, long length)
{
	int fd = socket(domain, type | SOCK_CLOEXEC, 0);

	report(what, raw_bind(fd, address, length));
	close(fd);
}

static void
lengths(void)
{
	static const int some[] = {0, 1, 2, 8, 15, 16, 17, 28, 128, 129, 4096,
	    -1, INT32_MIN, INT32_MAX};
	struct sockaddr_storage any = ipv4(INADDR_ANY, port);
	struct sockaddr_storage any6 = ipv6(in6addr_any, port);
	char what[40];
	size_t i;

	for (i = 0; i < sizeof(some) / sizeof(some[0]); i++) {
		snprintf(what, sizeof(what), "IPv4, length %d", some[i]);
		try(what, AF_INET, SOCK_STREAM, &any, some[i]);
		snprintf(what, sizeof(what), "IPv6, length %d", some[i]);
		try(what, AF_INET6, SOCK_STREAM, &any6, some[i]);
	}
	/* An int in a 64-bit register: the upper half does not count. */
	try("length 16 with upper half set", AF_INET, SOCK_STREAM, &any,
	    (long)(0xdeadbeefULL << 32 | 16));
	try("length 24, as in RFC 2133", AF_INET6, SOCK_STREAM, &any6, 24);
	try("length 23", AF_INET6, SOCK_STREAM, &any6, 23);
}

/* An address that ends where the mapping of memory does, or one byte later. */
static void
memory(void)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct sockaddr_storage any = ipv4(INADDR_ANY, port);
	const size_t size = sizeof(struct sockaddr_in);
	char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *end = pages + page;

	munmap(end, page);
	memcpy(end - size, &any, size);
	try("address at the end of memory", AF_INET, SOCK_STREAM, end - size,
	    (long)size);
	memcpy(end - size + 1, &any, size - 1);
	try("one byte beyond it", AF_INET, SOCK_STREAM, end - size + 1,
	    (long)size);
	try("null address", AF_INET, SOCK_STREAM, NULL, (long)size);
	try("address of the kernel", AF_INET, SOCK_STREAM,
	    (void *)0xffffffff81000000, (long)size);
	mprotect(pages, page, PROT_NONE);
	try("unreadable address", AF_INET, SOCK_STREAM, end - size, (long)size);
}

static void
families(void)
{
	struct sockaddr_storage any = ipv4(INADDR_ANY, port);
	struct sockaddr_storage any6 = ipv6(in6addr_any, port);
	struct sockaddr_un unix_address = {AF_UNIX, "\0lowport-errors"};

	try("IPv4 address, IPv6 socket", AF_INET6, SOCK_STREAM, &any, 28);
	try("IPv6 address, IPv4 socket", AF_INET, SOCK_STREAM, &any6, 28);
	try("IPv4 address, UNIX socket", AF_UNIX, SOCK_STREAM, &any, 16);
	try("UNIX address, UNIX socket", AF_UNIX, SOCK_STREAM, &unix_address,
	    sizeof(unix_address));
	any.ss_family = AF_UNSPEC;
	try("unspecified family, any address", AF_INET, SOCK_STREAM, &any, 16);
	try("the same, IPv6 socket", AF_INET6, SOCK_STREAM, &any, 28);
	any = ipv4(INADDR_LOOPBACK, port);
	any.ss_family = AF_UNSPEC;
	try("unspecified family, loopback", AF_INET, SOCK_STREAM, &any, 16);
	any = ipv4(INADDR_ANY, port);
	any.ss_family = 77;
	try("family 77", AF_INET, SOCK_STREAM, &any, 16);
}

static void
addresses(void)
{
	struct sockaddr_storage foreign = ipv4(0xc0000207, port);
	struct sockaddr_storage any = ipv4(INADDR_ANY, port);
	struct sockaddr_storage loopback = ipv4(INADDR_LOOPBACK, port);
	struct sockaddr_storage low = ipv4(INADDR_ANY, 442);
	struct sockaddr_storage zero = ipv4(INADDR_LOOPBACK, 0);
	struct sockaddr_storage mapped = ipv6(
	    (struct in6_addr){
		{{[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1}}},
	    port);

	try("192.0.2.7, not ours", AF_INET, SOCK_STREAM, &foreign, 16);
	try("UDP socket", AF_INET, SOCK_DGRAM, &any, 16);
	try("loopback", AF_INET, SOCK_STREAM, &loopback, 16);
	try("mapped loopback", AF_INET6, SOCK_STREAM, &mapped, 28);
	try("port 442", AF_INET, SOCK_STREAM, &low, 16);
	try("port 0", AF_INET, SOCK_STREAM, &zero, 16);
}

static void
descriptors(void)
{
	struct sockaddr_storage any = ipv4(INADDR_ANY, port);
	struct sockaddr_storage next = ipv4(INADDR_ANY, (uint16_t)(port + 1));
	struct sockaddr_storage loopback = ipv4(INADDR_LOOPBACK, port);
	int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int path = open("/", O_PATH | O_CLOEXEC);

	report("descriptor -1", raw_bind(-1, &any, 16));
	report("descriptor 999", raw_bind(999, &any, 16));
	report("a file", raw_bind(file, &any, 16));
	report("an O_PATH descriptor", raw_bind(path, &any, 16));
	report("upper half of the descriptor set",
	    raw_bind((long)(0xdeadbeefULL << 32 | (unsigned)tcp), &any, 16));
	report("the same socket again", raw_bind(tcp, &any, 16));
	report("the same, another port", raw_bind(tcp, &next, 16));
	report("the same, another address", raw_bind(tcp, &loopback, 16));
	report("listen", listen(tcp, 1));
	report("a listening socket", raw_bind(tcp, &any, 16));
	close(tcp);
}

static void
multipath(void)
{
	struct sockaddr_storage any6 = ipv6(in6addr_any, port);
	int tcp = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_MPTCP);

	/* A kernel without it: what is left is TCP, as Go has it. */
	if (fd < 0)
		fd = tcp;
	report("multipath TCP", raw_bind(fd, &any6, 28));
	report("multipath TCP, listen", listen(fd, 5));
	close(fd);
	close(tcp);
}

int
main(int argc, char **argv)
{
	if (argc != 2)
		return EXIT_FAILURE;
	port = (uint16_t)atoi(argv[1]);
	lengths();
	memory();
	families();
	addresses();
	descriptors();
	multipath();
	return EXIT_SUCCESS;
}
