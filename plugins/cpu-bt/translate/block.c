/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From guest bytes to a block: decode up to a branch, the page's end or an instruction for the
 * interpreter; find out where flags are live; lower each instruction; add the code out of line;
 * register the block in the cache.
 */
#include <stdio.h>
#include <stdlib.h>

#include "code/cache.h"
#include "code/decode-cache.h"
#include "code/samples.h"
#include "lower/count.h"
#include "lower/exits.h"
#include "lower/flag-restore.h"
#include "lower/fp-checks.h"
#include "lower/fp-sites.h"
#include "lower/groups.h"
#include "lower/islands.h"
#include "lower/liveness.h"
#include "lower/loop.h"
#include "lower/lower.h"
#include "lower/poll.h"
#include "lower/stride.h"
#include "lower/stubs.h"
#include "lower/unroll.h"
#include "translate/block.h"
#include "translate/dump.h"

/* stress=cramped: most blocks must be cut, and some single instructions do not fit. */
#define CRAMPED_STUBS 5
#define CRAMPED_COUNT_FIXUPS 4
#define CRAMPED_HOST 400

/* A block in the window goes on behind so many conditional jumps and CALLs, as long as it is
 * short. */
#define LONG_BRANCHES 3
#define LONG_CALLS 4
#define LONG_INSNS 32

/* clang-format off */
static const struct {
	bool (*lower)(struct bt_tx *tx);
	bool last; /* ends the block */
} lowerings[BT_CLASSES] = {
	[BT_COPY] = { tsr_bt_lower_copy, false },   [BT_FP] = { tsr_bt_lower_fp, false },
	[BT_FLDCW] = { tsr_bt_lower_fldcw, false }, [BT_LDMXCSR] = { tsr_bt_lower_ldmxcsr, false },
	[BT_FXSAVE] = { tsr_bt_lower_fx, false },   [BT_FXRSTOR] = { tsr_bt_lower_fx, false },
	[BT_FNSTENV] = { tsr_bt_lower_environment, false }, [BT_FLDENV] = { tsr_bt_lower_environment, false },
	[BT_LEA] = { tsr_bt_lower_lea, false },     [BT_NOP] = { tsr_bt_lower_nop, false },
	[BT_PUSH] = { tsr_bt_lower_push, false },   [BT_POP] = { tsr_bt_lower_pop, false },
	[BT_PUSHA] = { tsr_bt_lower_pusha, false }, [BT_POPA] = { tsr_bt_lower_popa, false },
	[BT_LEAVE] = { tsr_bt_lower_leave, false }, [BT_DIV] = { tsr_bt_lower_div, false },
	[BT_BIT] = { tsr_bt_lower_bit, false },     [BT_XLAT] = { tsr_bt_lower_xlat, false },
	[BT_STRING] = { tsr_bt_lower_string, false },
	[BT_CLI] = { tsr_bt_lower_flag, false },    [BT_STI] = { tsr_bt_lower_flag, false },
	[BT_CLD] = { tsr_bt_lower_flag, false },    [BT_STD] = { tsr_bt_lower_flag, false },
	[BT_PUSHF] = { tsr_bt_lower_flag, false },  [BT_POPF] = { tsr_bt_lower_flag, false },
	[BT_SEGMENT_LOAD] = { tsr_bt_lower_segment_load, false }, [BT_SEGMENT_STORE] = { tsr_bt_lower_segment_store, false },
	[BT_CONTROL_LOAD] = { tsr_bt_lower_control_load, false }, [BT_CONTROL_STORE] = { tsr_bt_lower_control_store, false },
	[BT_CR3] = { tsr_bt_lower_cr3, true },
	[BT_CLTS] = { tsr_bt_lower_clts, false },   [BT_LMSW] = { tsr_bt_lower_lmsw, false },
	[BT_INVLPG] = { tsr_bt_lower_invlpg, true }, [BT_TABLE_LOAD] = { tsr_bt_lower_table_load, false },
	[BT_LLDT] = { tsr_bt_lower_lldt, false },
	[BT_RDTSC] = { tsr_bt_lower_rdtsc, false }, [BT_IN] = { tsr_bt_lower_port, false }, [BT_OUT] = { tsr_bt_lower_port, false },
	[BT_CALL] = { tsr_bt_lower_call, true },    [BT_RET] = { tsr_bt_lower_ret, true },
	[BT_JMP] = { tsr_bt_lower_jmp, true },      [BT_JCC] = { tsr_bt_lower_jcc, true },
	[BT_LOOP] = { tsr_bt_lower_loop, true },    [BT_JCXZ] = { tsr_bt_lower_jcxz, true },
};
/* clang-format on */

