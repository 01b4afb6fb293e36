/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Direct jumps from block to block. */
#ifndef TSR_BT_LINKS_H
#define TSR_BT_LINKS_H

#include "code/bt.h"

void tsr_bt_link(struct tsr_bt *bt, uint32_t exit, struct bt_block *target);
void tsr_bt_links_cut(struct tsr_bt *bt, struct bt_block *block);
void tsr_bt_links_cut_guarded(struct tsr_bt *bt); /* all exits to other pages */
uint32_t tsr_bt_exit_at(struct tsr_bt *bt, uint32_t host);

/* The rel32 at that place of the cache leads to another. */
static inline void bt_patch(struct tsr_bt *bt, uint32_t at, uint32_t target)
{
	uint32_t rel = target - (at + 4);

	memcpy(bt->cache.rw + at, &rel, sizeof(rel));
}

#endif
