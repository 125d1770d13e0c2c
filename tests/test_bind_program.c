/* SPDX-License-Identifier: ISC */
/*
 * The programs of a control group, run by an interpreter: what becomes of each
 * bind(2) and getsockname(2).  That the kernel takes and runs them is tried in
 * tests/root/attach.bats.
 */
#include <arpa/inet.h>
#include <netinet/in.h>

#include "bind_interpreter.h"
#include "mapping_text.h"
#include "unit.h"

static const struct {
	const char *mappings; /* with blanks between them */
	enum bind_hook hook;
	const char *address;
	uint16_t port;
	int protocol;
	uint16_t becomes; /* 0: the program leaves it alone */
} calls[] = {
#define B4  BIND_HOOK_BIND4
#define B6  BIND_HOOK_BIND6
#define N4  BIND_HOOK_NAME4
#define N6  BIND_HOOK_NAME6
#define TCP IPPROTO_TCP
#define UDP IPPROTO_UDP
    {"443:8443", B4, "0.0.0.0", 8443, TCP, 443},
    {"443:8443", B4, "192.0.2.7", 8443, TCP, 443},
    {"443:8443", B4, "255.255.255.255", 8443, TCP, 443},
    {"443:8443", B6, "::", 8443, TCP, 443},
    {"443:8443", B6, "::ffff:192.0.2.7", 8443, TCP, 443},
    {"443:8443", B6, "2001:db8::1", 8443, TCP, 443},
    {"443:8443", B4, "0.0.0.0", 8443, IPPROTO_MPTCP, 443},
    {"443:8443", B4, "0.0.0.0", 8443, UDP, 0},
    {"443:8443", B4, "0.0.0.0", 8443, IPPROTO_SCTP, 0},
    {"443:8443", B4, "0.0.0.0", 8442, TCP, 0},
    {"443:8443", B4, "0.0.0.0", 8444, TCP, 0},
    {"443:8443", B4, "0.0.0.0", 443, TCP, 0},
    {"443:8443", B4, "0.0.0.0", 0, TCP, 0},
    {"443:8443/udp", B4, "0.0.0.0", 8443, UDP, 443},
    {"443:8443/udp", B4, "0.0.0.0", 8443, TCP, 0},
    {"443:8443/udp", B4, "0.0.0.0", 8443, IPPROTO_MPTCP, 0},
    {"443:8443/tcp+udp", B6, "::1", 8443, UDP, 443},
    {"443", B4, "0.0.0.0", 443, TCP, 443},
    {"443", B4, "0.0.0.0", 444, TCP, 0},
    {"65535:1", B4, "0.0.0.0", 1, TCP, 65535},
    {"1:65535", B4, "0.0.0.0", 65535, TCP, 1},
    /* Addresses. */
    {"192.0.2.7:443:8443", B4, "192.0.2.7", 8443, TCP, 443},
    {"192.0.2.7:443:8443", B4, "192.0.2.8", 8443, TCP, 0},
    {"192.0.2.7:443:8443", B4, "0.0.0.0", 8443, TCP, 0},
    {"192.0.2.7:443:8443", B6, "::ffff:192.0.2.7", 8443, TCP, 443},
    {"192.0.2.7:443:8443", B6, "::ffff:192.0.2.8", 8443, TCP, 0},
    {"192.0.2.7:443:8443", B6, "::192.0.2.7", 8443, TCP, 0},
    {"192.0.2.7:443:8443", B6, "c000:207::", 8443, TCP, 0},
    {"255.0.0.1:443:8443", B4, "255.0.0.1", 8443, TCP, 443},
    {"0.0.0.0:443:8443", B4, "0.0.0.0", 8443, TCP, 443},
    {"0.0.0.0:443:8443", B4, "127.0.0.1", 8443, TCP, 443},
    {"0.0.0.0:443:8443", B6, "::", 8443, TCP, 0},
    {"0.0.0.0:443:8443", B6, "::1", 8443, TCP, 0},
    {"0.0.0.0:443:8443", B6, "::ffff:0.0.0.0", 8443, TCP, 443},
    {"0.0.0.0:443:8443", B6, "::ffff:127.0.0.1", 8443, TCP, 443},
    {"[::]:443:8443", B4, "0.0.0.0", 8443, TCP, 0},
    {"[::]:443:8443", B6, "::", 8443, TCP, 443},
    {"[::]:443:8443", B6, "::1", 8443, TCP, 443},
    {"[::]:443:8443", B6, "2001:db8::1", 8443, TCP, 443},
    {"[::]:443:8443", B6, "0:1::1", 8443, TCP, 443},
    {"[::]:443:8443", B6, "0:0:1::1", 8443, TCP, 443},
    {"[::]:443:8443", B6, "0:0:0:0:1:ffff:7f00:1", 8443, TCP, 443},
    {"[::]:443:8443", B6, "::ffff:127.0.0.1", 8443, TCP, 0},
    {"[::]:443:8443", B6, "::ffff:0.0.0.0", 8443, TCP, 0},
    {"[2001:db8::1]:443:8443", B6, "2001:db8::1", 8443, TCP, 443},
    {"[2001:db8::1]:443:8443", B6, "2001:db8::2", 8443, TCP, 0},
    {"[2001:db8::1]:443:8443", B6, "2001:db9::1", 8443, TCP, 0},
    {"[2001:db8::1]:443:8443", B6, "2001:db8:1::1", 8443, TCP, 0},
    {"[2001:db8::1]:443:8443", B6, "2001:db8:0:0:1::1", 8443, TCP, 0},
    {"[2001:db8::1]:443:8443", B6, "::", 8443, TCP, 0},
    /* Ranges, and several: each its own. */
    {"990-995:8990-8995", B4, "0.0.0.0", 8990, TCP, 990},
    {"990-995:8990-8995", B4, "0.0.0.0", 8995, TCP, 995},
    {"990-995:8990-8995", B4, "0.0.0.0", 8989, TCP, 0},
    {"990-995:8990-8995", B4, "0.0.0.0", 8996, TCP, 0},
    {"443:8443 80:8080", B4, "0.0.0.0", 8080, TCP, 80},
    {"443:8443 8443:9443", B4, "0.0.0.0", 8443, TCP, 443},
    {"443:8443 8443:9443", B4, "0.0.0.0", 9443, TCP, 8443},
    {"[::]:443:8443 0.0.0.0:443:9443", B6, "::", 8443, TCP, 443},
    {"[::]:443:8443 0.0.0.0:443:9443", B4, "0.0.0.0", 9443, TCP, 443},
    {"443:@web 80:8080", B4, "0.0.0.0", 443, TCP, 0},
    {"@web:8443 80:8080", B4, "0.0.0.0", 8443, TCP, 0},
    {"@web:8443 80:8080", B4, "0.0.0.0", 8080, TCP, 80},
    /* The way back. */
    {"443:8443", N4, "192.0.2.7", 443, TCP, 8443},
    {"443:8443", N4, "192.0.2.7", 8443, TCP, 0},
    {"443:8443", N4, "192.0.2.7", 443, UDP, 0},
    {"990-995:8990-8995", N6, "::1", 992, TCP, 8992},
    {"0.0.0.0:443:8443", N4, "192.0.2.7", 443, TCP, 8443},
    {"0.0.0.0:443:8443", N6, "::ffff:192.0.2.7", 443, TCP, 8443},
    {"0.0.0.0:443:8443", N6, "::1", 443, TCP, 0},
    {"[::]:443:8443", N6, "::ffff:192.0.2.7", 443, TCP, 8443},
    {"[::]:443:8443", N6, "2001:db8::1", 443, TCP, 8443},
    {"[::]:443:8443", N4, "192.0.2.7", 443, TCP, 0},
    {"192.0.2.7:443:8443", N4, "192.0.2.7", 443, TCP, 8443},
    {"192.0.2.7:443:8443", N4, "192.0.2.8", 443, TCP, 0},
};

