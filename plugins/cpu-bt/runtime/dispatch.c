/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From EIP to code: fetch translation, block look-up, translation, links. Called by the run loop
 * and by translated code. */
#include "code/cache.h"
#include "code/flags.h"
#include "code/links.h"
#include "code/targets.h"
#include "runtime/budget.h"
#include "runtime/dispatch.h"
#include "runtime/fp-pointers.h"
#include "runtime/mode.h"
#include "runtime/outcome.h"
#include "runtime/requests.h"
#include "translate/block.h"

/* A #PF of the fetch becomes bt->run.fault. */
static bool fetch(struct tsr_bt *bt, uint32_t eip, struct tsr_mmu_result *r)
{
	enum tsr_mmu_view view = bt->mode.word & BT_MODE_USER ? TSR_VIEW_USER : TSR_VIEW_SUPERVISOR;
	tsr_gla gla = bt->state.segment[TSR_CS].base + eip;
	uint64_t tag = bt->board.vcpu->fetch_tag[view];
	enum tsr_mmu_kind kind;

	if (eip > bt->mode.cs_limit) { /* #GP, whatever the page is */
		bt->hot.exit_reason = BT_EXIT_BAIL;
		return false;
	}
	kind = bt->board.mmu->fill(bt->board.mmu_self, bt->board.vcpu, view, gla, TSR_ACCESS_FETCH,
				   r);

	if (tag != bt->board.vcpu->fetch_tag[view])
		tsr_bt_retag(bt);
	if (kind == TSR_MMU_FAULT) {
		bt->run.fault = (struct tsr_x86_fault){ .vector = TSR_VECTOR_PF,
							.has_error_code = true,
							.error_code = r->error_code,
							.cr2 = gla };
		bt->hot.exit_reason = BT_EXIT_FAULT;
		return false;
	}
	if (kind == TSR_MMU_IO) {
		bt->hot.exit_reason = BT_EXIT_BAIL;
		return false;
	}
	if (bt->options.stress != BT_STRESS_COLD && tsr_bt_cache_page_busy(bt, r->gpa)) {
		bt->hot.exit_reason = BT_EXIT_REST;
		bt->hot.exit_value = 32;
		return false;
	}
	return true;
}

/* Programs and libraries lie at other addresses in each process, most of the time in 32-bit code of
 * user level; the system's own code does not move. */
static bool may_share(const struct tsr_bt *bt, tsr_gpa gpa2, uint32_t plain)
{
	const uint32_t wanted = BT_MODE_USER | BT_MODE_CODE32;

	return bt->options.share != BT_SHARE_OFF && !plain && !gpa2 &&
	       (bt->mode.word & wanted) == wanted && bt->mode.cs_limit == UINT32_MAX;
}

static struct bt_block *translate(struct tsr_bt *bt, const struct tsr_mmu_result *r, tsr_gpa gpa2,
				  const uint8_t *bytes2, uint32_t eip, uint32_t plain)
{
	struct bt_block *b;

	tsr_bt_cache_untrace(bt);
	if (!tsr_bt_cache_room(bt)) {
		tsr_bt_fp_commit(bt);
		tsr_bt_cache_flush(bt);
	}
	b = tsr_bt_translate(bt, r->gpa, r->host, gpa2, bytes2, eip,
			     may_share(bt, gpa2, plain) ? tsr_bt_cache_shared_eip(bt, r->gpa, eip)
							: eip,
			     bt->mode.word | plain);
	if (!b) { /* an instruction that does not fit is left to the interpreter */
		bt->hot.exit_reason = BT_EXIT_BAIL;
		bt->hot.exit_value = BT_NONE;
	}
	return b;
}

/* The instruction at EIP runs into the next page, which must be fetched too; and both under one
 * tag. */
static struct bt_block *find_straddler(struct tsr_bt *bt, struct tsr_mmu_result *r,
				       struct bt_block *b, uint32_t eip)
{
	uint32_t next = eip + (TSR_PAGE_SIZE - ((uint32_t)r->gpa & TSR_PAGE_MASK)), tag;
	struct tsr_mmu_result r2;

