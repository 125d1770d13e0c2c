/* SPDX-License-Identifier: ISC */
/*
 * Who has a port: sockets of a child, which this process may look at.
 */
#include <netinet/in.h>
#include <signal.h>

#include "holder.h"
#include "mapping.h"
#include "socket.h"
#include "unit.h"

static struct endpoint
endpoint_of(const char *text)
{
	char why[REASON_TEXT];
	struct mapping m;
	struct mapping_variant list[MAPPING_VARIANTS_MAX];

	ck_assert(mapping_parse(&m, text, why));
	mapping_variants(&m, list);
	return list[0].endpoint;
}

/* A child with a socket at an address, one that listens or is bound only. */
static pid_t
start(const struct endpoint *e, bool listens)
{
	int ends[2], fd;
	char byte = 'x';
	pid_t child;

	ck_assert_int_eq(pipe(ends), 0);
	child = fork();
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_NAME, "the holder");
		fd = socket_open(e, IPPROTO_TCP);
		if (fd < 0 || socket_bind(fd, e) != 0 ||
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

	ck_assert_int_eq(holder_find(&holder, &asked, IPPROTO_TCP), pairs[_i].found);
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
START_TEST(rather_who_listens)
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
START_TEST(rather_of_its_own_family)
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

static Suite *
suite(void)
{
	Suite *s = suite_create("holder");
	TCase *t = tcase_create("holder");

	tcase_add_loop_test(t, finds_what_is_in_the_way, 0, LENGTH(pairs));
	tcase_add_test(t, rather_who_listens);
	tcase_add_test(t, rather_of_its_own_family);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(suite());
}
