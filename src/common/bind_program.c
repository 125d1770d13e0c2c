/* SPDX-License-Identifier: ISC */
/*
 * Runs in: the child of --attach, as root; the helper, before the drop.  Computes
 * only.
 * Reads: checked mappings.
 *
 * A program finds the address and port that the call has named in the context
 * r1 points to (struct bpf_sock_addr in linux/bpf.h).
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "bind_program.h"
#include "constants.h"

/* Registers: the kernel hands the context over in r1, and takes r0. */
enum {
	RESULT = BPF_REG_0,
	CONTEXT = BPF_REG_1,
	PORT = BPF_REG_2, /* in host byte order */
	PROTOCOL = BPF_REG_3,
	WORD = BPF_REG_4, /* of the address */
	WANTED = BPF_REG_5,
};

/* The result of a program for a call that it leaves as it is. */
#define PASS 1

#define FIELD(name) ((int16_t)offsetof(struct bpf_sock_addr, name))

/* Jumps of one mapping that lead behind it. */
#define LEAVES_MAX 10

struct writer {
	struct bind_program *program;
	int counts; /* the map, or -1 */
	size_t leaves[LEAVES_MAX];
	size_t leave_count;
	size_t records[2 * PLAN_MAPPINGS_MAX]; /* jumps to the record */
	size_t record_count;
};

static void
put(struct writer *w, struct bpf_insn instruction)
{
	w->program->instructions[w->program->count++] = instruction;
}

static void
put_load(struct writer *w, uint8_t to, int16_t field)
{
	put(w,
	    (struct bpf_insn){.code = BPF_LDX | BPF_MEM | BPF_W,
		.dst_reg = to,
		.src_reg = CONTEXT,
		.off = field});
}

/* A 32-bit value: the upper half of the register becomes 0. */
static void
put_value(struct writer *w, uint8_t to, uint32_t value)
{
	put(w,
	    (struct bpf_insn){.code = BPF_ALU | BPF_MOV | BPF_K,
		.dst_reg = to,
		.imm = (int32_t)value});
}

static void
put_big_endian(struct writer *w, uint8_t reg)
{
	put(w,
	    (struct bpf_insn){.code = BPF_ALU | BPF_END | BPF_TO_BE,
		.dst_reg = reg,
		.imm = 16});
}

static void
put_jump(struct writer *w, uint8_t comparison, uint8_t reg, int32_t value,
    int16_t over)
{
	put(w,
	    (struct bpf_insn){.code = BPF_JMP | comparison | BPF_K,
		.dst_reg = reg,
		.off = over,
		.imm = value});
}

/* Goes on behind this mapping if the comparison is true. */
static void
put_leave(struct writer *w, uint8_t comparison, uint8_t reg, int32_t value)
{
	w->leaves[w->leave_count++] = w->program->count;
	put_jump(w, comparison, reg, value, 0);
}

/* Likewise, comparing the word of the address with the one that is wanted. */
static void
put_leave_by(struct writer *w, uint8_t comparison)
{
	w->leaves[w->leave_count++] = w->program->count;
	put(w,
	    (struct bpf_insn){.code = BPF_JMP | comparison | BPF_X,
		.dst_reg = WORD,
		.src_reg = WANTED});
}

static void
put_leave_unless_same(struct writer *w, int16_t field, uint32_t value)
{
	put_load(w, WORD, field);
	put_value(w, WANTED, value);
	put_leave_by(w, BPF_JNE);
}

static void
land_leaves(struct writer *w)
{
	size_t here = w->program->count;

	while (w->leave_count > 0) {
		const size_t at = w->leaves[--w->leave_count];

		w->program->instructions[at].off = (int16_t)(here - at - 1);
	}
}

static void
put_return(struct writer *w, int32_t result)
{
	put_value(w, RESULT, (uint32_t)result);
	put(w, (struct bpf_insn){.code = BPF_JMP | BPF_EXIT});
}

static bool
is_of_names(enum bind_hook hook)
{
	return hook == BIND_HOOK_NAME4 || hook == BIND_HOOK_NAME6;
}

static bool
is_ipv6(enum bind_hook hook)
{
	return hook == BIND_HOOK_BIND6 || hook == BIND_HOOK_NAME6;
}

static void
put_port(struct writer *w, uint16_t first, uint32_t ports)
{
	if (ports == 1) {
		put_leave(w, BPF_JNE, PORT, first);
		return;
	}
	put_leave(w, BPF_JLT, PORT, first);
	put_leave(w, BPF_JGT, PORT, (int32_t)(first + ports - 1));
}

