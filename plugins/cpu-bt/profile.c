/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where the processor is, for a profile of the guest. A signal handler asks at any point of the
 * host's code: in a block, in the runtime that is emitted, or in C. While C is called from
 * translated code, the word below hot.host_rsp is the return address in the bridge that called it;
 * a bridge that was called itself has left its own return address, in the block, in
 * hot.code_return. A check in the runtime that a block has called has the block's on top of the
 * stack of translated code. These stay readable, so that a word that is not there yet is a wrong
 * number, which has to be checked. Tables may be half changed: indexes are checked against their
 * sizes.
 */
#include <string.h>

#include "code/bt.h"
#include "code/cache.h"
#include "code/calls.h"
#include "code/classes.h"
#include "code/returns.h"
#include "profile.h"

#define STACK_MAX (1 << 20) /* of C code that translated code has called, bytes */

struct where {
	const struct tsr_bt *bt;
	const uint8_t *rsp; /* hot.host_rsp; NULL: translated code has not called C */
	struct tsr_cpu_place *place;
};

/* -- the emitted runtime */

#define AT(member) offsetof(struct bt_runtime, member)
/* clang-format off */
static const struct {
	size_t at; /* in struct bt_runtime: the cache offset at which the routine starts */
	const char *cause;
} routines[] = {
	{ AT(enter), "entry" }, { AT(leave), "exit" }, { AT(lookup), "look-up" }, { AT(chain), "link" },
	{ AT(diverted), "code was written" }, { AT(poll), "request at a back edge" }, { AT(spent), "budget" },
	{ AT(miss), "memory: slow path" }, { AT(promote), "memory: window" }, { AT(helper), "helper" },
	{ AT(bail), "exit to the interpreter" }, { AT(done), "end of a block" }, { AT(jump), "jump cache" },
	{ AT(window[0]), "memory: window" }, { AT(window[1]), "memory: window" },
	{ AT(sysenter), "SYSENTER and SYSEXIT" }, { AT(ts), "CR0.TS" }, { AT(checks_start), "memory: called check" }, { AT(checks_end), "MOVS and STOS" }, { AT(fp_load), "FP load" },
};

static const char *const helpers[] = {
#define ROW(name, function, may) [BT_CALL_##name] = "helper: " #name,
	BT_CALLS(ROW)
#undef ROW
};
/* clang-format on */

/* The routine that the offset lies in: the one that starts last before it. */
static const char *routine_at(const struct tsr_bt *bt, uint64_t offset)
{
	const char *cause = "runtime";
	uint32_t latest = 0;

	for (size_t i = 0; i < sizeof(routines) / sizeof(*routines); i++) {
		uint32_t start;

		memcpy(&start, (const uint8_t *)&bt->rt + routines[i].at, sizeof(start));
		if (start > offset || (i && start <= latest))
			continue;
		latest = start;
		cause = routines[i].cause;
	}
	return cause;
}

static bool in_runtime(const struct tsr_bt *bt, uint64_t offset)
{
	return offset < bt->cache.start;
}

static bool in_blocks(const struct tsr_bt *bt, uint64_t offset)
{
	return offset >= bt->cache.start && offset < bt->cache.size;
}

/* A return address on a stack, as an offset in the cache; beyond its size: none. */
static uint64_t return_at(const struct tsr_bt *bt, const uint8_t *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	return word - (uintptr_t)bt->cache.rx;
}

/* -- blocks */

static const struct bt_block *block_at(const struct tsr_bt *bt, uint64_t offset)
{
	uint32_t i = bt->cache.stretches[offset / BT_STRETCH];

	while (i + 1 < bt->cache.block_count && bt->cache.blocks[i + 1].host <= offset)
		i++;
	return i < bt->cache.block_max ? &bt->cache.blocks[i] : NULL;
}

static uint32_t eip_at(const struct tsr_bt *bt, const struct bt_block *b, uint64_t offset)
{
	uint32_t eip = bt_block_eip(bt, b);

	if ((uint64_t)b->offsets + b->insns <= bt->cache.offset_max)
		tsr_bt_cache_insn_at(bt, b, (uint32_t)offset, &eip);
	return eip;
}

