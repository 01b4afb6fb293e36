/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a watcher wants to see. A pattern is one of
 *   KIND             all of a kind: ports, mmio, irq, dma, packets, block, chars, signal
 *   KIND:FROM[-TO]   ports, mmio, dma: addresses, hexadecimal, both ends included
 *   KIND:GLOB        other kinds: the device; irq: also the input, as in irq:pic0:4
 *   DEVICE[.WHAT]    globs: of a device all, or a kind or a resource of it
 *   !PATTERN         not that
 * A glob has * and ?. What no pattern without ! has is not wanted, unless there are only such with
 * !; those with ! take away from the others.
 */
#ifndef TSR_MONITOR_PATTERN_H
#define TSR_MONITOR_PATTERN_H

#include <glib.h>

#include "monitor/record.h"

#define TSR_PATTERNS_MAX 64

struct tsr_patterns;

/* What happened, or could happen. Strings belong to the caller. */
struct tsr_monitor_event {
	enum tsr_monitor_kind kind;
	enum tsr_monitor_op op;
	unsigned width;
	const char *device, *what;
	uint64_t address, value, length;
	const void *data;
	size_t data_length;
};

extern const char *const tsr_monitor_kind_names[TSR_MONITOR_KINDS];

/* texts: NULL-terminated. NULL and an error of TSR_MACHINE_ERROR that says what a pattern is. */
struct tsr_patterns *tsr_patterns_new(const char *const *texts, GError **error);
void tsr_patterns_free(struct tsr_patterns *patterns);
/* Whether the event is wanted. */
gboolean tsr_patterns_match(const struct tsr_patterns *patterns,
			    const struct tsr_monitor_event *event);
/* Whether one with this kind, device and resource could be, whatever its address and data. what may
 * be NULL: any. */
gboolean tsr_patterns_may_match(const struct tsr_patterns *patterns, enum tsr_monitor_kind kind,
				const char *device, const char *what);

#endif
