/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A hot block has left for code that checks by the tables, since a page of its operand is not in
 * the window. One of many that do so comes here, so pages come that are used most: the MMU maps
 * them, which costs a system call. A block whose operands are such that it cannot (device memory,
 * page tables, code that changes) is translated again without the window.
 */
#include "code/cache.h"
#include "runtime/outcome.h"
#include "runtime/promote.h"

static bool promote(struct tsr_bt *bt, uint32_t gla, const struct bt_site *s)
{
	enum tsr_mmu_view view = bt->mode.word & BT_MODE_USER ? TSR_VIEW_USER : TSR_VIEW_SUPERVISOR;
	enum tsr_mmu_access access = s->access & BT_WRITE ? TSR_ACCESS_WRITE : TSR_ACCESS_READ;
	bool good = bt->board.mmu->promote(bt->board.mmu_self, bt->board.vcpu, view, gla, access);

	bt->stats.promotions++;
	bt->stats.promotions_failed += !good;
	return good;
}

static bool is_valid(const struct tsr_bt *bt, uint32_t gla, const struct bt_site *s)
{
	const struct tsr_mmu_layout *l = bt->board.layout;
	int64_t at = s->access & BT_WRITE ? l->write_valid : l->read_valid;

	return !bt->hot.view_base[at + (gla >> TSR_PAGE_SHIFT)];
}

void tsr_bt_window_again(struct tsr_bt *bt, struct bt_block *b, enum bt_window_form form)
{
	uint8_t *forms = bt_window_form(bt, b->gpa);

	if (*forms < form)
		*forms = (uint8_t)form;
	if (b->valid)
		tsr_bt_cache_invalidate(bt, b);
	bt->stats.window_forms[form]++;
}

static void failed(struct tsr_bt *bt, struct bt_block *b)
{
	uint8_t *heat = bt_heat(bt, b->gpa);

	if (*heat < BT_HOT)
		*heat = BT_HOT;
	if (*heat < BT_HOT + BT_WINDOW_FAILURES)
		++*heat;
	if (*heat == BT_HOT + BT_WINDOW_FAILURES)
		tsr_bt_window_again(bt, b, BT_WINDOW_PLAIN);
}

struct bt_outcome tsr_bt_promote(struct tsr_bt *bt, uint32_t gla, uint32_t address)
{
	const struct bt_site *s =
		tsr_bt_cache_site_at(bt, address - (uint32_t)(uintptr_t)bt->cache.rx);
	uint32_t last = gla + s->size - 1u;
	struct bt_block *b = &bt->cache.blocks[s->block];
	bool good;

	bt->hot.until_promote = bt->options.promote;
	bt->stats.window_looks++;
	if (is_valid(bt, gla, s) && is_valid(bt, last, s)) {
		if (b->window_form < BT_WINDOW_ENDS)
			tsr_bt_window_again(bt, b, b->window_form + 1u);
		return bt_go_on_after(b->valid ? 0 : BT_SKIP);
	}
	good = promote(bt, gla, s);
	if (gla >> TSR_PAGE_SHIFT != last >> TSR_PAGE_SHIFT)
		good &= promote(bt, last, s);
	if (!good)
		failed(bt, b);
	return bt_go_on_after(BT_SKIP);
}
