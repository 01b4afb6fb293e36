/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The code cache, blocks by key and by page. */
#ifndef TSR_BT_CACHE_H
#define TSR_BT_CACHE_H

#include "code/bt.h"
#include "code/places.h"

bool tsr_bt_cache_init(struct tsr_bt *bt, size_t size, struct tsr_error *error);
void tsr_bt_cache_finish(struct tsr_bt *bt);
void tsr_bt_cache_flush(struct tsr_bt *bt);
bool tsr_bt_cache_room(const struct tsr_bt *bt);
size_t tsr_bt_cache_table_bytes(const struct bt_cache *c); /* of rows in use */
struct bt_block *tsr_bt_cache_find(struct tsr_bt *bt, tsr_gpa gpa, uint32_t eip, uint32_t mode);
struct bt_block *tsr_bt_cache_find_shared(struct tsr_bt *bt, tsr_gpa gpa, uint32_t mode);
uint32_t tsr_bt_cache_shared_eip(struct tsr_bt *bt, tsr_gpa gpa, uint32_t eip);
void tsr_bt_cache_add(struct tsr_bt *bt, struct bt_block *block);
void tsr_bt_cache_invalidate(struct tsr_bt *bt, struct bt_block *block);
void tsr_bt_cache_written(struct tsr_bt *bt, tsr_gpa gpa, uint32_t length);
void tsr_bt_cache_unmapped(struct tsr_bt *bt, tsr_gpa gpa, uint64_t length);
bool tsr_bt_cache_page_busy(struct tsr_bt *bt, tsr_gpa gpa);
void tsr_bt_cache_untrace_all(struct tsr_bt *bt);
void tsr_bt_cache_divert(struct tsr_bt *bt, uint32_t at);

/* Stops tracing pages that have no blocks any more. Not to be called from within the MMU's calls.
 */
static inline void tsr_bt_cache_untrace(struct tsr_bt *bt)
{
	if (bt->cache.untrace_count)
		tsr_bt_cache_untrace_all(bt);
}

#endif