static const struct bind_maps uncounted = {INTERPRETER_NOTE, -1};
static const struct bind_maps counted = {INTERPRETER_NOTE, INTERPRETER_COUNTS};

static size_t
parse(struct mapping *mappings, const char *text)
{
	char copy[128], name[MAPPING_NAME], why[REASON_TEXT], *rest = copy;
	const char *word;
	size_t count = 0, parsed;

	strcpy(copy, text);
	while ((word = strsep(&rest, " ")) != NULL) {
		parsed = mapping_parse(mappings + count, name, word, why);
		ck_assert_msg(parsed > 0, "%s: %s", word, why);
		count += parsed;
	}
	return count;
}

static void
set_address(struct bpf_sock_addr *context, enum bind_hook hook,
    const char *text)
{
	if (hook == B4 || hook == N4)
		ck_assert_int_eq(inet_pton(AF_INET, text, &context->user_ip4),
		    1);
	else
		ck_assert_int_eq(inet_pton(AF_INET6, text, context->user_ip6),
		    1);
}

START_TEST(each_call_becomes)
{
	static struct bind_program program;
	struct mapping mappings[PLAN_MAPPINGS_MAX];
	struct bpf_sock_addr context =
	    {.protocol = (uint32_t)calls[_i].protocol,
		.user_port = htons(calls[_i].port)};
	const bool bind = calls[_i].hook == B4 || calls[_i].hook == B6;
	const uint16_t becomes = calls[_i].becomes;

	set_address(&context, calls[_i].hook, calls[_i].address);
	bind_program_write(&program, calls[_i].hook, mappings,
	    parse(mappings, calls[_i].mappings), &uncounted);
	ck_assert_uint_eq(interpreter_run(&program, &context),
	    bind && becomes ? 3 : 1);
	ck_assert_uint_eq(context.user_port,
	    htons(becomes ? becomes : calls[_i].port));
}
END_TEST

