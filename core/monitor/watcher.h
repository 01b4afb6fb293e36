/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One who watches: a pipe or socket with the stream of record.h, a bounded queue before it, and a
 * thread that empties the queue. What does not fit is dropped and counted, so that nobody who does
 * not read can stall the machine; a record says where how many are missing.
 */
#ifndef TSR_MONITOR_WATCHER_H
#define TSR_MONITOR_WATCHER_H

#include "monitor/pattern.h"

#define TSR_WATCHER_QUEUE (4u << 20) /* bytes */

struct tsr_watcher;

/* The stream begins with `front`. The queue has `room` bytes, which front fits into; half of it is
 * filled while the other is written. Takes the patterns, which may be NULL, not fd. `ended` is
 * called once, on the watcher's thread, when the reader has gone; not when it is freed before. NULL
 * and error: there is no thread or descriptor left; the patterns stay the caller's. */
struct tsr_watcher *tsr_watcher_new(int fd, struct tsr_patterns *patterns, const void *front,
				    size_t front_length, size_t room, void (*ended)(gpointer user),
				    gpointer user, GError **error);
/* What is queued still arrives, if the reader takes it within a second. */
void tsr_watcher_free(struct tsr_watcher *watcher);
const struct tsr_patterns *tsr_watcher_get_patterns(const struct tsr_watcher *watcher);
/* Queues bytes that are no record of record.h, in two pieces, if `spare` bytes are left behind
 * them; FALSE: they do not fit, and nothing is queued. [any] */
gboolean tsr_watcher_put(struct tsr_watcher *watcher, const void *head, size_t head_length,
			 const void *data, size_t data_length, size_t spare);
/* Whether somebody can still read. [any] */
gboolean tsr_watcher_has_reader(const struct tsr_watcher *watcher);
gboolean tsr_watcher_has_ended(struct tsr_watcher *watcher);
/* Queues the event, or counts it as lost; does not ask the patterns. [any] */
void tsr_watcher_tell(struct tsr_watcher *watcher, const struct tsr_monitor_event *event,
		      uint64_t time_ns);

#endif
