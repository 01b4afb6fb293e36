/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The functions of model/medium.h on another thread. [main] */
#ifndef TSR_LIBRARY_MEDIA_TASK_H
#define TSR_LIBRARY_MEDIA_TASK_H

#include "model/medium.h"

/* One file. */
void tsr_media_read(const char *path, GCancellable *cancellable, GAsyncReadyCallback callback,
		    gpointer user);
struct tsr_medium *tsr_media_read_finish(GAsyncResult *result, GError **error);

/* The newest discs in the user's folder for downloads that can be booted: struct tsr_medium. */
void tsr_media_list(GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user);
/* NULL with error. */
GPtrArray *tsr_media_list_finish(GAsyncResult *result, GError **error);

#endif
