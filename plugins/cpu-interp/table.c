/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which function runs a decoded instruction: a row for each Zydis mnemonic of the P6 family with
 * MMX, SSE and SSE2. An instruction without a row, or of a feature that the model lacks, is #UD.
 */
#include <Zydis/Zydis.h>

#include "cpuid.h"
#include "fpu-pick.h"
#include "instructions.h"
#include "sse-pick.h"
#include "table.h"

typedef op_fn *pick_fn(struct op *op, const ZydisDecodedInstruction *in,
		       const ZydisDecodedOperand *operands);

struct row {
	op_fn *fn;                   /* one function for all forms, or */
	op_fn *const *by_size;       /* by operand size, or */
	const struct alu_forms *alu; /* by form and size, or */
	op_fn *const *shift;         /* immediate count or CL, or */
	pick_fn *pick;               /* by its own rule */
};

static unsigned size_index(const struct op *op)
{
	return op->size == 4 ? 2 : op->size == 2 ? 1 : 0;
}

static bool has_immediate(const ZydisDecodedInstruction *in, const ZydisDecodedOperand *operands)
{
	for (unsigned i = 0; i < in->operand_count_visible; i++) {
		if (operands[i].type == ZYDIS_OPERAND_TYPE_IMMEDIATE)
			return true;
	}
	return false;
}

/* Is the first operand the ModRM one (or a moffs, or the accumulator before an immediate)? */
static bool first_is_rm(const ZydisDecodedOperand *operands)
{
	return operands[0].type == ZYDIS_OPERAND_TYPE_MEMORY ||
	       operands[0].encoding == ZYDIS_OPERAND_ENCODING_MODRM_RM;
}

static op_fn *pick_alu(const struct alu_forms *alu, const struct op *op,
		       const ZydisDecodedInstruction *in, const ZydisDecodedOperand *operands)
{
	if (has_immediate(in, operands))
		return alu->rm_imm[size_index(op)];
	return (first_is_rm(operands) ? alu->rm_reg : alu->reg_rm)[size_index(op)];
}

static bool is_register_class(const ZydisDecodedOperand *o, ZydisRegisterClass class)
{
	return o->type == ZYDIS_OPERAND_TYPE_REGISTER &&
	       ZydisRegisterGetClass(o->reg.value) == class;
}

static uint8_t modrm_reg(const struct op *op)
{
	return op->modrm >> 3 & 7;
}

static op_fn *pick_mov(struct op *op, const ZydisDecodedInstruction *in,
		       const ZydisDecodedOperand *operands)
{
	static const struct {
		ZydisRegisterClass class;
		op_fn *to, *from;
	} special[] = {
		{ ZYDIS_REGCLASS_SEGMENT, op_mov_to_sreg, op_mov_from_sreg },
		{ ZYDIS_REGCLASS_CONTROL, op_mov_to_cr, op_mov_from_cr },
		{ ZYDIS_REGCLASS_DEBUG, op_mov_to_dr, op_mov_from_dr },
	};

	for (unsigned i = 0; i < 3; i++) {
		bool to = is_register_class(&operands[0], special[i].class);

		if (to || is_register_class(&operands[1], special[i].class)) {
			op->reg = modrm_reg(op);
			if (special[i].class == ZYDIS_REGCLASS_SEGMENT && op->reg >= TSR_SEGMENTS)
				return op_ud;
			return to ? special[i].to : special[i].from;
		}
	}
	return pick_alu(&move_mov, op, in, operands);
}

static op_fn *pick_push(struct op *op, const ZydisDecodedInstruction *in,
			const ZydisDecodedOperand *operands)
{
	if (operands[0].type == ZYDIS_OPERAND_TYPE_IMMEDIATE)
		return op_push_imm;
	if (!is_register_class(&operands[0], ZYDIS_REGCLASS_SEGMENT))
		return op_push_rm;
	op->reg = (uint8_t)(operands[0].reg.value - ZYDIS_REGISTER_ES);
	return op_push_sreg;
}

static op_fn *pick_pop(struct op *op, const ZydisDecodedInstruction *in,
		       const ZydisDecodedOperand *operands)
{
	if (op->flags & OP_MEM)
		return op_pop_mem;
	if (!is_register_class(&operands[0], ZYDIS_REGCLASS_SEGMENT))
		return op_pop_reg;
	op->reg = (uint8_t)(operands[0].reg.value - ZYDIS_REGISTER_ES);
	return op_pop_sreg;
}

