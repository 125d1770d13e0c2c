/* SPDX-License-Identifier: ISC */
/*
 * Each bound that plan.h promises, from just inside and from just outside.
 */
#include <netinet/in.h>
#include <stddef.h>

#include "constants.h"
#include "message.h"
#include "plan.h"
#include "unit.h"

/* The real ids of the process that checks. */
#define CALLER_UID 1000
#define CALLER_GID 1001

/* A plan that passes: 443:8443 and [2001:db8::7]:444:8444. */
static struct plan
plan_good(void)
{
	struct plan plan = {.magic = PLAN_MAGIC,
	    .mapping_count = 2,
	    .spares = 4,
	    .uid = CALLER_UID,
	    .gid = CALLER_GID,
	    .verbosity = VERBOSITY_NORMAL};

	plan.mappings[0] = (struct mapping){AF_UNSPEC, IPPROTO_TCP, 443, 8443,
	    1, 0, {0}};
	plan.mappings[1] = (struct mapping){AF_INET6, IPPROTO_TCP, 444, 8444, 1,
	    0, {0x20, 1, 0xd, 0xb8, [15] = 7}};
	return plan;
}

static bool
passes(const struct plan *plan)
{
	return plan_check(plan, CALLER_UID, CALLER_GID);
}

/* A field, the values at its bounds, and those next to them outside. */
#define FIELD(name)                                                            \
#name, offsetof(struct plan, name), sizeof(((struct plan *)0)->name)
#define FIRST(name)  FIELD(mappings[0].name)
#define SECOND(name) FIELD(mappings[1].name)

static const struct bound {
	const char *name;
	size_t offset;
	size_t size;
	uint32_t inside;
	uint32_t outside;
} bounds[] = {
    {FIELD(magic), PLAN_MAGIC, PLAN_MAGIC - 1},
    {FIELD(magic), PLAN_MAGIC, PLAN_MAGIC + 1},
    {FIELD(magic), PLAN_MAGIC, 0},
    {FIELD(mapping_count), 1, 0},
    {FIELD(spares), 1, 0},
    {FIELD(spares), PLAN_SPARES_MAX, PLAN_SPARES_MAX + 1},
    {FIELD(spares), PLAN_SPARES_MAX, UINT32_MAX},
    {FIELD(uid), CALLER_UID, CALLER_UID - 1},
    {FIELD(uid), CALLER_UID, CALLER_UID + 1},
    {FIELD(uid), CALLER_UID, 0},
    {FIELD(uid), CALLER_UID, UINT32_MAX},
    {FIELD(gid), CALLER_GID, CALLER_GID - 1},
    {FIELD(gid), CALLER_GID, CALLER_GID + 1},
    {FIELD(gid), CALLER_GID, 0},
    {FIELD(gid), CALLER_GID, UINT32_MAX},
    {FIELD(verbosity), VERBOSITY_QUIET, (uint32_t)VERBOSITY_QUIET - 1},
    {FIELD(verbosity), VERBOSITY_VERBOSE, VERBOSITY_VERBOSE + 1},
    {FIELD(journal), 0, UINT32_MAX},
    {FIELD(journal), 1, 2},
    {FIELD(observe), 0, UINT32_MAX},
    {FIELD(observe), 1, 2},
    {FIELD(show_expected), 0, UINT32_MAX},
    {FIELD(show_expected), 1, 2},
    {FIELD(baseline), 0, UINT32_MAX},
    {FIELD(baseline), 1, 2},
    {FIELD(keep_kill), 0, UINT32_MAX},
    {FIELD(keep_kill), 1, 2},
    {FIELD(dry), 0, UINT32_MAX},
    {FIELD(dry), 1, 2},
    {FIELD(bpf), PLAN_BPF_NO, UINT32_MAX},
    {FIELD(bpf), PLAN_BPF_ALONE, PLAN_BPF_ALONE + 1},
    {FIELD(supervision.group), 0, UINT32_MAX},
    {FIELD(supervision.group), 1, 2},
    {FIELD(supervision.warn), 0, UINT32_MAX},
    {FIELD(supervision.warn), 1, 2},
    {FIELD(supervision.pdeathsig), 0, UINT32_MAX},
    {FIELD(supervision.pdeathsig), 1, SIGKILL},
    {FIELD(supervision.pdeathsig), SIGTERM, SIGSTOP},
    {FIELD(supervision.pdeathsig), SIGTERM, SIGCHLD},
    {FIELD(supervision.pdeathsig), SIGNAL_MAX, SIGNAL_MAX + 1},
    {FIELD(supervision.rewrite[0]), SIGNAL_DROPPED, SIGNAL_DROPPED + 1},
    {FIELD(supervision.rewrite[0]), SIGKILL, UINT8_MAX},
    {FIELD(supervision.rewrite[SIGNAL_MAX - 1]), SIGNAL_DROPPED,
	SIGNAL_DROPPED + 1},
    {FIRST(family), AF_UNSPEC, AF_UNIX},
    {FIRST(family), AF_INET, AF_INET - 1},
    {FIRST(family), AF_INET, AF_INET + 1},
    {FIRST(family), AF_INET6, AF_INET6 - 1},
    {FIRST(family), AF_INET6, AF_INET6 + 1},
    {FIRST(family), AF_INET6, UINT16_MAX},
    {FIRST(protocol), IPPROTO_TCP, IPPROTO_TCP - 1},
    {FIRST(protocol), IPPROTO_TCP, IPPROTO_TCP + 1},
    {FIRST(protocol), IPPROTO_UDP, IPPROTO_UDP - 1},
    {FIRST(protocol), IPPROTO_UDP, IPPROTO_UDP + 1},
    {FIRST(protocol), IPPROTO_TCP, 0},
    {FIRST(ports), 1, 0},
    {FIRST(ports), 1, 2}, /* port 444 is the other's */
    {FIRST(ports), 1, UINT32_MAX},
    {SECOND(ports), 1, 0},
    {SECOND(ports), PLAN_PORTS_MAX - 1, PLAN_PORTS_MAX},
    {SECOND(ports), PLAN_PORTS_MAX - 1, UINT32_MAX},
    {SECOND(family), AF_INET6, AF_UNIX},
    {SECOND(protocol), IPPROTO_TCP, IPPROTO_MPTCP},
    /* With mappings[0], of every address: */
    {SECOND(public_port), 442, 443},
    {SECOND(server_port), 8442, 8443},
};

