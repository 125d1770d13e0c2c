/* SPDX-License-Identifier: ISC */
/*
 * Who has a port: sockets of a child, which this process may look at.
 */
#include <netinet/in.h>
#include <signal.h>

#include "holder.h"
#include "mapping_text.h"
#include "parking.h"
#include "socket.h"
#include "unit.h"

static struct endpoint
endpoint_of(const char *text)
{
	char why[REASON_TEXT];
	struct mapping m;
	struct mapping_variant list[MAPPING_VARIANTS_MAX];

	ck_assert(mapping_parse(&m, (char[MAPPING_NAME]){0}, text, why));
	mapping_variants(&m, list);
	return list[0].endpoint;
}

/* A child with a socket at an address, one that listens, is bound only or, by
 * UDP, parked. */
static pid_t
start_with(const struct endpoint *e, int protocol, bool listens)
{
	int ends[2], fd;
	char byte = 'x';
	pid_t child;

	ck_assert_int_eq(pipe(ends), 0);
	child = fork();
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_NAME, "the holder");
		fd = socket_open(e, protocol);
		if (fd < 0 || socket_bind(fd, e) != 0 ||
		    (protocol == IPPROTO_UDP && !parking_begin(fd, e)) ||
		    (listens && listen(fd, 1) != 0) ||
		    write(ends[1], &byte, 1) != 1)
			_exit(1);
		pause();
	}
	ck_assert_int_eq(read(ends[0], &byte, 1), 1);
	close(ends[0]);
	close(ends[1]);
	return child;
}

static pid_t
start(const struct endpoint *e, bool listens)
{
	return start_with(e, IPPROTO_TCP, listens);
}

static void
end(pid_t child)
{
	kill(child, SIGKILL);
	unit_wait(child);
}

/* What is there, what is asked for, and whether it is in the way. */
static const struct {
	const char *there, *asked;
	bool found;
} pairs[] = {
    {"0.0.0.0:20443", "0.0.0.0:20443", true},
    {"0.0.0.0:20443", "127.0.0.1:20443", true},
    {"127.0.0.1:20443", "0.0.0.0:20443", true},
    {"127.0.0.1:20443", "127.0.0.1:20443", true},
    {"127.0.0.1:20443", "127.0.0.2:20443", false},
    {"127.0.0.1:20443", "[::]:20443", true},
    {"[::]:20443", "127.0.0.1:20443", true},
    {"[::]:20443", "[::1]:20443", true},
    {"[::1]:20443", "[::]:20443", true},
    {"[::1]:20443", "127.0.0.1:20443", false},
    {"[::1]:20443", "0.0.0.0:20443", false},
    {"0.0.0.0:20443", "[::1]:20443", false},
    {"0.0.0.0:20443", "0.0.0.0:20444", false},
};

START_TEST(finds_what_is_in_the_way)
{
	struct endpoint there = endpoint_of(pairs[_i].there);
	struct endpoint asked = endpoint_of(pairs[_i].asked);
	struct holder holder;
	pid_t child = start(&there, true);
	int before = unit_descriptors();

	ck_assert_int_eq(holder_find(&holder, &asked, IPPROTO_TCP),
	    pairs[_i].found);
	ck_assert_int_eq(unit_descriptors(), before);
	if (pairs[_i].found) {
		ck_assert_int_eq(holder.pid, child);
		ck_assert_str_eq(holder.name, "the holder");
		ck_assert_uint_eq(holder.uid, getuid());
		ck_assert_int_eq(holder.state, HOLDER_LISTENS);
	}
	end(child);
	ck_assert(!holder_find(&holder, &asked, IPPROTO_TCP));
}
END_TEST

/* Those that are bound only are told since Linux 6.8. */
START_TEST(prefers_a_listener)
{
	struct endpoint e = endpoint_of("127.0.0.1:20443");
	pid_t bound = start(&e, false), other = start(&e, false), listener;
	struct holder holder;

	if (holder_find(&holder, &e, IPPROTO_TCP)) {
		ck_assert_int_eq(holder.state, HOLDER_BOUND);
		ck_assert(holder.pid == bound || holder.pid == other);
	}
	listener = start(&e, true);
	ck_assert(holder_find(&holder, &e, IPPROTO_TCP));
	ck_assert_int_eq(holder.state, HOLDER_LISTENS);
	ck_assert_int_eq(holder.pid, listener);
	end(bound);
	end(other);
	end(listener);
}
END_TEST

/* nginx has one of each family: the other is not in the way. */
START_TEST(prefers_its_own_family)
{
	struct endpoint four = endpoint_of("0.0.0.0:20443"), six = four;
	struct holder holder;
	pid_t first, second;

	six = endpoint_of("[::]:20443");
	six.v6only = true;
	first = start(&four, true);
	second = start(&six, true);
	ck_assert(holder_find(&holder, &four, IPPROTO_TCP));
	ck_assert_int_eq(holder.pid, first);
	ck_assert(holder_find(&holder, &six, IPPROTO_TCP));
	ck_assert_int_eq(holder.pid, second);
	end(first);
	end(second);
}
END_TEST

