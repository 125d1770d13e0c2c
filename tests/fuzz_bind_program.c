/* SPDX-License-Identifier: ISC */
/*
 * Programs of control groups, for plans that plan_check passes: each is what the
 * kernel's verifier takes, if this process may load one, and does with binds what
 * a model does.  tests/random_plans.c runs it without libFuzzer, by root.
 */
#include <errno.h>
#include <unistd.h>

#include "bind_interpreter.h"
#include "bpf.h"
#include "fuzz.h"

/* Of each plan. */
#define BINDS 32

static const uint16_t ports[] = {0, 1, 22, 80, 443, 1023, 1024, 8080, 8443,
    32767, 32768, 65534, 65535};

/* Text of none has two forms. */
static const uint8_t addresses[][16] = {
    {0},
    {127, 0, 0, 1},
    {192, 0, 2, 7},
    {255, 255, 255, 255},
    {[15] = 1},
    {0x20, 1, 0xd, 0xb8, [15] = 1},
    {0xfe, 0x80, [15] = 1},
    {[12] = 192, 0, 2, 7},
    {0x80, [15] = 0x80},
    /* Not quite those of IPv4. */
    {[2] = 0xff, 0xff},
    {[6] = 0xff, 0xff},
    {[8] = 1, 0, 0xff, 0xff},
};

static uint16_t
take_port(const uint8_t **bytes, size_t *size)
{
	const uint8_t choice = fuzz_byte(bytes, size);
	uint16_t port;

	if (choice < 128)
		return ports[choice % (sizeof(ports) / sizeof(*ports))];
	fuzz_take(bytes, size, &port, sizeof(port));
	return port;
}

static void
take_address(const uint8_t **bytes, size_t *size, uint8_t address[16])
{
	const uint8_t choice = fuzz_byte(bytes, size);

	if (choice < 192)
		memcpy(address,
		    addresses[choice %
			(sizeof(addresses) / sizeof(*addresses))],
		    16);
	else
		fuzz_take(bytes, size, address, 16);
}

static struct mapping
take_mapping(const uint8_t **bytes, size_t *size)
{
	static const uint16_t families[] = {AF_UNSPEC, AF_INET, AF_INET6};
	const uint8_t kind = fuzz_byte(bytes, size);
	struct mapping m = {.family = families[kind % 3],
	    .protocol = kind & 16 ? IPPROTO_UDP : IPPROTO_TCP,
	    .public_port = take_port(bytes, size),
	    .server_port = take_port(bytes, size),
	    .ports = 1};

	if (kind & 32)
		m.ports += fuzz_byte(bytes, size);
	if (m.family != AF_UNSPEC)
		take_address(bytes, size, m.address);
	if (m.family == AF_INET)
		memset(m.address + 4, 0, 12);
	if (m.family == AF_INET6 && m.address[0] == 0xfe)
		m.scope = 1;
	return m;
}

/* A mapping that the plan cannot have is left out. */
static void
take_plan(const uint8_t **bytes, size_t *size, struct plan *plan)
{
	const uint8_t what = fuzz_byte(bytes, size);
	unsigned int count = what % PLAN_MAPPINGS_MAX + 1;

	*plan = (struct plan){.magic = PLAN_MAGIC,
	    .spares = 1,
	    .uid = 1,
	    .gid = 1,
	    .show_expected = what >> 7};
	while (count-- > 0) {
		plan->mappings[plan->mapping_count++] = take_mapping(bytes,
		    size);
		if (!plan_check(plan, 1, 1))
			plan->mapping_count--;
	}
}

static bool
is_ipv6(enum bind_hook hook)
{
	return hook == BIND_HOOK_BIND6 || hook == BIND_HOOK_NAME6;
}

static bool
is_bind(enum bind_hook hook)
{
	return hook == BIND_HOOK_BIND4 || hook == BIND_HOOK_BIND6;
}

/* A call: its address has 4 or 16 bytes. */
struct call {
	enum bind_hook hook;
	uint16_t port;
	uint32_t protocol;
	uint8_t address[16];
};

/* bind_program.h says which addresses a mapping covers. */
static bool
covers_address(const struct mapping *m, const struct call *call)
{
	static const uint8_t any[16], prefix[12] = {[10] = 0xff, 0xff};
	const bool wildcard = memcmp(m->address, any, 16) == 0;
	const bool v4 = !is_ipv6(call->hook);
	const bool mapped = !v4 && memcmp(call->address, prefix, 12) == 0;

	if (m->family == AF_UNSPEC)
		return true;
	if (m->family == AF_INET)
		return (v4 || mapped) &&
		    (wildcard ||
			memcmp(m->address, call->address + (v4 ? 0 : 12), 4) ==
			    0);
	if (wildcard)
		return !v4 && !(mapped && is_bind(call->hook));
	return !v4 && memcmp(m->address, call->address, 16) == 0;
}

static bool
has_port(const struct mapping *m, uint16_t first, const struct call *call)
{
	return m->public_port != 0 && m->server_port != 0 &&
	    call->port >= first && call->port - first < (int)m->ports;
}

static bool
has_protocol(const struct mapping *m, const struct call *call)
{
	return call->protocol == m->protocol ||
	    (call->protocol == IPPROTO_MPTCP && m->protocol == IPPROTO_TCP);
}

