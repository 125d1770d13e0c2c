/* SPDX-License-Identifier: ISC */
/*
 * The receiver of the plan: messages of any length, with any descriptors, of any
 * content.  The first byte says how they are sent, the rest is the plan, written
 * over one that is good where the input is shorter.
 */
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "channel.h"
#include "fuzz.h"

#define CALLER 1000

static const struct plan good = {
    .magic = PLAN_MAGIC,
    .mapping_count = 2,
    .spares = 2,
    .uid = CALLER,
    .gid = CALLER,
    .verbosity = 1,
    .mappings = {{.protocol = IPPROTO_TCP,
		     .public_port = 443,
		     .server_port = 8443,
		     .ports = 1},
	{.protocol = IPPROTO_UDP,
	    .public_port = 80,
	    .server_port = 8080,
	    .ports = 3}},
};

/* The least number that is no open descriptor. */
static int
next_descriptor(void)
{
	int fd = dup(STDERR_FILENO);

	close(fd);
	return fd;
}

static void
send_message(int channel, const void *bytes, size_t size, size_t fds)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int) * 8)];
	} control = {.header = {.cmsg_len = CMSG_LEN(sizeof(int) * fds),
			 .cmsg_level = SOL_SOCKET,
			 .cmsg_type = SCM_RIGHTS}};
	struct iovec vector = {(void *)bytes, size};
	struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
	size_t i;

	for (i = 0; i < fds; i++)
		memcpy(CMSG_DATA(&control.header) + i * sizeof(int),
		    &(int){STDERR_FILENO}, sizeof(int));
	if (fds > 0) {
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE(sizeof(int) * fds);
	}
	ASSERTION(sendmsg(channel, &message, MSG_DONTWAIT) >= 0);
}

/* Everything plan.h promises of a plan that is accepted. */
static void
check_accepted(const struct plan *plan)
{
	uint32_t i, j, ports = 0;

	ASSERTION(plan->magic == PLAN_MAGIC);
	ASSERTION(plan->uid == CALLER && plan->gid == CALLER);
	ASSERTION(plan->spares >= 1 && plan->spares <= PLAN_SPARES_MAX);
	ASSERTION(plan->verbosity <= 2 && plan->journal <= 1);
	ASSERTION(plan->observe <= 1 && plan->baseline <= 1);
	ASSERTION(plan->keep_kill <= 1 && plan->bpf <= PLAN_BPF_ALONE &&
	    plan->dry <= 1);
	ASSERTION(plan->supervision.group <= 1 && plan->supervision.warn <= 1);
	ASSERTION(plan->supervision.pdeathsig == 0 ||
	    signal_forwarded((int)plan->supervision.pdeathsig));
	for (i = 1; i <= SIGNAL_MAX; i++)
		ASSERTION(signal_rewritten(plan->supervision.rewrite, (int)i) <=
		    SIGNAL_MAX);
	ASSERTION(plan->mapping_count >= 1 &&
	    plan->mapping_count <= PLAN_MAPPINGS_MAX);
	for (i = 0; i < plan->mapping_count; i++) {
		fuzz_check_mapping(&plan->mappings[i]);
		ports += plan->mappings[i].ports;
		ASSERTION(ports <= PLAN_PORTS_MAX);
		for (j = 0; j < i; j++)
			ASSERTION(!mapping_conflicts(&plan->mappings[i],
			    &plan->mappings[j]));
	}
}

static void
try_content(const struct plan *plan)
{
	if (plan_check(plan, CALLER, CALLER)) {
		check_accepted(plan);
		ASSERTION(!plan_check(plan, CALLER + 1, CALLER));
		ASSERTION(!plan_check(plan, CALLER, CALLER + 1));
		ASSERTION(plan_check(plan, 0, 0));
	}
}

static void
try_message(const struct plan *plan, size_t size, size_t fds)
{
	const int before = next_descriptor();
	static struct plan received;
	int ends[2];

	channel_open(ends);
	send_message(ends[1], plan, size, fds);
	if (channel_receive_plan(ends[0], &received)) {
		ASSERTION(size == sizeof(*plan) && fds == 0);
		ASSERTION(memcmp(&received, plan, size) == 0);
	} else {
		ASSERTION(size != sizeof(*plan) || fds != 0);
	}
	close(ends[0]);
	close(ends[1]);
	ASSERTION(next_descriptor() == before);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	const uint8_t how = fuzz_byte(&bytes, &size);
	const size_t limit = sizeof(struct plan) + 64;
	static uint8_t message[sizeof(struct plan) + 64];
	size_t length = sizeof(struct plan);

	memset(message, 0, sizeof(message));
	memcpy(message, &good, sizeof(good));
	memcpy(message, bytes, size < limit ? size : limit);
	try_content((const struct plan *)message);
	/* A system call costs more than all of the above: now and then. */
	if ((how & 0x80) != 0)
		length = (how & 0x40) != 0 ? size : length + how % 3 - 1;
	if ((how & 0x30) != 0)
		try_message((const struct plan *)message,
		    length < limit ? length : limit, how % 8);
	return 0;
}