/* Guest bytes that the block may be made of: up to the page's and the segment's end. */
static uint32_t source_length(const struct tsr_bt *bt, tsr_gpa gpa, uint32_t eip)
{
	uint32_t length = TSR_PAGE_SIZE - ((uint32_t)gpa & TSR_PAGE_MASK);

	if (bt->mode.cs_limit - eip < length - 1)
		length = bt->mode.cs_limit - eip + 1;
	return length;
}

/* What cannot be decoded within the page (a straddling or an undefined instruction) is left to the
 * interpreter. */
static void unknown_insn(struct bt_insn *i, uint32_t eip, uint32_t room)
{
	memset(i, 0, sizeof(*i));
	i->eip = eip;
	i->length = (uint8_t)(room < 15 ? room : 15);
	i->kind = BT_FALLBACK;
}

/* Not an instruction yet, but within 15 bytes it may be one with the next page's. One that is
 * undefined already must not fetch them. */
bool tsr_bt_straddles(uint32_t mode, const uint8_t *bytes, uint32_t room, uint32_t eip)
{
	struct bt_insn i;

	return room < 15 && !tsr_bt_decode(mode, bytes, room, eip, &i) && i.truncated;
}

static void decode_straddler(struct bt_tx *tx, const uint8_t *bytes, const uint8_t *bytes2,
			     uint32_t eip)
{
	uint32_t room = TSR_PAGE_SIZE - ((uint32_t)tx->gpa & TSR_PAGE_MASK);
	uint8_t joined[15];

	if (room > sizeof(joined))
		room = sizeof(joined);
	memcpy(joined, bytes, room);
	memcpy(joined + room, bytes2, sizeof(joined) - room);
	tx->count = 1;
	if (eip + 14 < eip || eip + 14 > tx->bt->mode.cs_limit ||
	    !tsr_bt_decode(tx->mode, joined, sizeof(joined), eip, &tx->insns[0]) ||
	    tx->insns[0].isa & ~tx->bt->model.isa)
		unknown_insn(&tx->insns[0], eip, sizeof(joined));
}

/* A block in the window goes on behind a conditional jump forward: what was checked before it holds
 * there too. */
static bool runs_on(const struct bt_tx *tx, const struct bt_insn *i)
{
	return tx->branches < tx->branches_max && i->kind == BT_JCC && i->target > i->eip &&
	       i->target <= tx->bt->mode.cs_limit && tx->count < LONG_INSNS;
}

/* ... and behind a CALL, to which a RET of the host's comes back (lower/returns.c). */
static bool calls_on(const struct bt_tx *tx, const struct bt_insn *i)
{
	return tx->calls < tx->calls_max && i->kind == BT_CALL && i->operand_size == 4 &&
	       (i->opcode == OP_CALL ? i->target != i->eip + i->length
				     : bt_modrm_reg(i) == GROUP5_CALL) &&
	       tx->count < LONG_INSNS;
}

static bool ends_block(const struct bt_tx *tx, unsigned index)
{
	const struct bt_insn *i = &tx->insns[index];

	if (i->kind == BT_FALLBACK || tsr_bt_window(tx, index))
		return true;
	return lowerings[i->kind].last && !runs_on(tx, i) && !calls_on(tx, i);
}

static void decode_block(struct bt_tx *tx, const uint8_t *bytes, uint32_t eip)
{
	uint32_t length = source_length(tx->bt, tx->gpa, eip), at = 0;

	while (tx->count < BT_MAX_INSNS && at < length) {
		struct bt_insn *i = &tx->insns[tx->count++];

		if (!tsr_bt_decode_cached(tx->bt->decode_cache, tx->mode, bytes + at, length - at,
					  eip + at, i)) {
			if (at && tsr_bt_straddles(tx->mode, bytes + at, length - at, eip + at)) {
				tx->count--; /* a block of its own */
				tx->straddle_behind = true;
				break;
			}
			unknown_insn(i, eip + at, length - at);
		}
		if (i->isa & ~tx->bt->model.isa)
			i->kind = BT_FALLBACK;
		at += i->length;
		if (ends_block(tx, tx->count - 1))
			break;
		tx->branches += i->kind == BT_JCC;
		tx->calls += i->kind == BT_CALL;
	}
}