static struct plan
plan_with(const struct bound *bound, uint32_t value)
{
	struct plan plan = plan_good();
	uint16_t half = (uint16_t)value;
	uint8_t byte = (uint8_t)value;

	if (bound->size == sizeof(byte))
		memcpy((char *)&plan + bound->offset, &byte, sizeof(byte));
	else if (bound->size == sizeof(half))
		memcpy((char *)&plan + bound->offset, &half, sizeof(half));
	else
		memcpy((char *)&plan + bound->offset, &value, sizeof(value));
	return plan;
}

START_TEST(holds_each_bound)
{
	const struct bound *bound = &bounds[_i];
	struct plan inside = plan_with(bound, bound->inside);
	struct plan outside = plan_with(bound, bound->outside);

	ck_assert_msg(passes(&inside), "%s = %u refused", bound->name,
	    bound->inside);
	ck_assert_msg(!passes(&outside), "%s = %u accepted", bound->name,
	    bound->outside);
}
END_TEST

START_TEST(bounds_the_number_of_mappings)
{
	struct plan plan = plan_good();
	uint16_t i;

	for (i = 0; i < PLAN_MAPPINGS_MAX; i++)
		plan.mappings[i] = (struct mapping){AF_UNSPEC, IPPROTO_TCP,
		    (uint16_t)(1 + i), (uint16_t)(8001 + i), 1, 0, {0}};
	plan.mapping_count = PLAN_MAPPINGS_MAX;
	ck_assert(passes(&plan));
	plan.mapping_count = PLAN_MAPPINGS_MAX + 1;
	ck_assert(!passes(&plan));
	plan.mapping_count = UINT32_MAX;
	ck_assert(!passes(&plan));
}
END_TEST

/* Who waits for lowport may be told what he likes. */
START_TEST(any_status_is_a_success)
{
	struct plan plan = plan_good();

	memset(plan.supervision.success, 0xff,
	    sizeof(plan.supervision.success));
	ck_assert(passes(&plan));
}
END_TEST

/* What lies behind the last mapping is no mapping. */
START_TEST(ignores_what_is_not_counted)
{
	struct plan plan = plan_good();

	memset(&plan.mappings[2], 0xff, sizeof(plan.mappings[2]));
	ck_assert(passes(&plan));
	plan.mapping_count = 3;
	ck_assert(!passes(&plan));
}
END_TEST

