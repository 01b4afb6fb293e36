/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Counters for --stats. The time that translation takes is elapsed time: on a host that does other
 * things too it includes those. */
#include <stdio.h>
#include <time.h>

#include "code/cache.h"
#include "code/classes.h"
#include "stats.h"

#define ROW(label, member) \
	{ \
		label, offsetof(struct bt_stats, member) \
	}
/* clang-format off */
static const struct {
	const char *name;
	size_t at;
} rows[] = {
	ROW("blocks translated", translations), ROW("instructions translated", insns), ROW("guest bytes translated", guest_bytes),
	ROW("host bytes emitted", host_bytes), ROW("cache flushes", flushes), ROW("tags started again", tag_wraps), ROW("blocks invalidated", invalidations),
	ROW("entries", entries), ROW("look-ups", lookups), ROW("links requested", chains), ROW("memory misses", misses),
	ROW("memory bounces", bounces), ROW("memory commits", commits), ROW("group failures", group_failures),
	ROW("code pages written", code_writes), ROW("running blocks left", left_behind), ROW("blocks emitted twice", stretched), ROW("blocks shared by addresses", shared), ROW("passages to and from them", passages),
	ROW("blocks cut short", cut_short), ROW("blocks translated as hot", hot), ROW("samples", samples),
	ROW("hot blocks: instructions", hot_insns), ROW("hot blocks: guest bytes", hot_guest_bytes), ROW("hot blocks: host bytes", hot_host_bytes),
	ROW("blocks in the window", windowed), ROW("window: failed checks looked at", window_looks),
	ROW("window: blocks for operands that are not aligned", window_forms[BT_WINDOW_ENDS]),
	ROW("window: blocks that gave it up", window_forms[BT_WINDOW_PLAIN]), ROW("window: promotions", promotions), ROW("window: promotions refused", promotions_failed),
	ROW("blocks without checks", unchecked), ROW("signals of code without checks", signals), ROW("pages mapped for code without checks", exposures),
	ROW("blocks that cut sums to 32 bits", window_forms[BT_WINDOW_WRAPPED]), ROW("blocks that got checks again", window_forms[BT_WINDOW_ALIGNED]),
	ROW("targets: jumps looked at", target_looks), ROW("targets: noted in a map", targets), ROW("targets: maps emptied", targets_emptied),
	ROW("string helpers", strings), ROW("system helpers", system), ROW("changes of the mode without C", crossings),
	ROW("waits of the guest for its clock", waits),
	ROW("faults in translated code", faults), ROW("interrupts", interrupts), ROW("instructions interpreted", interpreted),
	ROW("gates: INT n, ring 0", gates[BT_GATE_INT][0]), ROW("gates: INT n, outer ring", gates[BT_GATE_INT][1]),
	ROW("gates: divide error, ring 0", gates[BT_GATE_DIVIDE][0]), ROW("gates: divide error, outer ring", gates[BT_GATE_DIVIDE][1]),
	ROW("gates: page fault, ring 0", gates[BT_GATE_PAGE][0]), ROW("gates: page fault, outer ring", gates[BT_GATE_PAGE][1]),
	ROW("gates: external interrupt, ring 0", gates[BT_GATE_EXTERNAL][0]),
	ROW("gates: external interrupt, outer ring", gates[BT_GATE_EXTERNAL][1]),
	ROW("FP state stored", fp_unloads), ROW("exits: look-up", exits[BT_EXIT_LOOKUP]), ROW("exits: interpreter", exits[BT_EXIT_BAIL]),
	ROW("lockstep: blocks compared", compared), ROW("lockstep: blocks not comparable", skipped),
	ROW("lockstep: blocks with devices", left_alone), ROW("exits: fault", exits[BT_EXIT_FAULT]), ROW("exits: rest of a block", exits[BT_EXIT_REST]),
};
/* clang-format on */

static const char *const parts[] = {
#define PART(name, text) [BT_PART_##name] = text,
	BT_PARTS(PART)
#undef PART
};

static uint64_t clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void tsr_bt_stats_start(struct tsr_bt *bt)
{
	bt->stats.start_ns = clock_ns();
	bt->stats.start_ticks = __builtin_ia32_rdtsc();
}

/* The time-stamp counter's rate is what it was since the start, on average. */
static uint64_t translation_us(const struct bt_stats *s, uint64_t spent)
{
	uint64_t ticks = __builtin_ia32_rdtsc() - s->start_ticks;
	double ns = (double)(clock_ns() - s->start_ns);

	return ticks ? (uint64_t)((double)spent * ns / (double)ticks / 1000) : 0;
}

void tsr_bt_stats(void *self, void (*put)(void *user, const char *name, uint64_t value), void *user)
{
	struct tsr_bt *bt = self;
	char name[64];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uint64_t value;

		__builtin_memcpy(&value, (const uint8_t *)&bt->stats + rows[i].at, sizeof(value));
		put(user, rows[i].name, value);
	}
	put(user, "microseconds of translation",
	    translation_us(&bt->stats, bt->stats.translation_ticks));
	put(user, "hot blocks: microseconds of translation",
	    translation_us(&bt->stats, bt->stats.hot_ticks));
	put(user, "host bytes for 100 guest bytes",
	    bt->stats.guest_bytes ? 100 * bt->stats.host_bytes / bt->stats.guest_bytes : 0);
	put(user, "code cache: bytes", bt->cache.size);
	put(user, "code cache: bytes used", bt->cache.used);
	put(user, "code cache: blocks", bt->cache.block_count);
	put(user, "code cache: bytes of tables", tsr_bt_cache_table_bytes(&bt->cache));
	put(user, "code cache: rows that few sites have", bt->cache.more_count - 1);
	for (unsigned i = 0; i < BT_PART_ROWS; i++) {
		snprintf(name, sizeof(name), "host bytes: %s", parts[i]);
		put(user, name, bt->stats.part_bytes[i]);
	}
	for (uint16_t m = 0; m < tsr_bt_mnemonic_count(); m++) {
		if (!bt->fallbacks[m])
			continue;
		snprintf(name, sizeof(name), "interpreted: %s",
			 m ? tsr_bt_mnemonic_name(m) : "page straddled or unknown");
		put(user, name, bt->fallbacks[m]);
	}
}
