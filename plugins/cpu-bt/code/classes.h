/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How each mnemonic is lowered. */
#ifndef TSR_BT_CLASSES_H
#define TSR_BT_CLASSES_H

#include <stdint.h>

/* How an instruction is lowered. */
enum bt_class {
	BT_FALLBACK, /* left to the interpreter */
	BT_COPY,     /* re-emitted with a rewritten ModRM */
	BT_FP,       /* the same, on the x87, MMX or SSE unit */
	BT_FLDCW,
	BT_LDMXCSR,
	BT_FXSAVE,
	BT_FXRSTOR,
	BT_FNSTENV,
	BT_FLDENV,
	BT_LEA,
	BT_NOP,
	BT_PUSH,
	BT_POP,
	BT_PUSHA,
	BT_POPA,
	BT_LEAVE,
	BT_CALL,
	BT_RET,
	BT_JMP,
	BT_JCC,
	BT_LOOP,
	BT_JCXZ,
	BT_DIV,
	BT_BIT, /* BT, BTS, BTR, BTC */
	BT_XLAT,
	BT_STRING,
	BT_CLI,
	BT_STI,
	BT_CLD,
	BT_STD,
	BT_PUSHF,
	BT_POPF,
	BT_SEGMENT_LOAD,
	BT_SEGMENT_STORE,
	BT_CONTROL_LOAD,  /* MOV from a control register */
	BT_CONTROL_STORE, /* MOV to one, but not to CR3 */
	BT_CR3,           /* MOV to CR3 */
	BT_CLTS,
	BT_LMSW,
	BT_INVLPG,
	BT_TABLE_LOAD, /* LGDT, LIDT */
	BT_LLDT,
	BT_RDTSC,
	BT_IN,
	BT_OUT,
	BT_CLASSES,
};

enum bt_class tsr_bt_class(uint16_t mnemonic);
const char *tsr_bt_mnemonic_name(uint16_t mnemonic);
uint16_t tsr_bt_mnemonic_count(void);

#endif
