/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The mode word: everything of the architectural state that translated code takes for granted; and
 * the tag, a number for (fetch translations, mode, CS): equal tags and equal EIP mean equal code.
 */
#include <stdlib.h>
#include <string.h>

#include <tessera/draft/x86-facts.h>
#include <tessera/draft/x86-state.h>

#include "code/cache.h"
#include "runtime/mode.h"
#include "runtime/requests.h"

#define TAGS 1024 /* remembered; one that was replaced only costs look-ups */

struct bt_tags {
	struct {
		uint64_t fetch;
		uint32_t mode, base, limit, tag; /* 0: none */
	} entry[TAGS];
	uint32_t last;
};

/* Present, and writable data that is not expand-down, or the readable code segment of CS. */
static enum bt_segment_kind segment_kind(const struct tsr_x86_segment *s, bool is_cs)
{
	const unsigned data = TSR_SEG_P | TSR_SEG_CODE | TSR_SEG_E | TSR_SEG_W,
		       code = TSR_SEG_P | TSR_SEG_CODE | TSR_SEG_R;

	if ((s->access & data) != (TSR_SEG_P | TSR_SEG_W) && !(is_cs && (s->access & code) == code))
		return BT_SEGMENT_SLOW;
	if (s->limit != UINT32_MAX)
		return BT_SEGMENT_LIMITED;
	return s->base ? BT_SEGMENT_BASED : BT_SEGMENT_FLAT;
}

/* The mode that the FXSAVE image calls for. */
static uint32_t fp_image_mode(const struct tsr_bt *bt)
{
	uint16_t fcw, fsw;
	uint32_t mxcsr, mode = BT_MODE_X87;

	memcpy(&fcw, bt->state.fx + offsetof(struct tsr_x86_fx, fcw), sizeof(fcw));
	memcpy(&fsw, bt->state.fx + offsetof(struct tsr_x86_fx, fsw), sizeof(fsw));
	memcpy(&mxcsr, bt->state.fx + offsetof(struct tsr_x86_fx, mxcsr), sizeof(mxcsr));
	if (fsw & TSR_FSW_ES || fsw & ~fcw & TSR_X87_EXCEPTIONS)
		return 0; /* also for SSE: some of its instructions use MMX registers, and wait */
	if ((fcw & TSR_X87_EXCEPTIONS) != TSR_X87_EXCEPTIONS)
		mode |= BT_MODE_X87_UNMASKED;
	if (bt->state.cr4 & TSR_CR4_OSFXSR && mxcsr & TSR_MXCSR_UM)
		mode |= (mxcsr & TSR_MXCSR_MASKS) == TSR_MXCSR_MASKS
				? BT_MODE_SSE
				: BT_MODE_SSE | BT_MODE_SSE_UNMASKED;
	return mode;
}

/* While the unit is loaded, the mode is the one that it was loaded for. */
static uint32_t fp_mode(const struct tsr_bt *bt)
{
	uint32_t mode = BT_MODE_X87;

	if (bt->state.cr0 & (TSR_CR0_EM | TSR_CR0_TS))
		return 0;
	if (!bt->hot.fp_loaded)
		return fp_image_mode(bt);
	if (bt->hot.fp_loaded & BT_FP_UNMASKED)
		mode |= BT_MODE_X87_UNMASKED;
	if (!(bt->hot.fp_loaded & BT_FP_X87_ONLY))
		mode |= BT_MODE_SSE;
	if (bt->hot.fp_loaded & BT_FP_SSE_UNMASKED)
		mode |= BT_MODE_SSE_UNMASKED;
	return mode;
}

static bool must_step(const struct tsr_x86_state *s)
{
	return s->eflags & (TSR_FLAG_TF | TSR_FLAG_RF) || s->dr[7] & TSR_DR7_ENABLES ||
	       (s->cpl == 3 && s->eflags & TSR_FLAG_AC && s->cr0 & TSR_CR0_AM) ||
	       tsr_x86_virtual_interrupt(s);
}

uint32_t tsr_bt_mode(struct tsr_bt *bt)
{
	const struct tsr_x86_state *s = &bt->state;
	bool vm = s->eflags & TSR_FLAG_VM, pe = s->cr0 & TSR_CR0_PE;
	uint32_t mode = fp_mode(bt);

	if (s->segment[TSR_CS].access & TSR_SEG_DB)
		mode |= BT_MODE_CODE32;
	if (s->segment[TSR_SS].access & TSR_SEG_DB)
		mode |= BT_MODE_STACK32;
	if (s->cpl == 3)
		mode |= BT_MODE_USER;
	if (!pe || vm)
		mode |= BT_MODE_CS_WRITE;
	if (!vm && s->cpl <= (s->eflags & TSR_FLAG_IOPL) >> TSR_FLAG_IOPL_SHIFT)
		mode |= BT_MODE_IF_FREE;
	if (s->eflags & TSR_FLAG_DF)
		mode |= BT_MODE_DOWN;
	if (s->cpl == 0)
		mode |= BT_MODE_CPL0;
	if (must_step(s))
		mode |= BT_MODE_STEP;
	for (unsigned i = 0; i < TSR_SEGMENTS; i++)
		mode |= (uint32_t)segment_kind(&s->segment[i], i == TSR_CS)
			<< (BT_MODE_SEGMENT_SHIFT + 2 * i);
	return mode;
}

