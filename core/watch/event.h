/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A TsrWatchEvent from within: a record of the stream, in one piece of memory. */
#ifndef TSR_WATCH_EVENT_PRIVATE_H
#define TSR_WATCH_EVENT_PRIVATE_H

#include <tessera-glib/watch.h>

#include "monitor/record.h"

/* A GRcBox; strings and data follow the struct. */
struct _TsrWatchEvent {
	struct tsr_monitor_record record;
	uint64_t wall_ns; /* since 1970 */
	size_t size;      /* with what follows, bytes */
	const char *device, *what;
	const uint8_t *data;
};

/* bytes: device, what and data in a row, as long as the record says. Of longer names, 255 bytes
 * are taken. [any] */
TsrWatchEvent *tsr_watch_event_new(const struct tsr_monitor_record *record, const uint8_t *bytes,
				   uint64_t wall_ns);

#endif