/* How far the host code of instruction n lies behind that of the one before. */
static uint32_t step_to(const struct bt_tx *tx, unsigned n)
{
	return tx->offsets[n] - (n ? tx->offsets[n - 1] : 0u);
}

/* An instruction whose code is longer than a row of cache.offsets can say does not fit. */
static void begin_insn(struct bt_tx *tx, uint32_t start)
{
	tx->insn = &tx->insns[tx->index];
	tx->offsets[tx->index] = (uint16_t)(emit_here(&tx->e) - start);
	tx->full |= step_to(tx, tx->index) > BT_STEP_MAX;
}

static void lower_block(struct bt_tx *tx, uint32_t start)
{
	tx->lowered = 0;
	for (tx->index = 0; tx->index < tx->count && !tx_failed(tx); tx->index++, tx->lowered++) {
		begin_insn(tx, start);
		tx->open = -1;
		tsr_bt_island_check(tx);
		tx_part(tx, BT_PART_BODY);
		tsr_bt_flags_restore_needed(tx);
		if (tx->poll_ahead && tx->index == tx->poll_at)
			tsr_bt_poll_planned(tx);
		tsr_bt_groups_begin(tx);
		tsr_bt_fp_begin(tx);
		if (tx->insn->kind == BT_FALLBACK || !lowerings[tx->insn->kind].lower(tx)) {
			tsr_bt_bail_out(tx);
			tx->loop_broken |= tx->copies != 0;
			tx->count = tx->index + 1;
			break;
		}
		tsr_bt_groups_end(tx);
		tsr_bt_fp_end(tx);
		if (tsr_bt_fp_checks(tx, tx->insn))
			tsr_bt_fp_check(tx);
		if (tsr_bt_sse_checks(tx, tx->insn))
			tsr_bt_sse_check(tx);
		if (tx->insn->flags_written == TSR_FLAGS_ARITHMETIC)
			tx->clobbered = false;
	}
	if (tx_failed(tx))
		return;
	if (!tx->ended)
		tsr_bt_fp_flush(tx);
	if (!tx->ended && tx->straddle_behind && !tx->bt->options.lockstep)
		tsr_bt_look_up(tx, tx->insn->eip + tx->insn->length); /* links do not lead to blocks
									 that straddle pages */
	else if (!tx->ended)
		tsr_bt_exit(tx, tx->insn->eip + tx->insn->length);
}

static void count_block(struct bt_tx *tx, const struct bt_block *b)
{
	struct bt_stats *s = &tx->bt->stats;

	tx_part(tx, BT_PART_BODY); /* the last part ends */
	s->translations++;
	s->insns += tx->count >> tx->copies;
	s->hot += b->hot;
	s->shared += b->shared;
	s->windowed += tx->windowed;
	s->unchecked += tx->unchecked;
	s->guest_bytes += b->length;
	s->host_bytes += b->host_length;
	s->hot_insns += b->hot ? tx->count >> tx->copies : 0;
	s->hot_guest_bytes += b->hot ? b->length : 0;
	s->hot_host_bytes += b->hot ? b->host_length : 0;
	for (unsigned i = 0; i < BT_PART_ROWS; i++)
		s->part_bytes[i] += tx->part_bytes[i];
}

