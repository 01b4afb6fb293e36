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
#include "code/links.h"
#include "code/returns.h"
#include "code/targets.h"
#include "runtime/mode.h"
#include "runtime/requests.h"
#include "runtime/unchecked.h"

#define TAGS 1024 /* remembered; one that was replaced only costs look-ups */

/* BT_MODE_USER and BT_MODE_X87: system calls change the one, kernels that save the FP state late
 * the other, by CR0.TS. */
#define RECENT 4
#define RECENT_INDEX(mode) ((mode) >> 2 & 3)
_Static_assert(BT_MODE_USER == 1 << 2 && BT_MODE_X87 == 1 << 3, "");

struct bt_tag {
	uint64_t fetch;
	uint32_t mode, base, limit, tag; /* 0: none */
};

struct bt_tags {
	struct bt_tag recent[RECENT]; /* by RECENT_INDEX of the mode: found without a hash, which
					 code that changes the mode all the time waits for */
	struct bt_tag entry[TAGS];
	uint32_t last;
};

/* Bits of the index below: W or R, E or C, CODE, P of a segment's access. */
#define KIND_INDEX(access) (((access) >> 1 & 7) | ((access) >> 4 & 8))
/* A bit per index. Present, and writable data that is not expand-down; for CS also the readable
 * code segment. */
#define USABLE_DATA (1u << 9)
#define USABLE_CS (USABLE_DATA | 1u << 13 | 1u << 15)

static inline uint32_t segment_kind(const struct tsr_x86_segment *s, uint32_t usable)
{
	uint32_t kind = s->limit != UINT32_MAX ? BT_SEGMENT_LIMITED
			: s->base              ? BT_SEGMENT_BASED
					       : BT_SEGMENT_FLAT;

	return usable >> KIND_INDEX(s->access) & 1 ? kind : BT_SEGMENT_SLOW;
}

static inline uint32_t segment_bits(const struct tsr_bt *bt, unsigned segment)
{
	uint32_t usable = segment == TSR_CS ? USABLE_CS : USABLE_DATA;

	return segment_kind(&bt->state.segment[segment], usable)
	       << (BT_MODE_SEGMENT_SHIFT + 2 * segment);
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
	if (s->eflags & (TSR_FLAG_TF | TSR_FLAG_RF) || s->dr[7] & TSR_DR7_ENABLES)
		return true;
	return s->cpl == 3 && s->eflags & (TSR_FLAG_AC | TSR_FLAG_VIP) &&
	       ((s->eflags & TSR_FLAG_AC && s->cr0 & TSR_CR0_AM) || tsr_x86_virtual_interrupt(s));
}

/* What follows from CPL, EFLAGS, CR0 and DR7 outside virtual-8086 mode. */
static inline uint32_t ring_mode(const struct tsr_x86_state *s)
{
	uint32_t mode = s->cpl == 3 ? BT_MODE_USER : s->cpl == 0 ? BT_MODE_CPL0 : 0;

	if (s->cpl <= (s->eflags & TSR_FLAG_IOPL) >> TSR_FLAG_IOPL_SHIFT)
		mode |= BT_MODE_IF_FREE;
	if (s->eflags & TSR_FLAG_DF)
		mode |= BT_MODE_DOWN;
	if (must_step(s))
		mode |= BT_MODE_STEP;
	return mode;
}

/* What follows from CS, SS, CPL, EFLAGS, CR0 and DR7. */
static uint32_t privilege_mode(const struct tsr_bt *bt)
{
	const struct tsr_x86_state *s = &bt->state;
	bool vm = s->eflags & TSR_FLAG_VM;
	uint32_t mode = ring_mode(s) | segment_bits(bt, TSR_CS) | segment_bits(bt, TSR_SS);

	if (s->segment[TSR_CS].access & TSR_SEG_DB)
		mode |= BT_MODE_CODE32;
	if (s->segment[TSR_SS].access & TSR_SEG_DB)
		mode |= BT_MODE_STACK32;
	if (vm || !(s->cr0 & TSR_CR0_PE))
		mode |= BT_MODE_CS_WRITE;
	return vm ? mode & ~(uint32_t)BT_MODE_IF_FREE : mode;
}

#define FP_BITS (BT_MODE_X87 | BT_MODE_SSE | BT_MODE_SSE_UNMASKED | BT_MODE_X87_UNMASKED)
#define SEGMENT_BITS(segment) (3u << (BT_MODE_SEGMENT_SHIFT + 2 * (segment)))
#define DATA_BITS \
	(SEGMENT_BITS(TSR_ES) | SEGMENT_BITS(TSR_DS) | SEGMENT_BITS(TSR_FS) | SEGMENT_BITS(TSR_GS))

uint32_t tsr_bt_mode(struct tsr_bt *bt)
{
	return fp_mode(bt) | privilege_mode(bt) | segment_bits(bt, TSR_ES) |
	       segment_bits(bt, TSR_DS) | segment_bits(bt, TSR_FS) | segment_bits(bt, TSR_GS);
}

/* The mode with one segment register's part brought up to the state. */
uint32_t tsr_bt_mode_segment(const struct tsr_bt *bt, unsigned segment)
{
	return (bt->mode.word & ~SEGMENT_BITS(segment)) | segment_bits(bt, segment);
}

/* The mode with the part of CR0.EM and TS and of the FP state brought up to the state. */
uint32_t tsr_bt_mode_fp(const struct tsr_bt *bt)
{
	return (bt->mode.word & ~FP_BITS) | fp_mode(bt);
}

