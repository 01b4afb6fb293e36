/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads the stream of monitor/record.h, which a machine of another version may write. */
#ifndef TSR_PROGRAM_MONITOR_STREAM_H
#define TSR_PROGRAM_MONITOR_STREAM_H

#include <glib.h>

#include "monitor/record.h"

/* A record, whose strings and data are valid until the next one. */
struct monitor_event {
	struct tsr_monitor_record record; /* members that its version lacks are 0 */
	const char *device, *what;
	const uint8_t *data;
};

struct monitor_stream {
	int fd;
	struct tsr_monitor_header header;
	gboolean has_header;
	GByteArray *bytes; /* not yet taken */
	guint at;          /* in bytes */
	char device[256], what[256];
};

void monitor_stream_init(struct monitor_stream *stream, int fd);
void monitor_stream_finish(struct monitor_stream *stream);
/* Reads what is there. FALSE: the stream has ended, or is none; then with a text. */
gboolean monitor_stream_read(struct monitor_stream *stream, const char **wrong);
/* The next event of what was read. FALSE: there is none; *wrong as above. */
gboolean monitor_stream_next(struct monitor_stream *stream, struct monitor_event *event,
			     const char **wrong);
/* The host's wall clock at a guest time, ns since 1970. */
uint64_t monitor_stream_wall(const struct monitor_stream *stream, uint64_t time_ns);

#endif
