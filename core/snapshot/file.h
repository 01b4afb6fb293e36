/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Small steps with files that snapshots are made of. Those that return FALSE without an error set
 * errno. */
#ifndef TSR_SNAPSHOT_FILE_H
#define TSR_SNAPSHOT_FILE_H

#include <glib.h>
#include <string.h>

#include <tessera-glib/machine.h>

/* "PATH: cannot WHAT: …"; returns FALSE. */
gboolean tsr_file_fail(const char *path, const char *what, int number, GError **error);
/* All of it, or FALSE. */
gboolean tsr_file_read(int fd, void *to, gsize length, guint64 offset);
gboolean tsr_file_write(int fd, const void *from, gsize length, guint64 offset);
/* The whole contents, holes as holes, on stable storage. */
gboolean tsr_file_copy(int from, int to);
/* The names in the folder that a path is in. */
gboolean tsr_file_sync_folder(const char *path);
/* A second name for a file that is not written any more, or a copy. Replaces `to`. */
gboolean tsr_file_link(const char *from, const char *to, GError **error);
/* Replaces a file as a whole, on stable storage. */
gboolean tsr_file_replace(const char *path, const char *text, gsize length, GError **error);
/* Whether the folder's file system has room for so many bytes more; the error says how much is
 * missing. */
gboolean tsr_file_has_room(const char *folder, guint64 bytes, GError **error);

#endif
