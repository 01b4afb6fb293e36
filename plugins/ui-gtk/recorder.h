/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writes pictures to a WebM file as they come, with the times at which they came. GStreamer encodes
 * and writes on threads of its own; what it is behind by is left out, never waited for.
 */
#ifndef UI_GTK_RECORDER_H
#define UI_GTK_RECORDER_H

#include <gio/gio.h>

struct recorder;

/* The file is complete, or an error says in a sentence why it is not. [main] */
typedef void (*RecorderEnded)(gpointer data, const GError *error);

/* What uses GStreamer on another thread holds it from before that begins until it is done; what
 * recorder_free() leaves to a thread does so by itself. [any] */
void recorder_hold(void);
void recorder_release(void);
/* Before the process ends, which takes GStreamer and its plugins away: until nobody holds it, but
 * for seconds only. [main] */
void recorder_wait(void);
/* Loads GStreamer. FALSE with error: a sentence that names the package of what is missing. Can take
 * seconds. [any] */
gboolean recorder_prepare(GError **error);
/* Creates the file and the threads that write it, for a video of that size in pixels; pictures of
 * another size are scaled into it. NULL with error: as recorder_prepare(), or the file cannot be
 * written. Can take seconds. [any] */
struct recorder *recorder_new(const char *path, guint width, guint height, GError **error);
/* From now on time passes, and the end is told, once. [main] */
void recorder_begin(struct recorder *r, RecorderEnded ended, gpointer data);
/* XRGB8888 in host byte order, width * 4 bytes a row. They are copied now, or at a later beat if
 * the encoder is behind. [main] */
void recorder_show(struct recorder *r, GBytes *pixels, guint width, guint height);
/* To be called some twenty times a second. [main] */
void recorder_beat(struct recorder *r);
/* Seconds since it began. [main] */
guint recorder_seconds(const struct recorder *r);
/* No more pictures; what is left is encoded. [main] */
void recorder_stop(struct recorder *r);
/* After its end; or before, which waits until the file is complete, but for seconds only. [main] */
void recorder_free(struct recorder *r);

#endif