/* What becomes of the port; and which mapping covers it, or the plan's count.  If
 * none does, whether the bind is recorded. */
static uint16_t
model(const struct plan *plan, const struct call *call, size_t *mapping,
    bool *recorded)
{
	const bool bind = is_bind(call->hook);
	const struct mapping *m = plan->mappings;
	uint16_t from, to;

	*recorded = false;
	for (*mapping = 0; *mapping < plan->mapping_count; ++*mapping, m++) {
		from = bind ? m->server_port : m->public_port;
		to = bind ? m->public_port : m->server_port;
		*recorded |= bind &&
		    (has_port(m, from, call) || has_port(m, to, call));
		if (has_port(m, from, call) && has_protocol(m, call) &&
		    covers_address(m, call))
			return (uint16_t)(to + call->port - from);
	}
	return call->port;
}

static void
try_call(const struct plan *plan, const struct bind_program *program,
    const struct call *call)
{
	struct bpf_sock_addr context = {.protocol = call->protocol,
	    .user_port = htons(call->port)};
	const struct bind_counts before = interpreter_counts;
	size_t mapping;
	bool recorded;
	const uint16_t port = model(plan, call, &mapping, &recorded);
	const bool covered = mapping < plan->mapping_count;

	if (is_ipv6(call->hook))
		memcpy(context.user_ip6, call->address, 16);
	else
		memcpy(&context.user_ip4, call->address, 4);
	ASSERTION(interpreter_run(program, &context) ==
	    (covered && is_bind(call->hook) ? 3 : 1));
	ASSERTION(context.user_port == htons(port));
	if (!is_bind(call->hook))
		ASSERTION(
		    memcmp(&before, &interpreter_counts, sizeof(before)) == 0);
	else if (covered)
		ASSERTION(interpreter_counts.used[mapping] ==
		    before.used[mapping] + 1);
	ASSERTION(interpreter_counts.uncovered.count ==
	    before.uncovered.count + (recorded && !covered));
	if (!recorded || covered)
		return;
	ASSERTION(interpreter_counts.uncovered.group == INTERPRETER_GROUP &&
	    interpreter_counts.uncovered.port == call->port &&
	    interpreter_counts.uncovered.protocol == call->protocol &&
	    memcmp(interpreter_counts.uncovered.address, call->address,
		is_ipv6(call->hook) ? 16 : 4) == 0);
}

/* Near what some mapping covers, mostly. */
static struct call
take_call(const uint8_t **bytes, size_t *size, const struct plan *plan,
    enum bind_hook hook)
{
	static const uint32_t protocols[] = {IPPROTO_TCP, IPPROTO_UDP,
	    IPPROTO_MPTCP, IPPROTO_SCTP};
	static const uint8_t prefix[12] = {[10] = 0xff, 0xff};
	const uint8_t what = fuzz_byte(bytes, size);
	const struct mapping *m = &plan->mappings[fuzz_byte(bytes, size) %
	    (plan->mapping_count + 1) % PLAN_MAPPINGS_MAX];
	struct call call = {.hook = hook, .protocol = protocols[what % 4]};

	call.port = (uint16_t)((is_bind(hook) ? m->server_port
					      : m->public_port) +
	    (what & 4 ? m->ports : 0) - (what >> 3) % 3 / 2);
	if (what & 64)
		call.port = take_port(bytes, size);
	memcpy(call.address, m->address, 16);
	if (what & 32)
		take_address(bytes, size, call.address);
	if (what & 128 && is_ipv6(hook)) {
		memcpy(call.address + 12, call.address, 4);
		memcpy(call.address, prefix, 12);
	}
	return call;
}

static void
load(const struct plan *plan)
{
	static const struct bind_counts *memory;
	static int counts = -1;
	static bool refused;
	static struct bind_note note;
	int programs[BIND_HOOKS] = {-1, -1, -1, -1};
	unsigned int hook;

	if (refused)
		return;
	if (counts < 0)
		counts = bpf_make_counts(&memory);
	if (counts < 0) {
		fprintf(stderr, "the kernel's verifier is left out: %s\n",
		    strerror(errno));
		refused = true;
		return;
	}
	bind_note_write(&note, plan->mappings, plan->mapping_count,
	    plan->show_expected != 0);
	ASSERTION(bpf_load(programs, &note, counts));
	for (hook = 0; hook < BIND_HOOKS; hook++)
		if (programs[hook] >= 0)
			close(programs[hook]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const struct bind_maps maps = {INTERPRETER_NOTE,
	    INTERPRETER_COUNTS};
	static struct bind_program program;
	static struct plan plan;
	unsigned int hook, i;
	struct call call;

	take_plan(&bytes, &size, &plan);
	if (plan.mapping_count == 0)
		return 0;
	load(&plan);
	for (hook = 0; hook < BIND_HOOKS; hook++) {
		bind_program_write(&program, hook, plan.mappings,
		    plan.mapping_count, &maps);
		/* The limit of the kernel for who has not CAP_BPF; for who has
		 * it, it is a million. */
		ASSERTION(program.count <= BPF_MAXINSNS &&
		    program.count <= BIND_PROGRAM_MAX);
		for (i = 0; i < BINDS / BIND_HOOKS; i++) {
			call = take_call(&bytes, &size, &plan, hook);
			try_call(&plan, &program, &call);
		}
	}
	return 0;
}
