/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An x86-64 emitter: bytes into a buffer. It knows encodings, not the translator. Registers are the
 * numbers of the ISA. Forms that leave RFLAGS alone are marked; that is what most of the
 * translator's own code must be made of. Source: Intel SDM volume 2, chapters 2 and 3-5.
 */
#ifndef TSR_BT_EMIT_H
#define TSR_BT_EMIT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "code/opcodes.h"

enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15, NOREG = 0xff };
enum { AH = 4 }; /* of byte instructions without REX */

struct emitter {
	uint8_t *base; /* of the buffer */
	uint8_t *p;
	const uint8_t *end; /* of the buffer: nothing is written from here on */
	bool overreach;     /* a rel8 did not reach its target: the code must not run */
	bool overflow;      /* the buffer was too short: the code must not run */
};

/* [base + index * scale + disp]; NOREG: absent */
struct host_mem {
	uint8_t base, index, scale; /* scale 0-3: shift */
	int32_t disp;
};
#define HOST_MEM(b, d) ((struct host_mem){ .base = (b), .index = NOREG, .disp = (int32_t)(d) })
#define HOST_SIB(b, i, s, d) \
	((struct host_mem){ .base = (b), .index = (i), .scale = (s), .disp = (int32_t)(d) })

static inline uint32_t emit_here(const struct emitter *e)
{
	return (uint32_t)(e->p - e->base);
}

/* Is there room for so many bytes? Asked before every write. */
static inline bool emit_room(struct emitter *e, size_t length)
{
	if (__builtin_expect((size_t)(e->end - e->p) >= length, true))
		return true;
	e->overflow = true;
	return false;
}

static inline void emit_bytes(struct emitter *e, const void *bytes, size_t length)
{
	if (!emit_room(e, length))
		return;
	memcpy(e->p, bytes, length);
	e->p += length;
}

static inline void emit_u8(struct emitter *e, uint8_t v)
{
	if (emit_room(e, sizeof(v)))
		*e->p++ = v;
}

static inline void emit_u16(struct emitter *e, uint16_t v)
{
	if (!emit_room(e, sizeof(v)))
		return;
	memcpy(e->p, &v, sizeof(v));
	e->p += sizeof(v);
}

static inline void emit_u32(struct emitter *e, uint32_t v)
{
	if (!emit_room(e, sizeof(v)))
		return;
	memcpy(e->p, &v, sizeof(v));
	e->p += sizeof(v);
}

static inline void emit_u64(struct emitter *e, uint64_t v)
{
	if (!emit_room(e, sizeof(v)))
		return;
	memcpy(e->p, &v, sizeof(v));
	e->p += sizeof(v);
}

static inline void emit_rex(struct emitter *e, bool w, uint8_t reg, uint8_t index, uint8_t base,
			    bool force)
{
	uint8_t rex = (uint8_t)(w << 3 | (reg != NOREG && reg > 7) << 2 |
				(index != NOREG && index > 7) << 1 | (base != NOREG && base > 7));

	if (rex || force)
		emit_u8(e, 0x40 | rex);
}

static inline void emit_modrm_reg(struct emitter *e, uint8_t reg, uint8_t rm)
{
	emit_u8(e, (uint8_t)(0xc0 | (reg & 7) << 3 | (rm & 7)));
}

static inline void emit_modrm_mem(struct emitter *e, uint8_t reg, const struct host_mem *m)
{
	uint8_t r = (uint8_t)((reg & 7) << 3);
	bool sib = m->index != NOREG || m->base == NOREG || (m->base & 7) == RSP;
	uint8_t mod;

	if (m->base == NOREG)
		mod = 0;
	else if (m->disp == 0 && (m->base & 7) != RBP)
		mod = 0;
	else if (m->disp == (int8_t)m->disp)
		mod = 0x40;
	else
		mod = 0x80;
	emit_u8(e, mod | r | (sib ? 4 : m->base & 7));
	if (sib)
		emit_u8(e, (uint8_t)(m->scale << 6 | (m->index == NOREG ? 4 : m->index & 7) << 3 |
				     (m->base == NOREG ? 5 : m->base & 7)));
	if (mod == 0x40)
		emit_u8(e, (uint8_t)m->disp);
	else if (mod == 0x80 || m->base == NOREG)
		emit_u32(e, (uint32_t)m->disp);
}

