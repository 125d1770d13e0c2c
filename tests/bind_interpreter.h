/* SPDX-License-Identifier: ISC */
/*
 * A small interpreter of the programs of bind_program.h: for what they consist of,
 * and nothing else.
 */
#ifndef BIND_INTERPRETER_H
#define BIND_INTERPRETER_H

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assertion.h"
#include "bind_program.h"
#include "constants.h"

/* Descriptors of the maps (struct bind_maps), and the value of the second. */
#define INTERPRETER_NOTE   77
#define INTERPRETER_COUNTS 78
static struct bind_counts interpreter_counts;

/* The control group of the process that binds. */
#define INTERPRETER_GROUP (UINT64_C(1) << 40)

/* bpf(2)'s limit for programs of whom it does not trust, and steps enough for
 * the longest, which has no loop. */
#define STEPS_MAX 4096

static inline bool
interpreter_jumps(const struct bpf_insn *i, uint64_t left, uint64_t right)
{
	switch (BPF_OP(i->code)) {
	case BPF_JA:
		return true;
	case BPF_JEQ:
		return left == right;
	case BPF_JNE:
		return left != right;
	case BPF_JGT:
		return left > right;
	case BPF_JLT:
		return left < right;
	default:
		ASSERTION(false);
	}
}

/* The address of a map's value is its offset here. */
static inline uint64_t
interpreter_map(const struct bpf_insn *i)
{
	if (i->src_reg == BPF_PSEUDO_MAP_FD) {
		ASSERTION(i->imm == INTERPRETER_NOTE);
		return 0;
	}
	ASSERTION(i->src_reg == BPF_PSEUDO_MAP_VALUE);
	ASSERTION(i->imm == INTERPRETER_COUNTS);
	ASSERTION(i[1].imm >= 0 &&
	    (size_t)i[1].imm <= sizeof(interpreter_counts) - 8);
	return (uint64_t)i[1].imm;
}

/* The port is all that may be written of the context. */
static inline void
interpreter_store(const struct bpf_insn *i, struct bpf_sock_addr *context,
    uint64_t base, uint64_t value)
{
	const size_t size = BPF_SIZE(i->code) == BPF_DW ? 8 : 4;

	if (i->dst_reg != BPF_REG_1) {
		ASSERTION(base + i->off <= sizeof(interpreter_counts) - size);
		memcpy((char *)&interpreter_counts + base + i->off, &value,
		    size);
		return;
	}
	ASSERTION(size == 4);
	ASSERTION(i->off == offsetof(struct bpf_sock_addr, user_port));
	context->user_port = (uint32_t)value;
}

/* Returns what the program does; a register that nothing was written to may not
 * be read, as with the kernel. */
static inline uint64_t
interpreter_run(const struct bind_program *program,
    struct bpf_sock_addr *context)
{
	uint64_t r[11], value;
	bool written[11] = {[BPF_REG_1] = true};
	const struct bpf_insn *i = program->instructions;
	const struct bpf_insn *end = i + program->count;
	unsigned int steps;

	for (steps = 0; steps < STEPS_MAX; steps++, i++) {
		ASSERTION(i >= program->instructions && i < end);
		value = (uint64_t)(int64_t)i->imm;
		switch (i->code) {
		case BPF_LD | BPF_IMM | BPF_DW:
			r[i->dst_reg] = interpreter_map(i);
			i++;
			break;
		case BPF_LDX | BPF_MEM | BPF_W:
			ASSERTION(i->src_reg == BPF_REG_1);
			r[i->dst_reg] = *(uint32_t *)((char *)context + i->off);
			break;
		case BPF_STX | BPF_MEM | BPF_W:
		case BPF_STX | BPF_MEM | BPF_DW:
			ASSERTION(written[i->src_reg]);
			interpreter_store(i, context, r[i->dst_reg],
			    r[i->src_reg]);
			continue;
		case BPF_STX | BPF_ATOMIC | BPF_DW:
			ASSERTION(i->imm == BPF_ADD);
			ASSERTION(i->off == 0);
			*(uint64_t *)((char *)&interpreter_counts +
			    r[i->dst_reg]) += r[i->src_reg];
			continue;
		case BPF_ALU | BPF_MOV | BPF_K:
			r[i->dst_reg] = (uint32_t)i->imm;
			break;
		case BPF_ALU | BPF_ADD | BPF_K:
			ASSERTION(written[i->dst_reg]);
			r[i->dst_reg] = (uint32_t)(r[i->dst_reg] + value);
			break;
		case BPF_ALU | BPF_END | BPF_TO_BE:
			ASSERTION(written[i->dst_reg] && i->imm == 16);
			r[i->dst_reg] = htons((uint16_t)r[i->dst_reg]);
			break;
		case BPF_JMP | BPF_CALL:
			ASSERTION(i->imm == BPF_FUNC_get_current_cgroup_id);
			memset(written, 0, BPF_REG_6 * sizeof(*written));
			r[BPF_REG_0] = INTERPRETER_GROUP;
			written[BPF_REG_0] = true;
			continue;
		case BPF_JMP | BPF_EXIT:
			ASSERTION(written[BPF_REG_0]);
			return r[BPF_REG_0];
		default:
			ASSERTION(BPF_CLASS(i->code) == BPF_JMP);
			ASSERTION(written[i->dst_reg]);
			ASSERTION(i->off >= 0);
			if (BPF_SRC(i->code) == BPF_X)
				value = r[i->src_reg];
			if (interpreter_jumps(i, r[i->dst_reg], value))
				i += i->off;
			continue;
		}
		written[i->dst_reg] = true;
	}
	ASSERTION(false);
}

#endif
