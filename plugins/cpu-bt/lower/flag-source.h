/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What made the flags. */
#ifndef TSR_BT_FLAG_SOURCE_H
#define TSR_BT_FLAG_SOURCE_H

#include "lower/tx.h"

bool tsr_bt_flags_source(const struct bt_insn *i, struct flag_source *out);   /* false: not known */
bool tsr_bt_overwrites(const struct bt_insn *i, const struct flag_source *s); /* its registers */
/* Which flags of flags_ax the instruction leaves as `s` made them; 0 if it changes the registers of
 * `s`. */
uint16_t tsr_bt_flags_kept(const struct bt_insn *i, const struct flag_source *s);

#endif