static void finish_block(struct bt_tx *tx, struct bt_block *b, uint32_t start)
{
	struct tsr_bt *bt = tx->bt;
	uint16_t *offsets = bt->cache.offsets + bt->cache.offset_count;
	struct bt_block_notes *notes = bt->cache.notes ? bt->cache.notes + tx->block : NULL;
	uint32_t end;

	b->length = 0;
	for (unsigned i = 0; i < tx->count; i++) {
		offsets[i] = BT_OFFSET(tx->insns[i].length, step_to(tx, i));
		b->length += i < tx->count >> tx->copies ? tx->insns[i].length : 0u;
		if (notes)
			notes->undefined |= (uint16_t)tx->insns[i].flags_undefined;
	}
	b->window_form = tx->window_form;
	b->may_stride = tx->may_stride;
	b->may_bail = tx->may_bail || tx->grouping || tx->windowed;
	for (unsigned i = 0; i < tx->stub_count; i++)
		b->may_bail |= tx->stubs[i].kind == STUB_BAIL;
	b->lowered = tx->lowered & 127;
	if (b->end && (b->gpa & TSR_PAGE_MASK) + b->length <= TSR_PAGE_SIZE)
		b->end = 0;
	bt->cache.end_count += b->end != 0;
	b->insns = tx->count & 127;
	b->copies = tx->copies & 3;
	b->offsets = bt->cache.offset_count;
	bt->cache.offset_count += tx->count;
	b->host_length = (uint16_t)(emit_here(&tx->e) - start);
	b->exits = tx->exits;
	b->sites = tx->sites;
	b->site_count = (uint16_t)(bt->cache.site_count - tx->sites);
	b->exit_count = (uint8_t)(bt->cache.exit_count - tx->exits);
	if (notes)
		notes->mark_count = bt->cache.mark_count - notes->marks;
	end = (emit_here(&tx->e) + 15) & ~15u;
	bt->cache.used = end;
	bt->cache.block_count++;
	count_block(tx, b);
	tsr_bt_cache_add(bt, b);
}

static void begin_block(struct bt_tx *tx)
{
	tx->loop = false;
	tx->copies = 0;
	tsr_bt_liveness(tx);
	tsr_bt_poll_plan(tx);
	tx->loop = !tx->no_loop && tsr_bt_loop_possible(tx);
	if (tx->loop)
		tsr_bt_liveness(tx);
	tx->index = 0;
	tx->insn = &tx->insns[0];
	tx->strided = !tx->no_stride && tsr_bt_stride_possible(tx);
	tx->may_stride = tx->strided && tx->unchecked && tx->poll_ahead;
	tx->strided &= !tx->may_stride;
	if (tx->strided && tx->unchecked) { /* checks for many rounds at once are cheaper than polls
					       that keep flags */
		tx->unchecked = false;
		tx->window_form = BT_WINDOW_ALIGNED;
		tsr_bt_liveness(tx);
		tx->strided = tsr_bt_stride_possible(tx);
	}
	tx->flags_saved |= tx->strided;
	tx->poll_ahead &= !tx->strided;
	tsr_bt_unroll(tx);
	tsr_bt_count_take(tx);
	tsr_bt_flags_save(tx);
	if (tx->loop)
		tsr_bt_loop_begin(tx);
	tx->loop_broken = false;
}

/* Host code of the decoded block, to `start`. False: it does not fit, or a short jump does not
 * reach. */
static bool emit_block(struct bt_tx *tx, uint32_t start)
{
	struct tsr_bt *bt = tx->bt;

	tx->e = (struct emitter){ .base = bt->cache.rw,
				  .p = bt->cache.rw + start,
				  .end = bt->cache.rw + start + tx->host_max };
	tx->full = false;
	tx->part = BT_PART_BODY;
	tx->part_start = start;
	memset(tx->part_bytes, 0, sizeof(tx->part_bytes));
	tx->stub_count = tx->short_count = 0;
	tx->start = start;
	tx->exits = bt->cache.exit_count;
	tx->sites = bt->cache.site_count;
	tx->ended = tx->fp_checked = tx->may_bail = tx->landed = false;
	tx->fp_code = tx->fp_data = tx->fp_own = 0;
	tx->esp_ahead = 0;
	memset(tx->groups, 0, sizeof(tx->groups));
	tx->window_loaded = false;
	begin_block(tx);
	lower_block(tx, start);
	tsr_bt_stubs_emit(tx);
	tx->loop_broken &= tx->loop;
	if (tx_failed(tx) || tx->e.overreach || tx->loop_broken)
		return false;
	tsr_bt_count_fix(tx);
	return true;
}

/* What a translation has taken from the tables of the cache. */
struct taken {
	uint32_t sites, mores, fp_sites, exits, marks;
};

static void give_back(struct tsr_bt *bt, const struct taken *t)
{
	bt->cache.site_count = t->sites;
	bt->cache.more_count = t->mores;
	bt->cache.fp_site_count = t->fp_sites;
	bt->cache.exit_count = t->exits;
	bt->cache.mark_count = t->marks;
}

