/* SPDX-License-Identifier: ISC */
/*
 * usage: server_uring PORT
 *
 * Binds and listens by io_uring alone (Linux 6.11), at 127.0.0.1, says hello to
 * each client, and waits to be killed.  Exits with 77 where this machine has no such thing.
 */
#include <errno.h>
#include <linux/io_uring.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Of enum io_uring_op, which older headers lack. */
#define OP_BIND   56
#define OP_LISTEN 57

static struct io_uring_params params;
static struct io_uring_sqe *entries;
static char *queue, *completions;
static int ring;

static unsigned int *
at(char *base, unsigned int offset)
{
	return (unsigned int *)(void *)(base + offset);
}

static void
set_up(void)
{
	ring = (int)syscall(SYS_io_uring_setup, 4, &params);
	if (ring < 0)
		exit(77);
	queue = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_POPULATE, ring, IORING_OFF_SQ_RING);
	completions = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_POPULATE, ring, IORING_OFF_CQ_RING);
	entries = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_POPULATE, ring, IORING_OFF_SQES);
	if (queue == MAP_FAILED || completions == MAP_FAILED ||
	    entries == MAP_FAILED)
		exit(77);
}

/* Submits one entry, waits for it, and returns its result. */
static int
run(const struct io_uring_sqe *entry)
{
	unsigned int tail = *at(queue, params.sq_off.tail);
	unsigned int head = *at(completions, params.cq_off.head);
	const unsigned int slot = tail & *at(queue, params.sq_off.ring_mask);
	struct io_uring_cqe *cqe;

	entries[slot] = *entry;
	at(queue, params.sq_off.array)[slot] = slot;
	__atomic_store_n(at(queue, params.sq_off.tail), tail + 1,
	    __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS,
		NULL, 0) < 0)
		return -errno;
	cqe = (void *)(completions + params.cq_off.cqes);
	cqe += head & *at(completions, params.cq_off.ring_mask);
	__atomic_store_n(at(completions, params.cq_off.head), head + 1,
	    __ATOMIC_RELEASE);
	return cqe->res;
}

int
main(int argc, char **argv)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct io_uring_sqe entry = {0};
	int client, error;

	if (argc != 2)
		return EXIT_FAILURE;
	address.sin_port = htons((uint16_t)atoi(argv[1]));
	set_up();
	entry.fd = socket(AF_INET, SOCK_STREAM, 0);
	entry.opcode = OP_BIND;
	entry.addr = (uintptr_t)&address;
	entry.addr2 = sizeof(address);
	error = run(&entry);
	if (error == -EINVAL)
		return 77;
	entry.opcode = OP_LISTEN;
	entry.addr = entry.addr2 = 0;
	entry.len = 8;
	if (error == 0)
		error = run(&entry);
	if (error != 0) {
		fprintf(stderr, "server_uring: %s\n", strerror(-error));
		return EXIT_FAILURE;
	}
	for (;;) {
		client = accept(entry.fd, NULL, NULL);
		dprintf(client, "hello\n");
		close(client);
	}
}
