/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A guest instruction as the translator sees it. */
#ifndef TSR_BT_DECODE_H
#define TSR_BT_DECODE_H

#include "code/bt.h"
#include "code/classes.h"

/* Instruction sets that a CPU model may lack. */
enum bt_isa {
	BT_ISA_BASE = 0,
	BT_ISA_X87 = 1,
	BT_ISA_CMOV = 2,
	BT_ISA_MMX = 4,
	BT_ISA_SSE = 8,
	BT_ISA_SSE2 = 16,
	BT_ISA_PENTIUM = 32, /* CMPXCHG8B */
	BT_ISA_SEP = 64,     /* SYSENTER */
};

enum bt_operand { BT_OP_NONE, BT_OP_GPR8, BT_OP_GPR16, BT_OP_GPR32, BT_OP_VECTOR, BT_OP_OTHER };

/* A memory operand: what the guest's addressing mode says. Registers are the guest's numbers, NOREG
 * (0xff): none. */
struct bt_ea {
	uint8_t base, index, scale; /* scale: shift */
	uint8_t segment;
	bool addr16;
	int32_t disp;
};

struct bt_insn {
	uint32_t eip;
	uint8_t length;
	uint8_t kind; /* enum bt_class */
	uint16_t mnemonic;
	uint8_t map, opcode, modrm; /* map: 0 one byte, 1 0F, 2 0F 38, 3 0F 3A */
	uint8_t mandatory;          /* prefix that is part of the opcode, 0: none */
	bool has_modrm, lock, rep, repne, memory, addr16;
	uint8_t operand_size;      /* bytes; 1 for byte instructions */
	uint8_t gpr_written;       /* a bit per guest register that is written, in part or whole */
	uint8_t special;           /* segment register of a load or store */
	uint8_t reg_kind, rm_kind; /* enum bt_operand */
	uint8_t immediate_length;
	uint8_t access; /* enum bt_access, of the memory operand */
	bool aligned;   /* memory operand of 16 bytes that must be aligned */
	bool truncated; /* no instruction yet: it continues after the bytes that were given */
	uint16_t memory_size;
	uint16_t isa;
	uint8_t immediate[4];
	struct bt_ea ea;
	uint32_t target; /* direct branches: EIP */
	uint32_t imm;    /* first immediate, sign-extended to the operand size */
	/* of TSR_FLAGS_ARITHMETIC; written: surely; touched: perhaps */
	uint32_t flags_read, flags_written, flags_touched, flags_undefined;
};

static inline uint8_t bt_modrm_reg(const struct bt_insn *i)
{
	return i->modrm >> 3 & 7;
}

static inline uint8_t bt_modrm_rm(const struct bt_insn *i)
{
	return i->modrm & 7;
}

#define BT_INSN_MAX 15 /* bytes, SDM volume 2, 2.3.11 */

/* How an instruction is encoded, as far as struct bt_insn does not say it. */
struct bt_raw {
	uint8_t map, opcode; /* as in struct bt_insn, before it was encoded again for the host */
	uint8_t immediate;   /* bytes */
	bool legacy;         /* opcode behind the prefixes, ModRM behind the opcode */
	bool has_modrm, sign, relative, two_immediates;
};

/* Code in guest memory, which a worker's DMA may change meanwhile: each byte is read once, so that
 * length, operands and immediate are those of one instruction. Returns how many bytes there are. */
size_t tsr_bt_copy_code(uint8_t bytes[BT_INSN_MAX], const uint8_t *memory, size_t length);
/* The same as tsr_bt_decode, of bytes that do not change, and *raw if it is an instruction. */
bool tsr_bt_decode_raw(uint32_t mode, const uint8_t *bytes, size_t length, uint32_t eip,
		       struct bt_insn *out, struct bt_raw *raw);
/* Decodes one instruction of at most `length` bytes, which are read once: they may change
 * meanwhile. False: not an instruction, or longer than that. */
bool tsr_bt_decode(uint32_t mode, const uint8_t *memory, size_t length, uint32_t eip,
		   struct bt_insn *out);

#endif