START_TEST(root_names_any_id)
{
	static const uint32_t ids[] = {0, 1, CALLER_UID, 65534, UINT32_MAX - 1};
	struct plan plan = plan_good();
	size_t i;

	for (i = 0; i < LENGTH(ids); i++) {
		plan.uid = plan.gid = ids[i];
		ck_assert(plan_check(&plan, 0, 0));
		ck_assert(!passes(&plan));
	}
}
END_TEST

/* To setresuid(2), -1 means "as it was". */
START_TEST(root_cannot_name_no_id)
{
	struct plan plan = plan_good();

	ck_assert(plan_check(&plan, 0, 0));
	plan.uid = UINT32_MAX;
	ck_assert(!plan_check(&plan, 0, 0));
	plan = plan_good();
	plan.gid = UINT32_MAX;
	ck_assert(!plan_check(&plan, 0, 0));
}
END_TEST

/* Only user 0 is root; its group is not enough. */
START_TEST(group_of_root_is_not_root)
{
	struct plan plan = plan_good();

	plan.gid = 0;
	ck_assert(plan_check(&plan, CALLER_UID, 0));
	plan.uid = 0;
	ck_assert(!plan_check(&plan, CALLER_UID, 0));
}
END_TEST

/* The first byte each family does not use, and the last. */
START_TEST(unused_bytes_are_zero)
{
	static const struct {
		uint16_t family;
		size_t used;
	} rows[] = {{AF_UNSPEC, 0}, {AF_INET, 4}, {AF_INET6, 16}};
	struct plan plan;
	size_t row, byte;

	for (row = 0; row < LENGTH(rows); row++)
		for (byte = 0; byte < 16; byte++) {
			plan = plan_good();
			plan.mappings[0].family = rows[row].family;
			ck_assert(passes(&plan));
			plan.mappings[0].address[byte] = 1;
			ck_assert_msg(passes(&plan) == (byte < rows[row].used),
			    "family %u, byte %zu", rows[row].family, byte);
		}
}
END_TEST

START_TEST(only_link_local_addresses_have_a_scope)
{
	static const struct {
		uint16_t family;
		uint8_t address[2];
		bool scope;
	} rows[] = {
	    {AF_UNSPEC, {0}, false},
	    {AF_INET, {127}, false},
	    {AF_INET, {0xfe, 0x80}, false},
	    {AF_INET6, {0}, false},
	    {AF_INET6, {0x20, 0x01}, false},
	    {AF_INET6, {0xfe, 0x7f}, false},
	    {AF_INET6, {0xfe, 0x80}, true},
	    {AF_INET6, {0xfe, 0xbf}, true},
	    {AF_INET6, {0xfe, 0xc0}, false},
	    {AF_INET6, {0xff, 0x02}, false},
	};
	struct plan plan = plan_good();
	size_t i;

	for (i = 0; i < LENGTH(rows); i++) {
		plan = plan_good();
		plan.mappings[0].family = rows[i].family;
		memcpy(plan.mappings[0].address, rows[i].address, 2);
		ck_assert_msg(passes(&plan) == !rows[i].scope, "row %zu", i);
		plan.mappings[0].scope = 1;
		ck_assert_msg(passes(&plan) == rows[i].scope, "row %zu", i);
	}
}
END_TEST