/* False: there is no block. */
static bool place_in_block(const struct where *w, uint64_t offset)
{
	uint32_t base = w->bt->state.segment[TSR_CS].base;
	const struct bt_block *b = block_at(w->bt, offset);

	if (!b)
		return false;
	w->place->block = base + bt_block_eip(w->bt, b);
	w->place->address = base + eip_at(w->bt, b, offset);
	w->place->tier = b->hot ? "translated, hot" : "translated";
	return true;
}

/* -- C */

/* Whether the bridge of that cause is called by a block: the others are jumped to. */
static bool is_called(const struct tsr_bt *bt, const char *cause)
{
	return cause == routine_at(bt, bt->rt.miss) || cause == routine_at(bt, bt->rt.promote) ||
	       cause == routine_at(bt, bt->rt.helper);
}

/* What was called from translated code: by whom, and why. */
static void find_caller(const struct where *w)
{
	const struct bt_runtime *rt = &w->bt->rt;
	uint64_t bridge = return_at(w->bt, w->rsp - 8);
	uint64_t caller = w->bt->hot.code_return - (uintptr_t)w->bt->cache.rx;

	w->place->tier = "runtime";
	if (!in_runtime(w->bt, bridge))
		return;
	w->place->cause = routine_at(w->bt, bridge);
	if (is_called(w->bt, w->place->cause) && in_blocks(w->bt, caller - 1)) {
		place_in_block(w, caller - 1);
		w->place->tier = "runtime";
	}
	if (bridge >= rt->helper && w->place->cause == routine_at(w->bt, rt->helper)) {
		uint32_t call = BT_CALL_OF((uint32_t)w->bt->hot.saved_r8);

		if (call < BT_CALL_ROWS)
			w->place->cause = helpers[call];
	}
}

static const char *why_interpreted(const struct tsr_bt *bt)
{
	if (bt->mode.word & BT_MODE_STEP)
		return "single steps";
	if (bt->state.shadow)
		return "interrupt shadow";
	if (bt->hot.exit_reason != BT_EXIT_BAIL || bt->hot.exit_value >= tsr_bt_mnemonic_count())
		return "code seen for the first time, or written";
	return bt->hot.exit_value ? tsr_bt_mnemonic_name((uint16_t)bt->hot.exit_value)
				  : "page straddled or unknown";
}

static void place_in_c(const struct where *w)
{
	const struct tsr_bt *bt = w->bt;

	w->place->tier = "runtime";
	w->place->cause = "run loop";
	if (w->rsp)
		find_caller(w);
	switch (bt->run.doing) {
	case BT_DOING_TRANSLATE:
		w->place->tier = "translator";
		break;
	case BT_DOING_INTERPRET:
		w->place->tier = "interpreter";
		if (!w->rsp)
			w->place->cause = why_interpreted(bt);
		break;
	case BT_DOING_DELIVER:
		w->place->cause = "interrupts and faults";
		break;
	default:
		break;
	}
}

static void place_in_runtime(const struct where *w, uint64_t offset, uint64_t sp)
{
	const uint8_t *top = (const uint8_t *)(uintptr_t)sp;
	uint64_t caller = tsr_bt_returns_has(w->bt, sp) ? return_at(w->bt, top) : UINT64_MAX;

	if (in_blocks(w->bt, caller - 1))
		place_in_block(w, caller - 1);
	w->place->tier = "runtime";
	w->place->cause = routine_at(w->bt, offset);
}

static void sample(void *self, uint64_t pc, uint64_t sp, struct tsr_cpu_place *place)
{
	const struct tsr_bt *bt = self;
	uint64_t offset = pc - (uintptr_t)bt->cache.rx, top = (uintptr_t)bt->hot.host_rsp;
	struct where w = { .bt = bt, .place = place };

	if (bt->run.inside && sp <= top && top - sp < STACK_MAX)
		w.rsp = bt->hot.host_rsp;
	tsr_cpu_place_set_mode(place, &bt->state);
	place->address = place->block = bt->state.segment[TSR_CS].base + bt->state.eip;
	place->cause = NULL;
	if (in_runtime(bt, offset))
		place_in_runtime(&w, offset, sp);
	else if (!in_blocks(bt, offset) || !place_in_block(&w, offset))
		place_in_c(&w);
}

const struct tsr_cpu_profile tsr_bt_profile = { .size = sizeof(tsr_bt_profile), .sample = sample };
