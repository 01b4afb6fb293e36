/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What stands at a place in the code cache. */
#ifndef TSR_BT_PLACES_H
#define TSR_BT_PLACES_H

#include "code/bt.h"

void tsr_bt_cache_stretch(struct tsr_bt *bt, uint32_t from, uint32_t block);
unsigned tsr_bt_cache_insn_at(const struct tsr_bt *bt, const struct bt_block *b, uint32_t host,
			      uint32_t *eip);
struct bt_block *tsr_bt_cache_block_at(struct tsr_bt *bt, uint32_t host);
const struct bt_site *tsr_bt_cache_site_at(struct tsr_bt *bt, uint32_t host);
void tsr_bt_cache_serialize(const struct tsr_bt *bt);

#endif