/* ::ffff:192.0.2.7 is 192.0.2.7, which is written as AF_INET. */
START_TEST(ipv4_has_one_form)
{
	static const struct {
		uint8_t address[16];
		bool passes;
	} rows[] = {
	    {{[10] = 0xff, 0xff, 192, 0, 2, 7}, false},
	    {{[10] = 0xff, 0xff}, false},
	    {{[10] = 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, false},
	    /* Next to it: */
	    {{[10] = 0xff, 0xfe, 192, 0, 2, 7}, true},
	    {{[10] = 0xfe, 0xff, 192, 0, 2, 7}, true},
	    {{[9] = 1, 0xff, 0xff, 192, 0, 2, 7}, true},
	    {{1, [10] = 0xff, 0xff, 192, 0, 2, 7}, true},
	    {{[12] = 192, 0, 2, 7}, true},
	};
	struct plan plan = plan_good();
	size_t i;

	for (i = 0; i < LENGTH(rows); i++) {
		memcpy(plan.mappings[1].address, rows[i].address, 16);
		ck_assert_msg(passes(&plan) == rows[i].passes, "row %zu", i);
	}
	plan = plan_good();
	plan.mappings[0].family = AF_INET;
	memcpy(plan.mappings[0].address, "\xc0\x00\x02\x07", 4);
	ck_assert(passes(&plan));
}
END_TEST

/* Each pair is looked at, not neighbours alone. */
START_TEST(any_two_mappings_may_conflict)
{
	struct plan plan = plan_good(), bad;
	uint16_t i, j;

	plan.mapping_count = 5;
	for (i = 0; i < plan.mapping_count; i++)
		plan.mappings[i] = (struct mapping){AF_UNSPEC, IPPROTO_TCP,
		    (uint16_t)(1 + i), (uint16_t)(8001 + i), 1, 0, {0}};
	ck_assert(passes(&plan));
	for (i = 0; i < plan.mapping_count; i++)
		for (j = 0; j < i; j++) {
			bad = plan;
			bad.mappings[i].server_port = (uint16_t)(8001 + j);
			ck_assert_msg(!passes(&bad), "%u and %u", i, j);
		}
}
END_TEST

/* xorshift64*: the same bytes on every run. */
static void
fill_random(void *bytes, size_t size, uint64_t *state)
{
	uint8_t *byte = bytes;

	for (; size > 0; size--) {
		*state ^= *state >> 12;
		*state ^= *state << 25;
		*state ^= *state >> 27;
		*byte++ = (uint8_t)((*state * 0x2545f4914f6cdd1dull) >> 56);
	}
}

START_TEST(random_bytes_are_no_plan)
{
	struct plan plan = plan_good();
	uint64_t state = 1;
	int i;

	ck_assert(passes(&plan));
	for (i = 0; i < 1000; i++) {
		fill_random(&plan, sizeof(plan), &state);
		ck_assert(!passes(&plan));
	}
}
END_TEST

/* Random bytes behind a head that is right get as far as the mappings. */
START_TEST(random_mappings_are_no_plan)
{
	struct plan plan = plan_good();
	uint64_t state = 2;
	uint32_t i;

	ck_assert(passes(&plan));
	for (i = 0; i < 1000; i++) {
		plan.mapping_count = 1 + i % PLAN_MAPPINGS_MAX;
		fill_random(plan.mappings, sizeof(plan.mappings), &state);
		ck_assert(!passes(&plan));
	}
}
END_TEST

/* One byte of a good plan changed: it passes or it does not, and what passes
 * keeps the bounds that keep the helper's memory. */
START_TEST(mutations_keep_the_bounds)
{
	struct plan good = plan_good(), plan;
	uint64_t state = 3;
	int passed = 0;
	size_t i;

	for (i = 0; i < 100 * offsetof(struct plan, mappings[2]); i++) {
		plan = good;
		fill_random((char *)&plan + i / 100, 1, &state);
		if (!passes(&plan))
			continue;
		passed++;
		ck_assert_uint_le(plan.mapping_count, PLAN_MAPPINGS_MAX);
		ck_assert_uint_le(plan.spares, PLAN_SPARES_MAX);
		ck_assert_uint_eq(plan.uid, CALLER_UID);
		ck_assert_uint_eq(plan.gid, CALLER_GID);
	}
	ck_assert_int_gt(passed, 0);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("plan");
	TCase *t = tcase_create("plan");

	tcase_add_loop_test(t, holds_each_bound, 0, LENGTH(bounds));
	tcase_add_test(t, bounds_the_number_of_mappings);
	tcase_add_test(t, any_status_is_a_success);
	tcase_add_test(t, ignores_what_is_not_counted);
	tcase_add_test(t, root_names_any_id);
	tcase_add_test(t, root_cannot_name_no_id);
	tcase_add_test(t, group_of_root_is_not_root);
	tcase_add_test(t, unused_bytes_are_zero);
	tcase_add_test(t, only_link_local_addresses_have_a_scope);
	tcase_add_test(t, ipv4_has_one_form);
	tcase_add_test(t, any_two_mappings_may_conflict);
	tcase_add_test(t, random_bytes_are_no_plan);
	tcase_add_test(t, random_mappings_are_no_plan);
	tcase_add_test(t, mutations_keep_the_bounds);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(suite());
}
