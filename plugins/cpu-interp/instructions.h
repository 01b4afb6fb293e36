/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every instruction's function, by the file that has it. table.c says which decoded instruction
 * runs which. Arrays of three are by operand size: 1, 2, 4.
 */
#ifndef INTERP_INSTRUCTIONS_H
#define INTERP_INSTRUCTIONS_H

#include "interp.h"

/* alu.c, move.c. Forms: the destination is ModRM.rm, with a register or an immediate as the source,
 * or ModRM.reg. */
struct alu_forms {
	op_fn *rm_reg[3], *rm_imm[3], *reg_rm[3];
};
extern const struct alu_forms alu_add, alu_or, alu_adc, alu_sbb, alu_and, alu_sub, alu_xor, alu_cmp,
	alu_test;
extern op_fn *const alu_inc[3], *const alu_dec[3], *const alu_not[3], *const alu_neg[3];
extern const struct alu_forms move_mov;
/* shift.c: [0] immediate count, [1] CL */
extern op_fn *const shift_shl[2],
	*const shift_shr[2], *const shift_sar[2],
				     *const shift_rol[2],
					     *const shift_ror[2],
						     *const shift_rcl[2],
							     *const shift_rcr[2],
								     *const shift_shld[2],
									     *const shift_shrd[2];
/* muldiv.c */
op_fn op_mul_one, op_imul_one, op_imul_two, op_imul_three, op_div, op_idiv, op_daa, op_das, op_aaa,
	op_aas, op_aam, op_aad;
/* move.c */
op_fn op_movzx, op_movsx, op_lea, op_xchg, op_xadd, op_cmpxchg, op_cmpxchg8b, op_bswap, op_xlat,
	op_cbw, op_cwd, op_salc, op_nop, op_bound, op_push_rm, op_push_imm, op_push_sreg,
	op_pop_reg, op_pop_mem, op_pusha, op_popa, op_enter, op_leave;
/* bits.c */
op_fn op_bt, op_bts, op_btr, op_btc, op_bsf, op_bsr, op_setcc, op_cmovcc, op_clc, op_stc, op_cmc,
	op_cld, op_std, op_lahf, op_sahf, op_cli, op_sti, op_pushf, op_popf;
/* string.c */
op_fn op_movs, op_cmps, op_stos, op_lods, op_scas, op_ins, op_outs;
/* branch.c */
op_fn op_jcc, op_jcxz, op_loop, op_loope, op_loopne, op_jmp_rel, op_jmp_rm, op_jmp_far_imm,
	op_jmp_far_mem, op_call_rel, op_call_rm, op_call_far_imm, op_call_far_mem, op_ret_near,
	op_ret_far, op_iret, op_int, op_int3, op_into, op_int1, op_sysenter, op_sysexit;
/* segment.c */
op_fn op_mov_from_sreg, op_mov_to_sreg, op_pop_sreg, op_load_far_pointer, op_lar, op_lsl, op_verr,
	op_verw, op_arpl, op_sgdt, op_sidt, op_lgdt, op_lidt, op_sldt, op_str, op_lldt, op_ltr;
/* system.c */
op_fn op_in_imm, op_in_dx, op_out_imm, op_out_dx, op_hlt, op_mov_from_cr, op_mov_to_cr,
	op_mov_from_dr, op_mov_to_dr, op_clts, op_lmsw, op_smsw, op_invlpg, op_cache, op_clflush,
	op_fence, op_rdtsc, op_rdpmc, op_cpuid, op_rdmsr, op_wrmsr, op_ud;
/* fpu.c, fpu-env.c, sse.c; those that fpu-pick.c and sse-pick.c pick are in fpu.h and sse.h */
op_fn op_fwait, op_fnstenv, op_fldenv, op_fnsave, op_frstor, op_fxsave, op_fxrstor, op_ldmxcsr,
	op_stmxcsr;

#endif