/* By their place; of names, nothing. */
START_TEST(binds_are_counted)
{
	static struct bind_program program;
	struct mapping mappings[PLAN_MAPPINGS_MAX];
	const size_t count = parse(mappings, "80:8080 443:8443");
	struct bpf_sock_addr context = {.protocol = TCP};
	unsigned int hook;

	for (hook = 0; hook < BIND_HOOKS; hook++) {
		bind_program_write(&program, hook, mappings, count, &counted);
		context.user_port = htons(hook < N4 ? 8443 : 443);
		interpreter_run(&program, &context);
		context.user_port = htons(1234);
		interpreter_run(&program, &context);
	}
	ck_assert_uint_eq(interpreter_counts.used[0], 0);
	ck_assert_uint_eq(interpreter_counts.used[1], 2);
	ck_assert_uint_eq(interpreter_counts.uncovered.count, 0);
}
END_TEST

START_TEST(uncovered_binds_are_recorded)
{
	static struct bind_program program;
	struct mapping mappings[PLAN_MAPPINGS_MAX];
	const size_t count = parse(mappings,
	    "80:8080 192.0.2.7:443-445:8443-8445");
	struct bpf_sock_addr context = {.protocol = TCP,
	    .user_port = htons(8444)};

	set_address(&context, B6, "2001:db8::1");
	bind_program_write(&program, B6, mappings, count, &counted);
	ck_assert_uint_eq(interpreter_run(&program, &context), 1);
	ck_assert_uint_eq(context.user_port, htons(8444));
	ck_assert_uint_eq(interpreter_counts.uncovered.count, 1);
	ck_assert_uint_eq(interpreter_counts.uncovered.port, 8444);
	ck_assert_uint_eq(interpreter_counts.uncovered.protocol, TCP);
	ck_assert_uint_eq(interpreter_counts.uncovered.group,
	    INTERPRETER_GROUP);
	ck_assert_uint_eq(interpreter_counts.uncovered.family, AF_INET6);
	ck_assert_mem_eq(interpreter_counts.uncovered.address, context.user_ip6,
	    16);
	context.protocol = UDP;
	context.user_port = htons(8080);
	set_address(&context, B4, "192.0.2.7");
	bind_program_write(&program, B4, mappings, count, &counted);
	ck_assert_uint_eq(interpreter_run(&program, &context), 1);
	ck_assert_uint_eq(interpreter_counts.uncovered.count, 2);
	ck_assert_uint_eq(interpreter_counts.uncovered.family, AF_INET);
	ck_assert_uint_eq(interpreter_counts.uncovered.address[0],
	    context.user_ip4);
	context.user_port = htons(445);
	ck_assert_uint_eq(interpreter_run(&program, &context), 1);
	ck_assert_uint_eq(context.user_port, htons(445));
	ck_assert_uint_eq(interpreter_counts.uncovered.count, 3);
	ck_assert_uint_eq(interpreter_counts.uncovered.port, 445);
	context.user_port = htons(446);
	ck_assert_uint_eq(interpreter_run(&program, &context), 1);
	ck_assert_uint_eq(interpreter_counts.uncovered.count, 3);
	ck_assert_uint_eq(interpreter_counts.used[0] +
		interpreter_counts.used[1],
	    0);
}
END_TEST

/* Of every mapping there can be, the longest: room, and the last is reached. */
START_TEST(the_longest_fits)
{
	static struct bind_program program;
	struct mapping mappings[PLAN_MAPPINGS_MAX];
	struct bpf_sock_addr context = {.protocol = TCP};
	unsigned int i, hook;
	char text[64];

	for (i = 0; i < PLAN_MAPPINGS_MAX; i++) {
		snprintf(text, sizeof(text), "[2001:db8::%x]:%u-%u:%u-%u",
		    i + 1, 1000 + i * 10, 1009 + i * 10, 9000 + i * 10,
		    9009 + i * 10);
		parse(mappings + i, text);
	}
	for (hook = 0; hook < BIND_HOOKS; hook++) {
		bind_program_write(&program, hook, mappings, i, &counted);
		ck_assert_uint_le(program.count, BIND_PROGRAM_MAX);
	}
	set_address(&context, B6, "2001:db8::40");
	context.user_port = htons(9635);
	bind_program_write(&program, B6, mappings, i, &counted);
	ck_assert_uint_eq(interpreter_run(&program, &context), 3);
	ck_assert_uint_eq(context.user_port, htons(1635));
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("bind_program");
	TCase *t = tcase_create("bind_program");

	tcase_add_loop_test(t, each_call_becomes, 0, LENGTH(calls));
	tcase_add_test(t, binds_are_counted);
	tcase_add_test(t, uncovered_binds_are_recorded);
	tcase_add_test(t, the_longest_fits);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(suite());
}
