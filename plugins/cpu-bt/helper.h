/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Instructions that translated code has done in C: a word says which. */
#ifndef TSR_BT_HELPER_H
#define TSR_BT_HELPER_H

#include "decode.h"

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

/* system.c */
struct bt_outcome tsr_bt_segment_load(struct tsr_bt *bt, unsigned segment, uint16_t selector, const struct bt_site *s);
struct bt_outcome tsr_bt_rdtsc(struct tsr_bt *bt, const struct bt_site *s);
struct bt_outcome tsr_bt_port(struct tsr_bt *bt, uint32_t word, const struct bt_site *s);

/* fp.c */
struct bt_outcome tsr_bt_fxsave(struct tsr_bt *bt, const struct bt_site *s);
struct bt_outcome tsr_bt_fxrstor(struct tsr_bt *bt, const struct bt_site *s);

/* string.c */
struct bt_outcome tsr_bt_string(struct tsr_bt *bt, uint32_t word, const struct bt_site *s);

#endif