/* OPCODE reg, rm (register form); opcode of one byte, or OP2(second) */
static inline void emit_rr(struct emitter *e, bool w, unsigned opcode, uint8_t reg, uint8_t rm)
{
	emit_rex(e, w, reg, NOREG, rm, false);
	if (opcode > 0xff)
		emit_u8(e, (uint8_t)(opcode >> 8));
	emit_u8(e, (uint8_t)opcode);
	emit_modrm_reg(e, reg, rm);
}

static inline void emit_rm(struct emitter *e, bool w, unsigned opcode, uint8_t reg,
			   struct host_mem m)
{
	emit_rex(e, w, reg, m.index, m.base, false);
	if (opcode > 0xff)
		emit_u8(e, (uint8_t)(opcode >> 8));
	emit_u8(e, (uint8_t)opcode);
	emit_modrm_mem(e, reg, &m);
}

/* -- moves; none touches the flags */
static inline void emit_mov(struct emitter *e, uint8_t to, uint8_t from)
{
	emit_rr(e, false, OP_MOV_GV_EV, to, from);
}

static inline void emit_mov64(struct emitter *e, uint8_t to, uint8_t from)
{
	emit_rr(e, true, OP_MOV_GV_EV, to, from);
}

static inline void emit_mov_imm(struct emitter *e, uint8_t to, uint32_t value)
{
	emit_rex(e, false, NOREG, NOREG, to, false);
	emit_u8(e, OP_MOV_IV | (to & 7));
	emit_u32(e, value);
}

static inline void emit_mov_imm64(struct emitter *e, uint8_t to, uint64_t value)
{
	emit_rex(e, true, NOREG, NOREG, to, false);
	emit_u8(e, OP_MOV_IV | (to & 7));
	emit_u64(e, value);
}

static inline void emit_load(struct emitter *e, uint8_t to, struct host_mem m)
{
	emit_rm(e, false, OP_MOV_GV_EV, to, m);
}

static inline void emit_load64(struct emitter *e, uint8_t to, struct host_mem m)
{
	emit_rm(e, true, OP_MOV_GV_EV, to, m);
}

static inline void emit_load16(struct emitter *e, uint8_t to, struct host_mem m)
{
	emit_rm(e, false, OP2_MOVZX_EW, to, m);
}

static inline void emit_store(struct emitter *e, struct host_mem m, uint8_t from)
{
	emit_rm(e, false, OP_MOV_EV_GV, from, m);
}

static inline void emit_store64(struct emitter *e, struct host_mem m, uint8_t from)
{
	emit_rm(e, true, OP_MOV_EV_GV, from, m);
}

static inline void emit_store16(struct emitter *e, struct host_mem m, uint8_t from)
{
	emit_u8(e, PREFIX_OPERAND_SIZE);
	emit_rm(e, false, OP_MOV_EV_GV, from, m);
}

static inline void emit_store_imm(struct emitter *e, struct host_mem m, uint32_t value)
{
	emit_rm(e, false, OP_MOV_EV_IZ, MOV_EV_IZ_MOV, m);
	emit_u32(e, value);
}

static inline void emit_lea(struct emitter *e, uint8_t to, struct host_mem m)
{
	emit_rm(e, false, OP_LEA, to, m);
}

static inline void emit_lea64(struct emitter *e, uint8_t to, struct host_mem m)
{
	emit_rm(e, true, OP_LEA, to, m);
}

static inline void emit_movzx16(struct emitter *e, uint8_t to, uint8_t from)
{
	emit_rr(e, false, OP2_MOVZX_EW, to, from);
}

/* Of AL, CL, DL, BL or r8b and so on. */
static inline void emit_movzx8(struct emitter *e, uint8_t to, uint8_t from)
{
	emit_rr(e, false, OP2_MOVZX_EB, to, from);
}

static inline void emit_mov16(struct emitter *e, uint8_t to, uint8_t from)
{
	emit_u8(e, PREFIX_OPERAND_SIZE);
	emit_rr(e, false, OP_MOV_GV_EV, to, from);
}

/* ... of 2 or 4 bytes; a load of 2 zero-extends, a move of 2 keeps the upper half */
static inline void emit_load_sized(struct emitter *e, unsigned size, uint8_t to, struct host_mem m)
{
	if (size == 2)
		emit_load16(e, to, m);
	else
		emit_load(e, to, m);
}

static inline void emit_store_sized(struct emitter *e, unsigned size, struct host_mem m,
				    uint8_t from)
{
	if (size == 2)
		emit_store16(e, m, from);
	else
		emit_store(e, m, from);
}

static inline void emit_mov_sized(struct emitter *e, unsigned size, uint8_t to, uint8_t from)
{
	if (size == 2)
		emit_mov16(e, to, from);
	else
		emit_mov(e, to, from);
}

