/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Events of a machine that is watched, as lines: for people, and as JSON. */
#ifndef TSR_PROGRAM_MONITOR_TEXT_H
#define TSR_PROGRAM_MONITOR_TEXT_H

#include "program/monitor-stream.h"

/* Append one line with its end. */
void monitor_add_text(GString *out, const struct monitor_event *event);
void monitor_add_json(GString *out, const struct monitor_event *event);

#endif
