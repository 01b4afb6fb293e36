/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Computes flags again that a memory check has clobbered. */
#include "code/flags.h"

#define FLAGS_OF(op, suffix, type, x, y) \
	({ \
		type to = (type)(x); \
		uint64_t ax; \
		__asm__(op suffix " %2, %0\n\tlahf\n\tseto %%al" \
			: "+r"(to), "=&a"(ax) \
			: "r"((type)(y)) \
			: "cc"); \
		(uint16_t) ax; \
	})
#define SIZED(op, size, x, y) \
	((size) == 1   ? FLAGS_OF(op, "b", uint8_t, x, y) \
	 : (size) == 2 ? FLAGS_OF(op, "w", uint16_t, x, y) \
		       : FLAGS_OF(op, "l", uint32_t, x, y))

void tsr_bt_flags_recover(struct tsr_bt *bt, const struct bt_site *s)
{
	const struct flag_source *f = &bt_site_more(bt, s)->source;
	uint32_t a, b;

	if (f->kind == BT_RECOVER_NONE)
		return;
	if (f->kind == BT_RECOVER_SAVED) {
		bt->hot.flags_ax = flags_to_ax((uint32_t)bt->hot.saved_flags);
		return;
	}
	a = bt->state.gpr[f->a];
	b = f->b < 8 ? bt->state.gpr[f->b] : f->imm;
	switch (f->kind) {
	case BT_RECOVER_CMP:
		bt->hot.flags_ax = SIZED("sub", f->size, a, b);
		break;
	case BT_RECOVER_TEST:
		bt->hot.flags_ax = SIZED("and", f->size, a, b);
		break;
	case BT_RECOVER_LOGIC:
		bt->hot.flags_ax = SIZED("and", f->size, a, a);
		break;
	case BT_RECOVER_ADD:
		bt->hot.flags_ax = SIZED("add", f->size, a - b, b);
		break;
	default:
		bt->hot.flags_ax = SIZED("sub", f->size, a + b, b);
		break;
	}
}