/* The mode after a change of CS, SS, CPL and EFLAGS alone. */
uint32_t tsr_bt_mode_privilege(const struct tsr_bt *bt)
{
	return (bt->mode.word & (FP_BITS | DATA_BITS)) | privilege_mode(bt);
}

/* The same where CS and SS are flat now, in protected mode. */
uint32_t tsr_bt_mode_flat(const struct tsr_bt *bt)
{
	return (bt->mode.word & (FP_BITS | DATA_BITS)) | BT_MODE_CODE32 | BT_MODE_STACK32 |
	       ring_mode(&bt->state);
}

/* A tag that is in no entry and no key of the jump cache. When the numbers are used up, they start
 * again, and whatever knows one of them forgets it. */
static uint32_t new_tag(struct tsr_bt *bt)
{
	struct bt_tags *tags = bt->mode.tags;

	if (tags->last >= bt->options.tags) {
		memset(bt->hot.jumps, 0, sizeof(bt->hot.jumps));
		tsr_bt_targets_reset(bt);
		tsr_bt_links_cut_guarded(bt);
		bt->returns.tag[0] = bt->returns.tag[1] = 0;
		memset(tags, 0, sizeof(*tags));
		bt->stats.tag_wraps++;
	}
	return ++tags->last;
}

static bool is_tag_of(const struct bt_tag *t, uint64_t fetch, uint32_t mode,
		      const struct tsr_x86_segment *cs)
{
	return t->tag && t->fetch == fetch && t->mode == mode && t->base == cs->base &&
	       t->limit == cs->limit;
}

static struct bt_tag *find_tag(struct tsr_bt *bt, uint64_t fetch, uint32_t mode,
			       const struct tsr_x86_segment *cs)
{
	uint32_t h = ((uint32_t)fetch ^ mode * 0x9e3779b1u ^ cs->base * 0x85ebca6bu ^ cs->limit) *
			     0xc2b2ae35u >>
		     22;
	struct bt_tag *t = &bt->mode.tags->entry[h];

	if (!is_tag_of(t, fetch, mode, cs)) {
		uint32_t tag = new_tag(bt);

		*t = (struct bt_tag){ fetch, mode, cs->base, cs->limit, tag };
	}
	return t;
}

static uint32_t tag_of(struct tsr_bt *bt, uint64_t fetch, uint32_t mode)
{
	const struct tsr_x86_segment *cs = &bt->state.segment[TSR_CS];
	struct bt_tag *recent = &bt->mode.tags->recent[RECENT_INDEX(mode)];

	if (!is_tag_of(recent, fetch, mode, cs))
		*recent = *find_tag(bt, fetch, mode, cs);
	return recent->tag;
}

static void set_mxcsr(struct tsr_bt *bt)
{
	uint32_t mxcsr;

	memcpy(&mxcsr, bt->state.fx + offsetof(struct tsr_x86_fx, mxcsr), sizeof(mxcsr));
	bt->hot.masked_mxcsr = (mxcsr & ~TSR_MXCSR_FLAGS) | TSR_MXCSR_MASKS;
	bt->hot.unmasked = ~(mxcsr >> TSR_MXCSR_MASK_SHIFT) & TSR_MXCSR_FLAGS;
}

/* Makes translated code stay in: `poll` and a request's bytes as they are between requests. A
 * request sets `kicked` before it changes them, and whoever changes them back reads it afterwards,
 * behind a barrier. Without a request there is nothing to write, and no barrier: one that is not
 * seen is still to come, and stays. */
static void arm(struct tsr_bt *bt)
{
	if (!bt_exit_requested(bt))
		return;
	__atomic_store_n(&bt->hot.poll, 0, __ATOMIC_RELEASE);
	__atomic_store_n(&bt->hot.targets_bytes[BT_TARGETS_REQUEST], bt->targets.here,
			 __ATOMIC_RELEASE);
	__atomic_store_n(&bt->hot.tag_bytes[BT_TAG_REQUEST], 0, __ATOMIC_SEQ_CST);
}

/* Brings view and tag up to the state, whose mode is given. */
void tsr_bt_retag_as(struct tsr_bt *bt, uint32_t mode)
{
	enum tsr_mmu_view view = mode & BT_MODE_USER ? TSR_VIEW_USER : TSR_VIEW_SUPERVISOR;

	if (mode & BT_MODE_USER && (!bt->hot.exact.is_true || bt->unchecked.look))
		tsr_bt_unchecked_enter(bt);
	bt->mode.word = mode;
	if (mode & BT_MODE_SSE_UNMASKED)
		set_mxcsr(bt);
	bt->mode.cs_limit = bt->state.segment[TSR_CS].limit;
	bt->hot.view_base = bt->board.vcpu->base[view];
	if (bt->options.windows)
		bt->hot.window_base = bt->board.vcpu->window_base[view];
	bt->mode.tag = tag_of(bt, bt->board.vcpu->fetch_tag[view], mode);
	bt_set_tag(bt, bt->mode.tag);
	bt_set_targets(bt, tsr_bt_targets_of(bt, bt->mode.tag));
	tsr_bt_returns_select(bt, view);
	bt->hot.jump_offset = (bt->mode.tag * 0x9e37u) & 0xffff;
	arm(bt);
	if (tsr_bt_wanted(bt))
		tsr_bt_request_exit(bt);
}

/* The same with the mode brought up to the state, too. */
void tsr_bt_retag(struct tsr_bt *bt)
{
	tsr_bt_retag_as(bt, tsr_bt_mode(bt));
}

uint32_t tsr_bt_last_tag(const struct tsr_bt *bt)
{
	return bt->mode.tags->last;
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