/* F6 /5 and F7 /5 have one operand. */
static op_fn *pick_imul(struct op *op, const ZydisDecodedInstruction *in,
			const ZydisDecodedOperand *operands)
{
	if (op->map == 0 && (op->opcode & 0xfe) == 0xf6)
		return op_imul_one;
	return has_immediate(in, operands) ? op_imul_three : op_imul_two;
}

/* FF /4 and /5, EA, EB and E9. */
static op_fn *pick_jmp(struct op *op, const ZydisDecodedInstruction *in,
		       const ZydisDecodedOperand *operands)
{
	if (op->opcode == 0xff)
		return modrm_reg(op) == 5 ? op_jmp_far_mem : op_jmp_rm;
	return op->opcode == 0xea ? op_jmp_far_imm : op_jmp_rel;
}

/* FF /2 and /3, 9A, E8. */
static op_fn *pick_call(struct op *op, const ZydisDecodedInstruction *in,
			const ZydisDecodedOperand *operands)
{
	if (op->opcode == 0xff)
		return modrm_reg(op) == 3 ? op_call_far_mem : op_call_rm;
	return op->opcode == 0x9a ? op_call_far_imm : op_call_rel;
}

/* Near C2 and C3, far CA and CB. */
static op_fn *pick_ret(struct op *op, const ZydisDecodedInstruction *in,
		       const ZydisDecodedOperand *operands)
{
	return op->opcode & 8 ? op_ret_far : op_ret_near;
}

/* E4 and E5 have an immediate port, EC and ED have DX; OUT: E6 and E7, EE and EF. */
static op_fn *pick_in(struct op *op, const ZydisDecodedInstruction *in,
		      const ZydisDecodedOperand *operands)
{
	return op->opcode & 8 ? op_in_dx : op_in_imm;
}

static op_fn *pick_out(struct op *op, const ZydisDecodedInstruction *in,
		       const ZydisDecodedOperand *operands)
{
	return op->opcode & 8 ? op_out_dx : op_out_imm;
}

static op_fn *load_far(struct op *op, uint16_t segment)
{
	op->imm2 = segment;
	return op_load_far_pointer;
}

#define PICK_FAR(name, segment) \
	static op_fn *name(struct op *op, const ZydisDecodedInstruction *in, \
			   const ZydisDecodedOperand *operands) \
	{ \
		return load_far(op, segment); \
	}
PICK_FAR(pick_les, TSR_ES)
PICK_FAR(pick_lds, TSR_DS)
PICK_FAR(pick_lss, TSR_SS)
PICK_FAR(pick_lfs, TSR_FS)
PICK_FAR(pick_lgs, TSR_GS)