/* As of a lowport whose server listens at [::]: the spares of IPv4 are bound
 * only. */
START_TEST(prefers_a_listener_of_the_other_family)
{
	struct endpoint four = endpoint_of("0.0.0.0:20443");
	struct endpoint six = endpoint_of("[::]:20443");
	pid_t bound = start(&four, false), listener;
	struct holder holder;
	char text[ENDPOINT_TEXT];

	six.v6only = _i == 1;
	listener = start(&six, true);
	ck_assert(holder_find(&holder, &four, IPPROTO_TCP) || six.v6only);
	if (!six.v6only) {
		ck_assert_int_eq(holder.state, HOLDER_LISTENS);
		ck_assert_int_eq(holder.pid, listener);
		ck_assert_str_eq(endpoint_format(&holder.endpoint, text),
		    "[::]:20443");
	}
	end(listener);
	end(bound);
}
END_TEST

static const char *const parked[] = {"0.0.0.0:20443", "[::]:20443",
    "127.0.0.1:20443", "[::1]:20443"};

START_TEST(knows_a_parked_socket)
{
	struct endpoint e = endpoint_of(parked[_i]);
	pid_t child = start_with(&e, IPPROTO_UDP, false);
	struct holder holder;

	ck_assert(holder_find(&holder, &e, IPPROTO_UDP));
	ck_assert_int_eq(holder.state, HOLDER_PARKED);
	ck_assert_int_eq(holder.pid, child);
	end(child);
}
END_TEST

/* A mapping with sockets of its own, what another process has bound, and
 * whether that shares its port. */
static const struct {
	const char *mapping, *other;
	bool shared;
} sharing[] = {
    {"20443:9443", "0.0.0.0:20443", true},
    {"20443:9443", "127.0.0.1:20443", true},
    {"20443:9443", "127.0.0.2:20443", true},
    {"20443:9443", "[::]:20443", true},
    {"20443:9443", "[::1]:20443", true},
    {"20443:9443", "0.0.0.0:20444", false},
    {"127.0.0.1:20443:9443", "127.0.0.1:20443", true},
    {"127.0.0.1:20443:9443", "0.0.0.0:20443", true},
    {"127.0.0.1:20443:9443", "127.0.0.2:20443", false},
    {"127.0.0.1:20443:9443", "[::1]:20443", false},
    {"20440-20445:9440-9445", "0.0.0.0:20445", true},
    {"20440-20445:9440-9445", "0.0.0.0:20446", false},
};

static void
bind_own(const struct plan *plan, int *fds)
{
	struct mapping_variant list[MAPPING_VARIANTS_MAX];
	const struct mapping *m = plan->mappings;
	size_t count = mapping_variants(m, list), i, k;
	uint32_t n;

	for (i = 0; i < count; i++)
		for (n = 0; n < m->ports; n++)
			for (k = 0; k < (list[i].common ? plan->spares : 1);
			     k++) {
				list[i]
				    .endpoint.port = (uint16_t)(m->public_port +
				    n);
				*fds = socket_open(&list[i].endpoint,
				    IPPROTO_TCP);
				ck_assert_int_eq(socket_bind(*fds++,
						     &list[i].endpoint),
				    0);
			}
}

START_TEST(finds_shared_ports)
{
	struct endpoint other = endpoint_of(sharing[_i].other), own;
	struct plan plan = {.mapping_count = 1, .spares = 2};
	bool shared[PLAN_MAPPINGS_MAX];
	char why[REASON_TEXT];
	struct holder holder;
	int fds[256];
	pid_t child;

	ck_assert(mapping_parse(plan.mappings, (char[MAPPING_NAME]){0},
	    sharing[_i].mapping, why));
	bind_own(&plan, fds);
	holder_find_shared(&plan, shared);
	ck_assert(!shared[0]);
	/* A kernel before 6.8 reports no such socket. */
	own = endpoint_of(sharing[_i].mapping);
	if (!holder_find(&holder, &own, IPPROTO_TCP))
		return;
	child = start(&other, false);
	holder_find_shared(&plan, shared);
	ck_assert_int_eq(shared[0], sharing[_i].shared);
	end(child);
	holder_find_shared(&plan, shared);
	ck_assert(!shared[0]);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("holder");
	TCase *t = tcase_create("holder");

	tcase_add_loop_test(t, finds_what_is_in_the_way, 0, LENGTH(pairs));
	tcase_add_test(t, prefers_a_listener);
	tcase_add_test(t, prefers_its_own_family);
	tcase_add_loop_test(t, prefers_a_listener_of_the_other_family, 0, 2);
	tcase_add_loop_test(t, knows_a_parked_socket, 0, LENGTH(parked));
	tcase_add_loop_test(t, finds_shared_ports, 0, LENGTH(sharing));
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(suite());
}