	do {
		tag = bt->mode.tag;
		if (!fetch(bt, next, &r2) || !fetch(bt, eip, r))
			return NULL;
	} while (tag != bt->mode.tag);
	if (b && bt_block_gpa2(bt, b) == r2.gpa)
		return b;
	if (b)
		tsr_bt_cache_invalidate(bt, b);
	return translate(bt, r, r2.gpa, r2.host, eip, 0);
}

static struct bt_block *find_or_translate(struct tsr_bt *bt, uint32_t eip, uint32_t plain)
{
	struct tsr_mmu_result r;
	struct bt_block *b;
	uint32_t room;

	bt->stats.lookups++;
	bt->state.eip = eip;
	if (!fetch(bt, eip, &r))
		return NULL;
	b = tsr_bt_cache_find(bt, r.gpa, eip, bt->mode.word | plain);
	if (b && !b->end)
		return b;
	if (!b && may_share(bt, 0, plain))
		b = tsr_bt_cache_find_shared(bt, r.gpa, bt->mode.word);
	if (b && b->shared)
		return b;
	room = TSR_PAGE_SIZE - ((uint32_t)r.gpa & TSR_PAGE_MASK);
	if (b || (bt->mode.cs_limit - eip >= 15 &&
		  tsr_bt_straddles(bt->mode.word, r.host, room < 15 ? room : 15, eip)))
		return find_straddler(bt, &r, b, eip);
	return translate(bt, &r, 0, NULL, eip, plain);
}

/* `plain`: BT_MODE_PLAIN or 0. */
static struct bt_block *find(struct tsr_bt *bt, uint32_t eip, uint32_t plain)
{
	struct bt_block *b = find_or_translate(bt, eip, plain);

	if (b && b->shared)
		bt->hot.shift = eip - b->eip;
	return b;
}

/* The block at EIP, translated if need be. NULL: exit_reason says what to do instead. */
struct bt_block *tsr_bt_find(struct tsr_bt *bt, uint32_t eip)
{
	return find(bt, eip, 0);
}

static void remember(struct tsr_bt *bt, uint32_t eip, const struct bt_block *b)
{
	struct bt_jump *j = bt_jump_slot(bt, eip);

	if (bt->options.stress) /* a request would never let an entry of a block that is gone be
				   looked up again */
		return;
	j->key = 0 - ((uint64_t)eip | (uint64_t)bt->mode.tag << 32);
	j->host = b->host;
	j->shift = bt->hot.shift;
	tsr_bt_targets_renew(bt, eip, b);
}

static void want_out(struct tsr_bt *bt)
{
	bt->run.due = true;
	tsr_bt_request_exit(bt);
}

/* The host address of the block at EIP, which the jump cache knows from now on if it is not a plain
 * one. */
static struct bt_outcome code_at(struct tsr_bt *bt, uint32_t eip, uint32_t plain,
				 struct bt_block **block)
{
	struct bt_block *b = find(bt, eip, plain);

	*block = b;
	if (!b)
		return bt_leave_as_found(bt);
	if (!plain)
		remember(bt, eip, b);
	return bt_go_on_with((uint64_t)(uintptr_t)(bt->cache.rx + b->host));
}

/* The same at a block's end, where requests are seen. */
static struct bt_outcome next_code(struct tsr_bt *bt, uint32_t eip, uint32_t plain,
				   struct bt_block **block)
{
	*block = NULL;
	bt->state.eip = eip;
	if (tsr_bt_wanted(bt) || tsr_bt_budget_over(bt))
		return bt_leave(bt, BT_EXIT_LOOKUP);
	if (bt_exit_requested(bt))
		tsr_bt_retag(bt);
	if (bt->options.stress == BT_STRESS_INTERRUPTS)
		want_out(bt);
	return code_at(bt, eip, plain, block);
}

/* A jump-cache miss, or a request that made it one. */
struct bt_outcome tsr_bt_lookup(struct tsr_bt *bt, uint32_t eip, uint32_t unused)
{
	struct bt_block *b;

	return next_code(bt, eip, 0, &b);
}

/* A hot block's jump has found nothing in the map of targets, as others before it. */
struct bt_outcome tsr_bt_target(struct tsr_bt *bt, uint32_t eip, uint32_t unused)
{
	struct bt_block *b;
	struct bt_outcome o = next_code(bt, eip, 0, &b);

