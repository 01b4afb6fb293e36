/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The instruction families. False: cannot, nothing was emitted; the instruction goes to the
 * interpreter. */
#ifndef TSR_BT_LOWER_H
#define TSR_BT_LOWER_H

#include "lower/tx.h"

bool tsr_bt_lower_copy(struct bt_tx *tx);
bool tsr_bt_lower_fp(struct bt_tx *tx);
bool tsr_bt_lower_fldcw(struct bt_tx *tx);
bool tsr_bt_lower_ldmxcsr(struct bt_tx *tx);
bool tsr_bt_lower_fx(struct bt_tx *tx);
bool tsr_bt_lower_environment(struct bt_tx *tx); /* FNSTENV, FLDENV */
bool tsr_bt_lower_lea(struct bt_tx *tx);
bool tsr_bt_lower_nop(struct bt_tx *tx);
bool tsr_bt_lower_div(struct bt_tx *tx);
bool tsr_bt_lower_bit(struct bt_tx *tx);
bool tsr_bt_lower_xlat(struct bt_tx *tx);
bool tsr_bt_lower_push(struct bt_tx *tx);
bool tsr_bt_lower_pop(struct bt_tx *tx);
bool tsr_bt_lower_pusha(struct bt_tx *tx);
bool tsr_bt_lower_popa(struct bt_tx *tx);
bool tsr_bt_lower_leave(struct bt_tx *tx);
bool tsr_bt_lower_call(struct bt_tx *tx);
bool tsr_bt_lower_ret(struct bt_tx *tx);
bool tsr_bt_lower_jmp(struct bt_tx *tx);
bool tsr_bt_lower_jcc(struct bt_tx *tx);
bool tsr_bt_lower_loop(struct bt_tx *tx);
bool tsr_bt_lower_jcxz(struct bt_tx *tx);
bool tsr_bt_lower_string(struct bt_tx *tx);
bool tsr_bt_lower_flag(struct bt_tx *tx); /* CLI, STI, CLD, STD, PUSHF, POPF */
bool tsr_bt_lower_segment_load(struct bt_tx *tx);
bool tsr_bt_lower_segment_store(struct bt_tx *tx);
bool tsr_bt_lower_control_load(struct bt_tx *tx);
bool tsr_bt_lower_control_store(struct bt_tx *tx);
bool tsr_bt_lower_cr3(struct bt_tx *tx);
bool tsr_bt_lower_clts(struct bt_tx *tx);
bool tsr_bt_lower_lmsw(struct bt_tx *tx);
bool tsr_bt_lower_invlpg(struct bt_tx *tx);
bool tsr_bt_lower_table_load(struct bt_tx *tx);
bool tsr_bt_lower_lldt(struct bt_tx *tx);
bool tsr_bt_lower_rdtsc(struct bt_tx *tx);
bool tsr_bt_lower_port(struct bt_tx *tx);

/* Pieces that several families use */
void tsr_bt_emit_insn(struct bt_tx *tx, const struct bt_insn *i, const struct host_mem *m);
void tsr_bt_swap_byte(struct bt_tx *tx, uint8_t guest, bool in);

#endif