/* A Multipath TCP socket is one of TCP here. */
static void
put_protocol(struct writer *w, int protocol)
{
	if (protocol == IPPROTO_TCP)
		put_jump(w, BPF_JEQ, PROTOCOL, IPPROTO_MPTCP, 1);
	put_leave(w, BPF_JNE, PROTOCOL, protocol);
}

static uint32_t
word_of(const struct mapping *m, size_t word)
{
	uint32_t value;

	memcpy(&value, m->address + word * sizeof(value), sizeof(value));
	return value;
}

/* The words of an IPv6 address before the last: those of ::ffff:0:0/96. */
static void
put_is_mapped(struct writer *w)
{
	put_leave_unless_same(w, FIELD(user_ip6[0]), 0);
	put_leave_unless_same(w, FIELD(user_ip6[1]), 0);
	put_leave_unless_same(w, FIELD(user_ip6[2]), htonl(0xffff));
}

/* An IPv4 address that an AF_INET6 socket names is one of IPv4.  The address is
 * another one if an earlier word differs: the rest is jumped over. */
static void
put_is_not_mapped(struct writer *w)
{
	put_load(w, WORD, FIELD(user_ip6[0]));
	put_jump(w, BPF_JNE, WORD, 0, 5);
	put_load(w, WORD, FIELD(user_ip6[1]));
	put_jump(w, BPF_JNE, WORD, 0, 3);
	put_load(w, WORD, FIELD(user_ip6[2]));
	put_value(w, WANTED, htonl(0xffff));
	put_leave_by(w, BPF_JEQ);
}

static void
put_ipv6_address(struct writer *w, const struct mapping *m)
{
	const int16_t last = FIELD(user_ip6[3]);
	size_t i;

	if (m->family == AF_INET) {
		put_is_mapped(w);
		if (word_of(m, 0) != htonl(INADDR_ANY))
			put_leave_unless_same(w, last, word_of(m, 0));
		return;
	}
	for (i = 0; i < 4; i++)
		put_leave_unless_same(w,
		    (int16_t)(FIELD(user_ip6) + (int)(i * sizeof(uint32_t))),
		    word_of(m, i));
}

static bool
is_wildcard(const struct mapping *m)
{
	static const uint8_t any[sizeof(m->address)];

	return memcmp(m->address, any, sizeof(any)) == 0;
}

/* False if no address of the hook's family is covered. */
static bool
put_address(struct writer *w, enum bind_hook hook, const struct mapping *m)
{
	if (m->family == AF_UNSPEC)
		return true;
	if (!is_ipv6(hook)) {
		if (m->family == AF_INET && !is_wildcard(m))
			put_leave_unless_same(w, FIELD(user_ip4),
			    word_of(m, 0));
		return m->family == AF_INET;
	}
	if (m->family == AF_INET6 && is_wildcard(m)) {
		/* A connection over IPv4 to a dual-stack listener is its too. */
		if (!is_of_names(hook))
			put_is_not_mapped(w);
	} else {
		put_ipv6_address(w, m);
	}
	return true;
}

static void
put_rewrite(struct writer *w, uint16_t from, uint16_t to)
{
	if (from == to)
		return;
	put(w,
	    (struct bpf_insn){.code = BPF_ALU | BPF_ADD | BPF_K,
		.dst_reg = PORT,
		.imm = to - from});
	put_big_endian(w, PORT);
	put(w,
	    (struct bpf_insn){.code = BPF_STX | BPF_MEM | BPF_W,
		.dst_reg = CONTEXT,
		.src_reg = PORT,
		.off = FIELD(user_port)});
}

/* The address of a byte of a map's only value, or of a map. */
static void
put_map(struct writer *w, uint8_t kind, int map, size_t offset)
{
	put(w,
	    (struct bpf_insn){.code = BPF_LD | BPF_IMM | BPF_DW,
		.dst_reg = WORD,
		.src_reg = kind,
		.imm = map});
	put(w, (struct bpf_insn){.imm = (int32_t)offset});
}

static void
put_count(struct writer *w, size_t offset)
{
	put_map(w, BPF_PSEUDO_MAP_VALUE, w->counts, offset);
	put_value(w, WANTED, 1);
	put(w,
	    (struct bpf_insn){.code = BPF_STX | BPF_ATOMIC | BPF_DW,
		.dst_reg = WORD,
		.src_reg = WANTED,
		.imm = BPF_ADD});
}

