/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How many events of a watched machine crossed each connection and line, and how many bytes. */
#ifndef TSR_PROGRAM_MONITOR_COUNTS_H
#define TSR_PROGRAM_MONITOR_COUNTS_H

#include <tessera-glib/watch.h>

enum monitor_group { MONITOR_ACCESSES, MONITOR_DMA, MONITOR_LINES, MONITOR_LINKS };

struct monitor_count {
	uint64_t events, bytes;
};

struct monitor_counts;

struct monitor_counts *monitor_counts_new(void);
void monitor_counts_free(struct monitor_counts *counts);
void monitor_counts_add(struct monitor_counts *counts, const TsrWatchEvent *event);
/* what: the resource or need; NULL for accesses and DMA, which are counted by device. NULL: nothing
 * was counted. */
const struct monitor_count *monitor_counts_find(const struct monitor_counts *counts,
						enum monitor_group group, const char *device,
						const char *what);
/* Events that the machine could not write, because they were not read in time. */
uint64_t monitor_counts_lost(const struct monitor_counts *counts);
/* Adds a line for each that was counted, sorted: group, DEVICE[.WHAT], events and bytes a second,
 * with tabs between; "lost" is one, too, without a device. All are 0 afterwards. */
void monitor_counts_take_rates(struct monitor_counts *counts, double seconds, GString *text);

#endif