static inline void emit_store_imm_sized(struct emitter *e, unsigned size, struct host_mem m,
					uint32_t value)
{
	if (size == 2) {
		emit_u8(e, PREFIX_OPERAND_SIZE);
		emit_rm(e, false, OP_MOV_EV_IZ, MOV_EV_IZ_MOV, m);
		emit_u16(e, (uint16_t)value);
	} else {
		emit_store_imm(e, m, value);
	}
}

static inline void emit_not(struct emitter *e, bool w, uint8_t reg)
{
	emit_rr(e, w, OP_UNARY_EV, UNARY_NOT, reg);
}

/* -- BMI2; none touches the flags */
static inline void emit_vex(struct emitter *e, uint8_t map, bool w, uint8_t pp, uint8_t reg,
			    uint8_t vvvv, uint8_t rm)
{
	emit_u8(e, OP_VEX3);
	emit_u8(e, (uint8_t)((reg > 7 ? 0 : 0x80) | 0x40 | (rm > 7 ? 0 : 0x20) | map));
	emit_u8(e, (uint8_t)(w << 7 | (~vvvv & 15) << 3 | pp));
}

static inline void emit_shift_x(struct emitter *e, uint8_t pp, bool w, uint8_t to, uint8_t from,
				uint8_t count)
{
	emit_vex(e, VEX_MAP_0F38, w, pp, to, count, from);
	emit_u8(e, OP_VEX_SHIFT_X);
	emit_modrm_reg(e, to, from);
}

static inline void emit_shlx(struct emitter *e, bool w, uint8_t to, uint8_t from, uint8_t count)
{
	emit_shift_x(e, VEX_PP_66, w, to, from, count);
}

static inline void emit_sarx(struct emitter *e, bool w, uint8_t to, uint8_t from, uint8_t count)
{
	emit_shift_x(e, VEX_PP_F3, w, to, from, count);
}

static inline void emit_shrx(struct emitter *e, bool w, uint8_t to, uint8_t from, uint8_t count)
{
	emit_shift_x(e, VEX_PP_F2, w, to, from, count);
}

static inline void emit_pext_mem(struct emitter *e, uint8_t to, uint8_t from, struct host_mem mask)
{
	emit_vex(e, VEX_MAP_0F38, false, VEX_PP_F3, to, from, mask.base);
	emit_u8(e, OP_VEX_PEXT);
	emit_modrm_mem(e, to, &mask);
}

static inline void emit_rorx(struct emitter *e, uint8_t to, uint8_t from, uint8_t count)
{
	emit_vex(e, VEX_MAP_0F3A, false, VEX_PP_F2, to, 0, from);
	emit_u8(e, OP_VEX_RORX);
	emit_modrm_reg(e, to, from);
	emit_u8(e, count);
}

/* -- arithmetic of the translator itself; writes the flags. op: ALU_ADD and so on */
static inline void emit_alu_imm(struct emitter *e, bool w, unsigned op, uint8_t reg, int32_t value)
{
	bool small = value == (int8_t)value;

	emit_rex(e, w, NOREG, NOREG, reg, false);
	emit_u8(e, small ? OP_ALU_EV_IB : OP_ALU_EV_IZ);
	emit_modrm_reg(e, (uint8_t)op, reg);
	if (small)
		emit_u8(e, (uint8_t)value);
	else
		emit_u32(e, (uint32_t)value);
}

static inline void emit_alu(struct emitter *e, bool w, unsigned op, uint8_t to, uint8_t from)
{
	emit_rr(e, w, op << 3 | OP_ALU_GV_EV, to, from);
}

static inline void emit_test64(struct emitter *e, uint8_t a, uint8_t b)
{
	emit_rr(e, true, OP_TEST_EV_GV, a, b);
}

static inline void emit_test8_imm(struct emitter *e, uint8_t reg, uint8_t value)
{
	emit_rex(e, false, NOREG, NOREG, reg, true);
	emit_u8(e, OP_UNARY_EB);
	emit_modrm_reg(e, UNARY_TEST, reg);
	emit_u8(e, value);
}

static inline void emit_shift_imm(struct emitter *e, bool w, unsigned op, uint8_t reg,
				  uint8_t count)
{
	emit_rex(e, w, NOREG, NOREG, reg, false);
	emit_u8(e, OP_SHIFT_EV_IB);
	emit_modrm_reg(e, (uint8_t)op, reg);
	emit_u8(e, count);
}

