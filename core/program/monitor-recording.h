/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes the recording that a machine streams (recording/file.h) into a file, and ends it. */
#ifndef TSR_PROGRAM_MONITOR_RECORDING_H
#define TSR_PROGRAM_MONITOR_RECORDING_H

#include "recording/file.h"

struct monitor_recording;

/* Of at most `limit` bytes, but always with what stands before the events. The file appears under
 * its name when it is complete. NULL and errno. */
struct monitor_recording *monitor_recording_new(const char *path, guint64 limit);
/* FALSE: the recording has ended, or cannot be written. */
gboolean monitor_recording_add(struct monitor_recording *recording, const guint8 *bytes,
			       gsize length);
/* Ends it, if nothing has yet; what is left of an event is dropped. */
void monitor_recording_end(struct monitor_recording *recording, enum tsr_recording_end why);
/* Ends it as stopped, if nothing has yet; says what was recorded, or what went wrong. Returns the
 * exit status. */
int monitor_recording_report(struct monitor_recording *recording);
/* What is not complete is removed. */
void monitor_recording_free(struct monitor_recording *recording);

#endif