/* The block's first `count` instructions. How far it is from a short jump to its island depends on
 * every lowering in between; rather than prove it for all, the rare block that stretches too far is
 * emitted again with short jumps that always reach. */
static bool emit_first(struct bt_tx *tx, uint32_t start, unsigned count)
{
	struct tsr_bt *bt = tx->bt;
	struct taken before = { bt->cache.site_count, bt->cache.more_count, bt->cache.fp_site_count,
				bt->cache.exit_count, bt->cache.mark_count };
	bool good;

	tx->count = count;
	tx->no_loop = tx->no_stride = false;
	good = emit_block(tx, start);
	while (!good && !tx_failed(tx) && tx->loop_broken) {
		give_back(bt, &before);
		tx->count = count;
		tx->no_loop = !tx->strided;
		tx->no_stride = true;
		good = emit_block(tx, start);
	}
	if (!good && !tx_failed(tx)) {
		give_back(bt, &before);
		bt->stats.stretched++;
		tx->count = count;
		tx->near_islands = true;
		good = emit_block(tx, start);
		tx->near_islands = false;
	}
	if (!good)
		give_back(bt, &before);
	return good;
}

/* As many instructions of the block as fit. How much room a block needs depends on every lowering
 * in it; rather than prove that the fattest fits, every table is checked, and what does not fit is
 * cut in half. */
static bool emit_fitting(struct bt_tx *tx, uint32_t start)
{
	unsigned count = tx->count;
	bool good = emit_first(tx, start, count);

	if (good)
		return true;
	tx->bt->stats.cut_short++;
	tx->straddle_behind = false;
	while (!good && (count /= 2))
		good = emit_first(tx, start, count);
	return good;
}

static bool uses_window(const struct tsr_bt *bt, uint32_t mode)
{
	if (mode & BT_MODE_PLAIN)
		return false;
	return bt->options.windows == BT_WINDOWS_ALL ||
	       (bt->options.windows == BT_WINDOWS_USER && mode & BT_MODE_USER);
}

/* Without checks nothing may be done before an access that is not done after it: exceptions of FP
 * that are not masked are looked for before and after, and instructions may be counted. */
static bool may_be_unchecked(const struct tsr_bt *bt, uint32_t mode)
{
	return bt->unchecked.on && mode & BT_MODE_USER && !bt->budget.counted &&
	       !(mode & (BT_MODE_X87_UNMASKED | BT_MODE_SSE_UNMASKED));
}

/* May its EIPs be relative? Not where one is cut to 16 bits, nor where one is noted for later,
 * which is so for the pointers of the x87. */
static bool can_be_shared(const struct bt_tx *tx)
{
	for (unsigned n = 0; n < tx->count; n++) {
		const struct bt_insn *i = &tx->insns[n];

		if (i->kind == BT_FP || i->kind == BT_FLDCW || i->kind == BT_LDMXCSR ||
		    i->kind == BT_FXSAVE || i->kind == BT_FXRSTOR || i->kind == BT_FNSTENV ||
		    i->kind == BT_FLDENV)
			return false;
		if (lowerings[i->kind].last && i->operand_size != 4)
			return false;
	}
	return true;
}

/* The same instructions at another EIP. */
static void move_to(struct bt_tx *tx, uint32_t eip)
{
	uint32_t distance = eip - tx->insns[0].eip;

	for (unsigned n = 0; n < tx->count; n++) {
		tx->insns[n].eip += distance;
		tx->insns[n].target += distance;
	}
}