/* -- control flow; targets are buffer offsets, which may be patched later */
static inline void emit_patch32(struct emitter *e, uint32_t at, uint32_t target)
{
	uint32_t rel = target - (at + 4);

	if (e->overflow) /* what is at that place may not have been emitted */
		return;
	memcpy(e->base + at, &rel, 4);
}

static inline void emit_patch8(struct emitter *e, uint32_t at, uint32_t target)
{
	int32_t rel = (int32_t)(target - (at + 1));

	if (e->overflow)
		return;
	e->overreach |= rel != (int8_t)rel;
	e->base[at] = (uint8_t)rel;
}

static inline void emit_rel32(struct emitter *e, uint32_t target)
{
	emit_u32(e, target - (emit_here(e) + 4));
}

/* Returns the offset of the rel32. */
static inline uint32_t emit_jmp(struct emitter *e, uint32_t target)
{
	emit_u8(e, OP_JMP_JZ);
	emit_rel32(e, target);
	return emit_here(e) - 4;
}

/* to = address of that place in the buffer */
static inline void emit_lea_here(struct emitter *e, uint8_t to, uint32_t place)
{
	emit_rex(e, true, to, NOREG, NOREG, false);
	emit_u8(e, OP_LEA);
	emit_u8(e, (uint8_t)((to & 7) << 3 | RBP)); /* RIP + disp32 */
	emit_rel32(e, place);
}

static inline uint32_t emit_jcc(struct emitter *e, unsigned cc, uint32_t target)
{
	emit_u8(e, OP2_JCC_JZ >> 8);
	emit_u8(e, (uint8_t)(OP2_JCC_JZ | cc));
	emit_rel32(e, target);
	return emit_here(e) - 4;
}

/* Returns the offset of the rel8, to be patched. */
static inline uint32_t emit_jcc8(struct emitter *e, unsigned cc)
{
	emit_u8(e, (uint8_t)(OP_JCC_JB | cc));
	emit_u8(e, 0);
	return emit_here(e) - 1;
}

static inline uint32_t emit_jrcxz(struct emitter *e)
{
	emit_u8(e, OP_JRCXZ);
	emit_u8(e, 0);
	return emit_here(e) - 1;
}

static inline uint32_t emit_jmp8(struct emitter *e)
{
	emit_u8(e, OP_JMP_JB);
	emit_u8(e, 0);
	return emit_here(e) - 1;
}

static inline void emit_land8(struct emitter *e, uint32_t at)
{
	emit_patch8(e, at, emit_here(e));
}

static inline void emit_call(struct emitter *e, uint32_t target)
{
	emit_u8(e, OP_CALL);
	emit_rel32(e, target);
}

static inline void emit_jmp_mem(struct emitter *e, struct host_mem m)
{
	emit_rm(e, false, OP_GROUP5, GROUP5_JMP, m);
}

/* Through a register up to RDI. */
static inline void emit_call_reg(struct emitter *e, uint8_t reg)
{
	emit_rr(e, false, OP_GROUP5, GROUP5_CALL, reg);
}

static inline void emit_jmp_reg(struct emitter *e, uint8_t reg)
{
	emit_rr(e, false, OP_GROUP5, GROUP5_JMP, reg);
}

static inline void emit_ret(struct emitter *e)
{
	emit_u8(e, OP_RET);
}

/* -- the flags, through the stack or AX (ah: SF ZF AF PF CF, al: OF) */
static inline void emit_pushfq(struct emitter *e)
{
	emit_u8(e, OP_PUSHF);
}

static inline void emit_popfq(struct emitter *e)
{
	emit_u8(e, OP_POPF);
}

static inline void emit_flags_to_ax(struct emitter *e)
{
	emit_u8(e, OP_LAHF);
	emit_rr(e, false, OP2_SETCC | CC_O, 0, RAX);
}

/* ADD AL, 7Fh overflows if AL is 1. */
static inline void emit_flags_from_ax(struct emitter *e)
{
	emit_u8(e, OP_ADD_AL_IB);
	emit_u8(e, 0x7f);
	emit_u8(e, OP_SAHF);
}

static inline void emit_push(struct emitter *e, uint8_t reg)
{
	emit_rex(e, false, NOREG, NOREG, reg, false);
	emit_u8(e, OP_PUSH | (reg & 7));
}

static inline void emit_pop(struct emitter *e, uint8_t reg)
{
	emit_rex(e, false, NOREG, NOREG, reg, false);
	emit_u8(e, OP_POP | (reg & 7));
}

static inline void emit_pop_mem(struct emitter *e, struct host_mem m)
{
	emit_rm(e, false, OP_POP_EV, 0, m);
}

#endif
