/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Calls of C in the middle of translated code: instructions that are done there. The word in r8d
 * names a row of this table, in its upper bits, and says how, in its lower; r9d is the access site.
 * lower/call.c emits them, runtime/helper.c has the functions.
 */
#ifndef TSR_BT_CALLS_H
#define TSR_BT_CALLS_H

/* What the function may do besides its instruction. */
enum bt_may {
	BT_MAY_LEAVE = 1,      /* leave translated code, before the instruction's end */
	BT_MAY_SKIP = 2,       /* return BT_SKIP bytes farther, which the host does not predict:
				  the mode has changed */
	BT_MAY_UNLOAD_FP = 4,  /* store the guest's FP state and leave the unit to the host */
	BT_MAY_INVALIDATE = 8, /* write to memory, the block's own code perhaps */
	BT_CHANGES_MODE = 16,  /* skip, but if the mode has not changed */
};

/* clang-format off */
/* name, function, what it may do */
#define BT_CALLS(ROW) \
	ROW(STRING, tsr_bt_string, BT_MAY_LEAVE | BT_MAY_INVALIDATE) \
	ROW(SEGMENT_LOAD, tsr_bt_segment_load, BT_MAY_LEAVE | BT_MAY_SKIP) \
	ROW(CR0, tsr_bt_cr0, BT_MAY_LEAVE | BT_CHANGES_MODE | BT_MAY_UNLOAD_FP) \
	ROW(CLTS, tsr_bt_clts, BT_MAY_LEAVE | BT_CHANGES_MODE | BT_MAY_UNLOAD_FP) \
	ROW(LMSW, tsr_bt_lmsw, BT_MAY_LEAVE | BT_CHANGES_MODE | BT_MAY_UNLOAD_FP) \
	ROW(CR3, tsr_bt_cr3, BT_MAY_LEAVE | BT_MAY_UNLOAD_FP | BT_MAY_INVALIDATE) \
	ROW(INVLPG, tsr_bt_invlpg, BT_MAY_INVALIDATE) \
	ROW(TABLE_LOAD, tsr_bt_table_load, 0) \
	ROW(LLDT, tsr_bt_lldt, BT_MAY_LEAVE) \
	ROW(RDTSC, tsr_bt_rdtsc, BT_MAY_LEAVE) \
	ROW(IN, tsr_bt_in, BT_MAY_LEAVE | BT_MAY_INVALIDATE) \
	ROW(OUT, tsr_bt_out, BT_MAY_LEAVE | BT_MAY_INVALIDATE) \
	ROW(FXSAVE, tsr_bt_fxsave, BT_MAY_LEAVE | BT_MAY_UNLOAD_FP) \
	ROW(FXRSTOR, tsr_bt_fxrstor, BT_MAY_LEAVE | BT_MAY_SKIP | BT_MAY_UNLOAD_FP) \
	ROW(FNSTENV, tsr_bt_fnstenv, 0) \
	ROW(FLDENV, tsr_bt_fldenv, BT_MAY_LEAVE) \
	ROW(FLAGS, tsr_bt_recompute_flags, 0) \
	ROW(WAKE, tsr_bt_wake, 0)

enum bt_call {
#define ROW(name, function, may) BT_CALL_##name,
	BT_CALLS(ROW)
#undef ROW
	BT_CALL_ROWS,
};
/* clang-format on */

#define BT_CALL_SHIFT 27
#define BT_CALL_OF(word) ((word) >> BT_CALL_SHIFT)

/* STRING: operation, width, repetition, address size, segment, length of the instruction */
enum bt_string_op { BT_MOVS, BT_STOS, BT_LODS, BT_SCAS, BT_CMPS };
#define BT_STRING_OP(w) ((w)&7)
#define BT_STRING_SIZE(w) ((w) >> 3 & 7)
#define BT_STRING_REP 0x40u
#define BT_STRING_REPNE 0x80u
#define BT_STRING_ADDR16 0x100u
#define BT_STRING_SEGMENT(w) ((w) >> 9 & 7)
#define BT_STRING_LENGTH(w) ((w) >> 12 & 15)

/* TABLE_LOAD: which table; a base of 24 bits. The operand's host address is in r11. */
#define BT_TABLE_IDT 1u
#define BT_TABLE_SHORT 2u

/* CR0, CR3, LMSW, INVLPG, LLDT: the operand is in r11. */

/* SEGMENT_LOAD: the segment register; the selector is in r11. FXSAVE, FXRSTOR, FNSTENV, FLDENV: the
 * operand's host address is in r11. */
#define BT_CALL_SEGMENT(w) ((w)&7)
#define BT_SEGMENT_POP 8u
#define BT_ENVIRONMENT 28u /* bytes that FNSTENV writes */

/* IN, OUT: width and port */
#define BT_PORT_DX 0x00080000u /* the port is DX */
#define BT_PORT_WIDTH_SHIFT 16
#define BT_PORT_WIDTH(w) ((w) >> BT_PORT_WIDTH_SHIFT & 7)

#endif
