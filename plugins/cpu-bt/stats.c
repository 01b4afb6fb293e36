/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Counters for --stats. */
#include <stdio.h>

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
	ROW("code pages written", code_writes), ROW("running blocks left", left_behind), ROW("blocks emitted twice", stretched),
	ROW("blocks cut short", cut_short),
	ROW("string helpers", strings), ROW("system helpers", system),
	ROW("faults in translated code", faults), ROW("interrupts", interrupts), ROW("instructions interpreted", interpreted),
	ROW("FP state stored", fp_unloads), ROW("exits: look-up", exits[BT_EXIT_LOOKUP]), ROW("exits: interpreter", exits[BT_EXIT_BAIL]),
	ROW("lockstep: blocks compared", compared), ROW("lockstep: blocks not comparable", skipped),
	ROW("lockstep: blocks with devices", left_alone), ROW("exits: fault", exits[BT_EXIT_FAULT]), ROW("exits: rest of a block", exits[BT_EXIT_REST]),
};
/* clang-format on */

void tsr_bt_stats(void *self, void (*put)(void *user, const char *name, uint64_t value), void *user)
{
	struct tsr_bt *bt = self;
	char name[64];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uint64_t value;

		__builtin_memcpy(&value, (const uint8_t *)&bt->stats + rows[i].at, sizeof(value));
		put(user, rows[i].name, value);
	}
	for (uint16_t m = 0; m < tsr_bt_mnemonic_count(); m++) {
		if (!bt->fallbacks[m])
			continue;
		snprintf(name, sizeof(name), "interpreted: %s",
			 m ? tsr_bt_mnemonic_name(m) : "page straddled or unknown");
		put(user, name, bt->fallbacks[m]);
	}
}
