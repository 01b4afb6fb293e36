/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The instructions' functions, by family, for the dispatch table (table.c). Arrays of three are by operand size 1, 2, 4. */
#ifndef INTERP_ALU_H
#define INTERP_ALU_H

#include "interp.h"

struct alu_forms {
	op_fn *rm_reg[3], *rm_imm[3], *reg_rm[3];
};

extern const struct alu_forms alu_add, alu_or, alu_adc, alu_sbb, alu_and, alu_sub, alu_xor, alu_cmp, alu_test;
extern op_fn *const alu_inc[3], *const alu_dec[3], *const alu_not[3], *const alu_neg[3];
extern const struct alu_forms move_mov;

#endif
