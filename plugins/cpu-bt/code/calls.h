/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The words by which translated code says what it wants done in C (helper.c): what is to be done, and how. */
#ifndef TSR_BT_CALLS_H
#define TSR_BT_CALLS_H

enum bt_string_op { BT_MOVS, BT_STOS, BT_LODS, BT_SCAS, BT_CMPS };

/* Other words. */
#define BT_HELPER_SEGMENT 0x40000000u /* + segment register; the selector is in r11 */
#define BT_HELPER_RDTSC 0x20000000u
#define BT_HELPER_IN 0x10000000u  /* + width << 16 + port */
#define BT_HELPER_OUT 0x08000000u
#define BT_HELPER_FLAGS 0x04000000u /* compute clobbered flags again */
#define BT_HELPER_FX 0x02000000u /* + 1: FXRSTOR, 0: FXSAVE; r11: the host's address of the operand */
#define BT_HELPER_PORT_DX 0x00080000u /* the port is DX */

/* The word: operation, width, repetition, address size, segment. Bit 31: make the next look-up leave. */
#define BT_HELPER_WAKE 0x80000000u
#define BT_STRING_OP(w) ((w)&7)
#define BT_STRING_SIZE(w) ((w) >> 3 & 7)
#define BT_STRING_REP 0x40u
#define BT_STRING_REPNE 0x80u
#define BT_STRING_ADDR16 0x100u
#define BT_STRING_SEGMENT(w) ((w) >> 9 & 7)
#define BT_STRING_LENGTH(w) ((w) >> 12 & 15)

#endif
