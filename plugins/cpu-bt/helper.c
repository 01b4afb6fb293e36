/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The bridge to instructions that are done in C: which function a word names. */
#include "flags.h"
#include "helper.h"

struct bt_outcome tsr_bt_helper(struct tsr_bt *bt, uint32_t kind, uint32_t site)
{
	if (kind == BT_HELPER_WAKE) {
		tsr_bt_request_exit(bt);
		return (struct bt_outcome){ 0, 0 };
	}
	if (kind & BT_HELPER_SEGMENT)
		return tsr_bt_segment_load(bt, kind & 7, (uint16_t)bt->saved_r11, &bt->sites[site]);
	if (kind & BT_HELPER_FX)
		return kind & 1 ? tsr_bt_fxrstor(bt, &bt->sites[site]) : tsr_bt_fxsave(bt, &bt->sites[site]);
	if (kind & BT_HELPER_RDTSC)
		return tsr_bt_rdtsc(bt, &bt->sites[site]);
	if (kind & (BT_HELPER_IN | BT_HELPER_OUT))
		return tsr_bt_port(bt, kind, &bt->sites[site]);
	if (kind & BT_HELPER_FLAGS) {
		tsr_bt_flags_recover(bt, &bt->sites[site]);
		return (struct bt_outcome){ 0, 0 };
	}
	return tsr_bt_string(bt, kind, &bt->sites[site]);
}
