/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The bridge to instructions that are done in C: which function a word names. */
#include "code/calls.h"
#include "code/flags.h"
#include "runtime/fp.h"
#include "runtime/helper.h"
#include "runtime/requests.h"
#include "runtime/string-ops.h"
#include "runtime/system.h"

struct bt_outcome tsr_bt_helper(struct tsr_bt *bt, uint32_t kind, uint32_t site)
{
	if (kind == BT_HELPER_WAKE) {
		tsr_bt_request_exit(bt);
		return (struct bt_outcome){ 0, 0 };
	}
	if (kind & BT_HELPER_SEGMENT)
		return tsr_bt_segment_load(bt, kind & 7, (uint16_t)bt->hot.saved_r11, &bt->cache.sites[site]);
	if (kind & BT_HELPER_FX)
		return kind & 1 ? tsr_bt_fxrstor(bt, &bt->cache.sites[site]) : tsr_bt_fxsave(bt, &bt->cache.sites[site]);
	if (kind & BT_HELPER_RDTSC)
		return tsr_bt_rdtsc(bt, &bt->cache.sites[site]);
	if (kind & (BT_HELPER_IN | BT_HELPER_OUT))
		return tsr_bt_port(bt, kind, &bt->cache.sites[site]);
	if (kind & BT_HELPER_FLAGS) {
		tsr_bt_flags_recover(bt, &bt->cache.sites[site]);
		return (struct bt_outcome){ 0, 0 };
	}
	return tsr_bt_string(bt, kind, &bt->cache.sites[site]);
}