/* The mode with one segment register's part brought up to the state. */
uint32_t tsr_bt_mode_segment(const struct tsr_bt *bt, unsigned segment)
{
	unsigned shift = BT_MODE_SEGMENT_SHIFT + 2 * segment;

	return (bt->mode.word & ~(3u << shift)) |
	       (uint32_t)segment_kind(&bt->state.segment[segment], segment == TSR_CS) << shift;
}

/* A tag that is in no entry and no key of the jump cache. When the numbers are used up, they start
 * again, and whatever knows one of them forgets it. */
static uint32_t new_tag(struct tsr_bt *bt)
{
	struct bt_tags *tags = bt->mode.tags;

	if (tags->last >= bt->options.tags) {
		memset(bt->hot.jumps, 0, sizeof(bt->hot.jumps));
		tsr_bt_cache_unlink_guarded(bt);
		memset(tags, 0, sizeof(*tags));
		bt->stats.tag_wraps++;
	}
	return ++tags->last;
}

static uint32_t tag_of(struct tsr_bt *bt, uint64_t fetch, uint32_t mode)
{
	const struct tsr_x86_segment *cs = &bt->state.segment[TSR_CS];
	uint32_t h = ((uint32_t)fetch ^ mode * 0x9e3779b1u ^ cs->base * 0x85ebca6bu ^ cs->limit) *
			     0xc2b2ae35u >>
		     22;
	uint32_t limit = cs->limit;

	if (bt->mode.tags->entry[h].tag && bt->mode.tags->entry[h].fetch == fetch &&
	    bt->mode.tags->entry[h].mode == mode && bt->mode.tags->entry[h].base == cs->base &&
	    bt->mode.tags->entry[h].limit == limit)
		return bt->mode.tags->entry[h].tag;
	bt->mode.tags->entry[h].tag = new_tag(bt);
	bt->mode.tags->entry[h].fetch = fetch;
	bt->mode.tags->entry[h].mode = mode;
	bt->mode.tags->entry[h].base = cs->base;
	bt->mode.tags->entry[h].limit = limit;
	return bt->mode.tags->entry[h].tag;
}

static void set_mxcsr(struct tsr_bt *bt)
{
	uint32_t mxcsr;

	memcpy(&mxcsr, bt->state.fx + offsetof(struct tsr_x86_fx, mxcsr), sizeof(mxcsr));
	bt->hot.masked_mxcsr = (mxcsr & ~TSR_MXCSR_FLAGS) | TSR_MXCSR_MASKS;
	bt->hot.unmasked = ~(mxcsr >> TSR_MXCSR_MASK_SHIFT) & TSR_MXCSR_FLAGS;
}

/* Makes translated code stay in: poll and tag_word as they are between requests. A request sets
 * `kicked` before it changes them, and whoever changes them back reads it afterwards; words that
 * are right already need no write, and no barrier: a request that is not seen in them is still to
 * come. */
static void arm(struct tsr_bt *bt)
{
	uint64_t word = (uint64_t)bt->mode.tag << 32;

	if (__atomic_load_n(&bt->hot.poll, __ATOMIC_ACQUIRE) == 0 &&
	    __atomic_load_n(&bt->hot.tag_word, __ATOMIC_ACQUIRE) == word)
		return;
	__atomic_store_n(&bt->hot.poll, 0, __ATOMIC_RELEASE);
	__atomic_store_n(&bt->hot.tag_word, word, __ATOMIC_SEQ_CST);
}

/* Brings mode, view and tag up to the state; tag_word and poll are armed, unless an exit is
 * requested. */
void tsr_bt_retag(struct tsr_bt *bt)
{
	enum tsr_mmu_view view;

	bt->mode.word = tsr_bt_mode(bt);
	if (bt->mode.word & BT_MODE_SSE_UNMASKED)
		set_mxcsr(bt);
	view = bt->mode.word & BT_MODE_USER ? TSR_VIEW_USER : TSR_VIEW_SUPERVISOR;
	bt->mode.cs_limit = bt->state.segment[TSR_CS].limit;
	bt->hot.view_base = bt->board.vcpu->base[view];
	bt->mode.tag = tag_of(bt, bt->board.vcpu->fetch_tag[view], bt->mode.word);
	bt->hot.jump_offset = (bt->mode.tag * 0x9e37u) & 0xffff;
	arm(bt);
	if (tsr_bt_wanted(bt))
		tsr_bt_request_exit(bt);
}

bool tsr_bt_tags_init(struct tsr_bt *bt)
{
	bt->mode.tags = calloc(1, sizeof(*bt->mode.tags));
	return bt->mode.tags != NULL;
}

void tsr_bt_tags_finish(struct tsr_bt *bt)
{
	free(bt->mode.tags);
	bt->mode.tags = NULL;
}