static void
put_mapping(struct writer *w, enum bind_hook hook, const struct mapping *m,
    size_t place)
{
	const bool names = is_of_names(hook);
	const uint16_t from = names ? m->public_port : m->server_port;
	const uint16_t to = names ? m->server_port : m->public_port;
	const size_t begun = w->program->count;

	put_port(w, from, m->ports);
	put_protocol(w, m->protocol);
	if (put_address(w, hook, m)) {
		if (w->counts >= 0)
			put_count(w, offsetof(struct bind_counts, used[place]));
		put_rewrite(w, from, to);
		put_return(w, names ? PASS : BIND_PROGRAM_PERMITS);
	} else {
		w->program->count = begun;
		w->leave_count = 0;
	}
	land_leaves(w);
}

/* Copies a register of this size into the record, whose address is in WORD. */
static void
put_record(struct writer *w, uint8_t size, uint8_t reg, size_t member)
{
	put(w,
	    (struct bpf_insn){.code = BPF_STX | BPF_MEM | size,
		.dst_reg = WORD,
		.src_reg = reg,
		.off = (int16_t)member});
}

#define RECORDED(name) offsetof(struct bind_uncovered, name)

/* Records binds of these ports, which no mapping has covered. */
static void
put_is_recorded(struct writer *w, uint16_t first, uint32_t ports)
{
	put_port(w, first, ports);
	w->records[w->record_count++] = w->program->count;
	put(w, (struct bpf_insn){.code = BPF_JMP | BPF_JA});
	land_leaves(w);
}

/* A server may be configured for the public port. */
static void
put_recorded(struct writer *w, const struct mapping *m)
{
	put_is_recorded(w, m->server_port, m->ports);
	if (m->public_port != m->server_port)
		put_is_recorded(w, m->public_port, m->ports);
}

static void
put_address_of_record(struct writer *w)
{
	put_map(w, BPF_PSEUDO_MAP_VALUE, w->counts,
	    offsetof(struct bind_counts, uncovered));
}

static void
put_uncovered(struct writer *w, bool ipv6)
{
	const int16_t field = ipv6 ? FIELD(user_ip6) : FIELD(user_ip4);
	size_t i;

	while (w->record_count > 0) {
		const size_t at = w->records[--w->record_count];

		w->program->instructions[at].off = (int16_t)(w->program->count -
		    at - 1);
	}
	put_count(w, offsetof(struct bind_counts, uncovered.count));
	put_address_of_record(w);
	put_record(w, BPF_W, PORT, RECORDED(port));
	put_record(w, BPF_W, PROTOCOL, RECORDED(protocol));
	put_value(w, WANTED, ipv6 ? AF_INET6 : AF_INET);
	put_record(w, BPF_W, WANTED, RECORDED(family));
	for (i = 0; i < (ipv6 ? 4 : 1); i++) {
		put_load(w, WANTED, (int16_t)(field + (int)i * 4));
		put_record(w, BPF_W, WANTED, RECORDED(address[i]));
	}
	/* The call leaves nothing in the registers from r1 to r5. */
	put(w,
	    (struct bpf_insn){.code = BPF_JMP | BPF_CALL,
		.imm = BPF_FUNC_get_current_cgroup_id});
	put_address_of_record(w);
	put_record(w, BPF_DW, RESULT, RECORDED(group));
	put_return(w, PASS);
}

static bool
is_for_programs(const struct mapping *m)
{
	return !mapping_inherited(m) && !mapping_by_descriptor(m);
}

void
bind_note_write(struct bind_note *note, const struct mapping *mappings,
    size_t count, bool names)
{
	*note = (struct bind_note){.magic = BIND_NOTE_MAGIC,
	    .version = BIND_NOTE_VERSION,
	    .mapping_count = (uint32_t)count,
	    .names = names};
	memcpy(note->mappings, mappings, count * sizeof(*mappings));
}

void
bind_program_write(struct bind_program *program, enum bind_hook hook,
    const struct mapping *mappings, size_t count, const struct bind_maps *maps)
{
	struct writer w = {.program = program,
	    .counts = is_of_names(hook) ? -1 : maps->counts};
	size_t i;

	program->count = 0;
	put_map(&w, BPF_PSEUDO_MAP_FD, maps->note, 0);
	put_load(&w, PORT, FIELD(user_port));
	put_big_endian(&w, PORT);
	put_load(&w, PROTOCOL, FIELD(protocol));
	for (i = 0; i < count; i++)
		if (is_for_programs(&mappings[i]))
			put_mapping(&w, hook, &mappings[i], i);
	for (i = 0; i < count && w.counts >= 0; i++)
		if (is_for_programs(&mappings[i]))
			put_recorded(&w, &mappings[i]);
	put_return(&w, PASS);
	if (w.record_count > 0)
		put_uncovered(&w, is_ipv6(hook));
}