#define M(name) ZYDIS_MNEMONIC_##name
#define CC(name, f) \
	[M(name##B)] = { .fn = f }, [M(name##BE)] = { .fn = f }, [M(name##L)] = { .fn = f }, \
	[M(name##LE)] = { .fn = f }, [M(name##NB)] = { .fn = f }, [M(name##NBE)] = { .fn = f }, \
	[M(name##NL)] = { .fn = f }, [M(name##NLE)] = { .fn = f }, [M(name##NO)] = { .fn = f }, \
	[M(name##NP)] = { .fn = f }, [M(name##NS)] = { .fn = f }, [M(name##NZ)] = { .fn = f }, \
	[M(name##O)] = { .fn = f }, [M(name##P)] = { .fn = f }, [M(name##S)] = { .fn = f }, \
	[M(name##Z)] = { .fn = f }

/* clang-format off */
static const struct row rows[ZYDIS_MNEMONIC_MAX_VALUE + 1] = {
	[M(ADD)] = { .alu = &alu_add }, [M(OR)] = { .alu = &alu_or }, [M(ADC)] = { .alu = &alu_adc }, [M(SBB)] = { .alu = &alu_sbb },
	[M(AND)] = { .alu = &alu_and }, [M(SUB)] = { .alu = &alu_sub }, [M(XOR)] = { .alu = &alu_xor }, [M(CMP)] = { .alu = &alu_cmp },
	[M(TEST)] = { .alu = &alu_test },
	[M(INC)] = { .by_size = alu_inc }, [M(DEC)] = { .by_size = alu_dec }, [M(NOT)] = { .by_size = alu_not },
	[M(NEG)] = { .by_size = alu_neg },
	[M(SHL)] = { .shift = shift_shl }, [M(SHR)] = { .shift = shift_shr }, [M(SAR)] = { .shift = shift_sar },
	[M(ROL)] = { .shift = shift_rol }, [M(ROR)] = { .shift = shift_ror }, [M(RCL)] = { .shift = shift_rcl },
	[M(RCR)] = { .shift = shift_rcr }, [M(SHLD)] = { .shift = shift_shld }, [M(SHRD)] = { .shift = shift_shrd },
	[M(MUL)] = { .fn = op_mul_one }, [M(IMUL)] = { .pick = pick_imul }, [M(DIV)] = { .fn = op_div }, [M(IDIV)] = { .fn = op_idiv },
	[M(DAA)] = { .fn = op_daa }, [M(DAS)] = { .fn = op_das }, [M(AAA)] = { .fn = op_aaa }, [M(AAS)] = { .fn = op_aas },
	[M(AAM)] = { .fn = op_aam }, [M(AAD)] = { .fn = op_aad },

	[M(MOV)] = { .pick = pick_mov }, [M(MOVZX)] = { .fn = op_movzx }, [M(MOVSX)] = { .fn = op_movsx }, [M(LEA)] = { .fn = op_lea },
	[M(XCHG)] = { .fn = op_xchg }, [M(XADD)] = { .fn = op_xadd }, [M(CMPXCHG)] = { .fn = op_cmpxchg },
	[M(CMPXCHG8B)] = { .fn = op_cmpxchg8b }, [M(BSWAP)] = { .fn = op_bswap }, [M(XLAT)] = { .fn = op_xlat },
	[M(CBW)] = { .fn = op_cbw }, [M(CWDE)] = { .fn = op_cbw }, [M(CWD)] = { .fn = op_cwd }, [M(CDQ)] = { .fn = op_cwd },
	[M(SALC)] = { .fn = op_salc }, [M(NOP)] = { .fn = op_nop }, [M(PAUSE)] = { .fn = op_nop }, [M(BOUND)] = { .fn = op_bound },
	[M(PUSH)] = { .pick = pick_push }, [M(POP)] = { .pick = pick_pop }, [M(PUSHA)] = { .fn = op_pusha },
	[M(PUSHAD)] = { .fn = op_pusha }, [M(POPA)] = { .fn = op_popa }, [M(POPAD)] = { .fn = op_popa },
	[M(ENTER)] = { .fn = op_enter }, [M(LEAVE)] = { .fn = op_leave },

	[M(BT)] = { .fn = op_bt }, [M(BTS)] = { .fn = op_bts }, [M(BTR)] = { .fn = op_btr }, [M(BTC)] = { .fn = op_btc },
	[M(BSF)] = { .fn = op_bsf }, [M(BSR)] = { .fn = op_bsr },
	CC(SET, op_setcc), CC(CMOV, op_cmovcc), CC(J, op_jcc),
	[M(CLC)] = { .fn = op_clc }, [M(STC)] = { .fn = op_stc }, [M(CMC)] = { .fn = op_cmc }, [M(CLD)] = { .fn = op_cld },
	[M(STD)] = { .fn = op_std }, [M(LAHF)] = { .fn = op_lahf }, [M(SAHF)] = { .fn = op_sahf }, [M(CLI)] = { .fn = op_cli },
	[M(STI)] = { .fn = op_sti }, [M(PUSHF)] = { .fn = op_pushf }, [M(PUSHFD)] = { .fn = op_pushf }, [M(POPF)] = { .fn = op_popf },
	[M(POPFD)] = { .fn = op_popf },

	[M(MOVSB)] = { .fn = op_movs }, [M(MOVSW)] = { .fn = op_movs }, [M(MOVSD)] = { .fn = op_movs },
	[M(CMPSB)] = { .fn = op_cmps }, [M(CMPSW)] = { .fn = op_cmps }, [M(CMPSD)] = { .fn = op_cmps },
	[M(STOSB)] = { .fn = op_stos }, [M(STOSW)] = { .fn = op_stos }, [M(STOSD)] = { .fn = op_stos },
	[M(LODSB)] = { .fn = op_lods }, [M(LODSW)] = { .fn = op_lods }, [M(LODSD)] = { .fn = op_lods },
	[M(SCASB)] = { .fn = op_scas }, [M(SCASW)] = { .fn = op_scas }, [M(SCASD)] = { .fn = op_scas },
	[M(INSB)] = { .fn = op_ins }, [M(INSW)] = { .fn = op_ins }, [M(INSD)] = { .fn = op_ins },
	[M(OUTSB)] = { .fn = op_outs }, [M(OUTSW)] = { .fn = op_outs }, [M(OUTSD)] = { .fn = op_outs },

	[M(JCXZ)] = { .fn = op_jcxz }, [M(JECXZ)] = { .fn = op_jcxz }, [M(LOOP)] = { .fn = op_loop }, [M(LOOPE)] = { .fn = op_loope },
	[M(LOOPNE)] = { .fn = op_loopne }, [M(JMP)] = { .pick = pick_jmp }, [M(CALL)] = { .pick = pick_call },
	[M(RET)] = { .pick = pick_ret }, [M(IRET)] = { .fn = op_iret }, [M(IRETD)] = { .fn = op_iret }, [M(INT)] = { .fn = op_int },
	[M(INT3)] = { .fn = op_int3 }, [M(INTO)] = { .fn = op_into }, [M(INT1)] = { .fn = op_int1 },
	[M(SYSENTER)] = { .fn = op_sysenter }, [M(SYSEXIT)] = { .fn = op_sysexit },

	[M(LES)] = { .pick = pick_les }, [M(LDS)] = { .pick = pick_lds }, [M(LSS)] = { .pick = pick_lss },
	[M(LFS)] = { .pick = pick_lfs }, [M(LGS)] = { .pick = pick_lgs },
	[M(LAR)] = { .fn = op_lar }, [M(LSL)] = { .fn = op_lsl }, [M(VERR)] = { .fn = op_verr }, [M(VERW)] = { .fn = op_verw },
	[M(ARPL)] = { .fn = op_arpl }, [M(SGDT)] = { .fn = op_sgdt }, [M(SIDT)] = { .fn = op_sidt }, [M(LGDT)] = { .fn = op_lgdt },
	[M(LIDT)] = { .fn = op_lidt }, [M(SLDT)] = { .fn = op_sldt }, [M(STR)] = { .fn = op_str }, [M(LLDT)] = { .fn = op_lldt },
	[M(LTR)] = { .fn = op_ltr },

	[M(IN)] = { .pick = pick_in }, [M(OUT)] = { .pick = pick_out }, [M(HLT)] = { .fn = op_hlt }, [M(CLTS)] = { .fn = op_clts },
	[M(LMSW)] = { .fn = op_lmsw }, [M(SMSW)] = { .fn = op_smsw }, [M(INVLPG)] = { .fn = op_invlpg }, [M(INVD)] = { .fn = op_cache },
	[M(WBINVD)] = { .fn = op_cache }, [M(CLFLUSH)] = { .fn = op_clflush }, [M(LFENCE)] = { .fn = op_fence },
	[M(MFENCE)] = { .fn = op_fence }, [M(SFENCE)] = { .fn = op_fence }, [M(PREFETCHNTA)] = { .fn = op_nop },
	[M(PREFETCHT0)] = { .fn = op_nop }, [M(PREFETCHT1)] = { .fn = op_nop }, [M(PREFETCHT2)] = { .fn = op_nop },
	[M(RDTSC)] = { .fn = op_rdtsc }, [M(RDPMC)] = { .fn = op_rdpmc }, [M(CPUID)] = { .fn = op_cpuid }, [M(RDMSR)] = { .fn = op_rdmsr },
	[M(WRMSR)] = { .fn = op_wrmsr },
	[M(FXSAVE)] = { .fn = op_fxsave }, [M(FXRSTOR)] = { .fn = op_fxrstor }, [M(LDMXCSR)] = { .fn = op_ldmxcsr },
	[M(STMXCSR)] = { .fn = op_stmxcsr },
};
/* clang-format on */

/* The feature that an instruction set extension of Zydis needs; 0 in the table: not there. */
#define NEEDS(feature) ((feature) + 1)
/* clang-format off */
static const uint8_t needs[ZYDIS_ISA_SET_MAX_VALUE + 1] = {
	[ZYDIS_ISA_SET_I86] = NEEDS(TSR_CPU_ALWAYS), [ZYDIS_ISA_SET_I186] = NEEDS(TSR_CPU_ALWAYS), [ZYDIS_ISA_SET_I286REAL] = NEEDS(TSR_CPU_ALWAYS),
	[ZYDIS_ISA_SET_I286PROTECTED] = NEEDS(TSR_CPU_ALWAYS), [ZYDIS_ISA_SET_I386] = NEEDS(TSR_CPU_ALWAYS),
	[ZYDIS_ISA_SET_I486] = NEEDS(TSR_CPU_ALWAYS), [ZYDIS_ISA_SET_I486REAL] = NEEDS(TSR_CPU_ALWAYS),
	[ZYDIS_ISA_SET_PENTIUMREAL] = NEEDS(TSR_CPU_CX8), [ZYDIS_ISA_SET_PENTIUMMMX] = NEEDS(TSR_CPU_MMX), [ZYDIS_ISA_SET_PPRO] = NEEDS(TSR_CPU_P6),
	[ZYDIS_ISA_SET_FAT_NOP] = NEEDS(TSR_CPU_P6), [ZYDIS_ISA_SET_RDPMC] = NEEDS(TSR_CPU_P6), [ZYDIS_ISA_SET_CMOV] = NEEDS(TSR_CPU_CMOV),
	[ZYDIS_ISA_SET_FCMOV] = NEEDS(TSR_CPU_CMOV), [ZYDIS_ISA_SET_LAHF] = NEEDS(TSR_CPU_ALWAYS), [ZYDIS_ISA_SET_PAUSE] = NEEDS(TSR_CPU_ALWAYS),
	[ZYDIS_ISA_SET_X87] = NEEDS(TSR_CPU_ALWAYS), [ZYDIS_ISA_SET_FXSAVE] = NEEDS(TSR_CPU_FXSR), [ZYDIS_ISA_SET_SSE] = NEEDS(TSR_CPU_SSE),
	[ZYDIS_ISA_SET_SSE_PREFETCH] = NEEDS(TSR_CPU_P6), [ZYDIS_ISA_SET_SSEMXCSR] = NEEDS(TSR_CPU_SSE), [ZYDIS_ISA_SET_SSE2] = NEEDS(TSR_CPU_SSE2),
	[ZYDIS_ISA_SET_SSE2MMX] = NEEDS(TSR_CPU_SSE2), [ZYDIS_ISA_SET_CLFSH] = NEEDS(TSR_CPU_CLFSH),
};
/* clang-format on */

static bool announced(const cpu *c, ZydisISASet set)
{
	return set <= ZYDIS_ISA_SET_MAX_VALUE && needs[set] && cpuid_has(c, needs[set] - 1u);
}

static bool is_simd(ZydisISASet set)
{
	return set == ZYDIS_ISA_SET_PENTIUMMMX || set == ZYDIS_ISA_SET_SSE ||
	       set == ZYDIS_ISA_SET_SSE2 || set == ZYDIS_ISA_SET_SSE2MMX;
}

op_fn *table_find(cpu *c, struct op *op, const void *instruction, const void *operand)
{
	const ZydisDecodedInstruction *in = instruction;
	const ZydisDecodedOperand *operands = operand;
	const struct row *row =
		&rows[in->mnemonic <= ZYDIS_MNEMONIC_MAX_VALUE ? in->mnemonic
							       : ZYDIS_MNEMONIC_INVALID];

	if (in->operand_width == 8)
		op->size = 1;
	if (!announced(c, in->meta.isa_set))
		return op_ud;
	if (in->meta.isa_ext == ZYDIS_ISA_EXT_X87)
		return fpu_pick(c, op, in, operands);
	/* MOVSD and CMPSD are string instructions as well as SSE2 ones. */
	if (is_simd(in->meta.isa_set) &&
	    (!row->fn || in->mnemonic == M(MOVSD) || in->mnemonic == M(CMPSD)))
		return sse_pick(c, op, in, operands);
	if (row->fn)
		return row->fn;
	if (row->by_size)
		return row->by_size[size_index(op)];
	if (row->alu)
		return pick_alu(row->alu, op, in, operands);
	if (row->shift)
		return row->shift[!has_immediate(in, operands)];
	return row->pick ? row->pick(op, in, operands) : op_ud;
}