static struct bt_block *translate(struct tsr_bt *bt, tsr_gpa gpa, const uint8_t *bytes,
				  tsr_gpa gpa2, const uint8_t *bytes2, uint32_t eip,
				  uint32_t shared_eip, uint32_t mode)
{
	struct bt_tx *tx = bt->tx;
	uint32_t start = bt->cache.used;
	struct bt_block *b = &bt->cache.blocks[bt->cache.block_count];

	if (!tsr_bt_cache_room(bt))
		return NULL;
	tx->bt = bt;
	tx->mode = mode;
	tx->block = bt->cache.block_count;
	tx->gpa = gpa;
	tx->count = 0;
	tx->hot = bt->options.checks == BT_CHECKS_INLINE ||
		  (bt->options.checks == BT_CHECKS_AUTO && *bt_heat(bt, gpa) >= BT_HOT &&
		   (shared_eip == eip || tsr_bt_samples_wanted(bt, eip)));
	tx->windowed = tx->hot && uses_window(bt, mode) && !gpa2 &&
		       *bt_window_form(bt, gpa) != BT_WINDOW_PLAIN;
	tx->grouping = bt->options.groups &&
		       (tx->windowed || *bt_group_failures(bt, gpa) < BT_GROUP_LIMIT);
	tx->window_form = *bt_window_form(bt, gpa);
	if (tx->window_form < BT_WINDOW_ALIGNED && !may_be_unchecked(bt, mode))
		tx->window_form = BT_WINDOW_ALIGNED;
	tx->unchecked = tx->windowed && tx->window_form < BT_WINDOW_ALIGNED;
	tx->branches = 0;
	tx->branches_max =
		tx->windowed && bt->options.chain && !bt->options.lockstep && !bt->budget.counted
			? LONG_BRANCHES
			: 0;
	tx->calls = 0;
	tx->calls_max = tx->branches_max ? LONG_CALLS : 0;
	tx->straddle_behind = false;
	if (gpa2)
		decode_straddler(tx, bytes, bytes2, eip);
	else
		decode_block(tx, bytes, eip);
	tx->shared = !tx->hot && shared_eip != eip && can_be_shared(tx);
	if (tx->shared)
		move_to(tx, shared_eip);
	*b = (struct bt_block){ .gpa = gpa,
				.end = gpa2 ? bt->cache.end_count : 0,
				.eip = tx->shared ? shared_eip : eip,
				.shared = tx->shared,
				.mode = mode,
				.cs_limit = bt->mode.cs_limit,
				.host = start,
				.hot = tx->hot,
				.window_form = tx->window_form,
				.incoming = BT_NONE };
	bt->cache.ends[bt->cache.end_count].gpa = gpa2;
	if (bt->cache.notes)
		bt->cache.notes[tx->block] =
			(struct bt_block_notes){ .marks = bt->cache.mark_count };
	if (!emit_fitting(tx, start))
		return NULL;
	finish_block(tx, b, start);
	if (bt->options.dump && tsr_bt_dump_wanted(bt, b))
		tsr_bt_dump(bt, b, stderr);
	return b;
}

struct bt_block *tsr_bt_translate(struct tsr_bt *bt, tsr_gpa gpa, const uint8_t *bytes,
				  tsr_gpa gpa2, const uint8_t *bytes2, uint32_t eip,
				  uint32_t shared_eip, uint32_t mode)
{
	uint64_t start = __builtin_ia32_rdtsc(), ticks;
	uint8_t outer = bt->run.doing;
	struct bt_block *b;

	bt->run.doing = BT_DOING_TRANSLATE;
	b = translate(bt, gpa, bytes, gpa2, bytes2, eip, shared_eip, mode);
	bt->run.doing = outer;
	ticks = __builtin_ia32_rdtsc() - start;
	bt->stats.translation_ticks += ticks;
	bt->stats.hot_ticks += b && b->hot ? ticks : 0;
	return b;
}

bool tsr_bt_translate_init(struct tsr_bt *bt)
{
	bt->tx = calloc(1, sizeof(*bt->tx));
	bt->cache.group_failures = calloc(BT_GROUP_FAILURES, 1);
	bt->cache.heat = calloc(BT_HEAT, 1);
	bt->cache.window_forms = calloc(BT_HEAT, 1);
	bt->decode_cache = tsr_bt_decode_cache_new();
	if (!bt->tx || !bt->decode_cache || !bt->cache.group_failures || !bt->cache.heat ||
	    !bt->cache.window_forms)
		return false;
	bt->tx->stub_max = bt->options.cramped ? CRAMPED_STUBS : TX_MAX_STUBS;
	bt->tx->count_fixup_max = bt->options.cramped ? CRAMPED_COUNT_FIXUPS : TX_MAX_COUNT_FIXUPS;
	bt->tx->host_max = bt->options.cramped ? CRAMPED_HOST : BT_BLOCK_HOST_MAX;
	return true;
}

void tsr_bt_translate_finish(struct tsr_bt *bt)
{
	free(bt->tx);
	free(bt->cache.group_failures);
	free(bt->cache.heat);
	free(bt->cache.window_forms);
	tsr_bt_decode_cache_free(bt->decode_cache);
	bt->tx = NULL;
}