	bt->hot.until_target = bt->options.targets;
	bt->stats.target_looks++;
	if (!b || b->shared || bt->options.stress)
		return o;
	tsr_bt_targets_put(bt, eip, b);
	if (bt->targets.current != tsr_bt_targets_of(bt, bt->mode.tag))
		tsr_bt_retag_as(bt, bt->mode.word);
	return o;
}

/* A return address's place in the cache. */
static uint32_t cache_offset(const struct tsr_bt *bt, uint32_t address)
{
	return address - (uint32_t)(uintptr_t)bt->cache.rx;
}

/* A direct exit that is not linked yet, or not for this tag. */
struct bt_outcome tsr_bt_chain(struct tsr_bt *bt, uint32_t unused, uint32_t address)
{
	uint32_t epoch = bt->cache.epoch;
	uint32_t exit = tsr_bt_exit_at(bt, cache_offset(bt, address));
	struct bt_block *b;
	const struct bt_block *from = tsr_bt_cache_block_at(bt, cache_offset(bt, address) - 1);
	uint32_t plain = bt->cache.exits[exit].plain ? BT_MODE_PLAIN : 0;
	uint32_t eip = bt->cache.exits[exit].eip + (from->shared ? bt->hot.shift : 0);
	struct bt_outcome o = next_code(bt, eip, plain, &b);

	bt->stats.chains++;
	if (b && epoch == bt->cache.epoch && bt->options.chain && !b->end)
		tsr_bt_link(bt, exit, b);
	return o;
}

/* Translated code for the state as it is, mode and tag being up to date. */
struct bt_outcome tsr_bt_resume(struct tsr_bt *bt)
{
	uint32_t eip = bt->state.eip;
	const struct bt_jump *j = bt_jump_slot(bt, eip);
	struct bt_block *b;

	if (j->key == 0 - ((uint64_t)eip | (uint64_t)bt->mode.tag << 32)) {
		bt->hot.shift = j->shift;
		return bt_go_on_with((uint64_t)(uintptr_t)(bt->cache.rx + j->host));
	}
	return code_at(bt, eip, 0, &b);
}

/* A block at EIP of `taken` instructions that are too many. */
struct bt_outcome tsr_bt_spent(struct tsr_bt *bt, uint32_t eip, uint32_t taken)
{
	bt->hot.left += taken;
	bt->state.eip = eip;
	bt->hot.exit_value = (uint32_t)bt->hot.left;
	return bt_leave(bt, BT_EXIT_REST);
}

/* A back edge finds an exit requested: out, before its instruction. */
struct bt_outcome tsr_bt_poll(struct tsr_bt *bt, uint32_t unused, uint32_t address)
{
	const struct bt_site *s = tsr_bt_cache_site_at(bt, cache_offset(bt, address));

	tsr_bt_flags_recover(bt, s);
	tsr_bt_fp_before(bt, s);
	bt->hot.left += bt->cache.blocks[s->block].lowered - s->insn;
	return tsr_bt_lookup(bt, bt_site_eip(bt, s), 0);
}

/* The code of an instruction, or of a whole block, was replaced by a way out. */
struct bt_outcome tsr_bt_diverted(struct tsr_bt *bt, uint32_t unused, uint32_t address)
{
	uint32_t at = cache_offset(bt, address) - BT_DIVERT, ahead = 0;
	const struct bt_block *b = tsr_bt_cache_block_at(bt, at);
	uint32_t eip = bt_block_eip(bt, b), host = b->host;

	for (unsigned i = 0; at != b->host && i < b->insns; i++) {
		uint16_t row = bt->cache.offsets[b->offsets + i];

		host += BT_OFFSET_STEP(row);
		if (host >= at)
			break;
		eip += BT_OFFSET_LENGTH(row);
		ahead = b->lowered - i - 1u;
	}
	if (bt->options.lockstep) {
		bt->state.eip = eip;
		return bt_leave(bt, BT_EXIT_BLOCK);
	}
	bt->hot.left += ahead;
	return tsr_bt_lookup(bt, eip, 0);
}
