/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a watched machine has told: a thread reads the stream that tsr_machine_watch() writes, and
 * keeps the latest events and how many came of each kind. What is kept is bounded: the oldest go.
 * All functions are for the main loop, and wait for nobody.
 */
#ifndef UI_WATCH_H
#define UI_WATCH_H

#include <tessera-glib/watch.h>

#define UI_WATCH_EVENTS_MAX 20000u
#define UI_WATCH_BYTES_MAX (8u << 20) /* of kept events, with their data */

#define UI_WATCH_KINDS (TSR_WATCH_KIND_SIGNAL + 1) /* that the page shows */

struct ui_watch_counts {
	guint64 kinds[UI_WATCH_KINDS]; /* that came, whether they are still kept or not */
	guint64 lost;                  /* that the machine dropped, because nobody read in time */
	guint kept;                    /* now */
};

struct ui_watch;

struct ui_watch *ui_watch_new(void);
void ui_watch_free(struct ui_watch *watch);
/* The writing end of a new stream, which is the caller's; from now on, events are its. -1: errno
 * says why. */
int ui_watch_begin(struct ui_watch *watch);
/* Reads no more. Does nothing if nothing is read. */
void ui_watch_end(struct ui_watch *watch);
/* Whether the stream was ended by its writer. wrong: a text for g_free(), or NULL: it just ended.
 */
gboolean ui_watch_has_ended(struct ui_watch *watch, char **wrong);
/* Forgets what is kept; the counts go on. */
void ui_watch_clear(struct ui_watch *watch);
void ui_watch_get_counts(struct ui_watch *watch, struct ui_watch_counts *counts);
/* (transfer full): the latest TsrWatchEvents with a serial above that, at most that many, oldest
 * first. Serials count from 1. last: unless NULL, the serial of the latest event that was kept. */
GPtrArray *ui_watch_get_events(struct ui_watch *watch, guint64 above, guint most, guint64 *last);

#endif
