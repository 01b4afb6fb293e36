/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Folders of machines that are being made: what folder.c and the import share. [any] */
#ifndef TSR_LIBRARY_FOLDER_PRIVATE_H
#define TSR_LIBRARY_FOLDER_PRIVATE_H

#include "model/folder.h"

#define TSR_FOLDER_UNFINISHED_PREFIX ".new-"
#define TSR_FOLDER_UNFINISHED TSR_FOLDER_UNFINISHED_PREFIX "XXXXXX"

/* Until a folder is finished or removed, it is marked as being made. What is hidden, not marked by
 * any process, and older than an hour, a sweep of its parent removes. */
void tsr_folder_mark(const char *folder);
void tsr_folder_unmark(const char *folder);
void tsr_folder_sweep(const char *parent);

/* A new, hidden folder in `parent`, which is made if it is missing; what others left there is
 * removed. NULL with error. */
char *tsr_folder_begin(const char *parent, GError **error);
/* Gives it its name; returns the path. NULL with error: it is as it was. */
char *tsr_folder_finish(const char *unfinished, const char *parent, const char *name,
			GError **error);
/* Removes a folder that was begun, or one in it, with all that is in it. Links are removed, not
 * followed. */
void tsr_folder_remove(const char *folder);
/* Makes the image of an empty disk. FALSE with error. */
gboolean tsr_folder_make_disk(const char *path, guint64 bytes, GError **error);
/* The path of the manifest of a machine with that name. */
char *tsr_folder_manifest(const char *folder, const char *name);

/* Files of a folder, as paths relative to it. */
struct tsr_folder_files {
	char **names, **folders; /* the latter above what is in them */
	goffset bytes;
};

/* What a copy of a machine has besides its manifest: neither a log nor what is hidden, and a
 * suspended state only if it is asked for. */
void tsr_folder_list(const char *folder, const char *manifest, gboolean with_state,
		     struct tsr_folder_files *files);
void tsr_folder_files_clear(struct tsr_folder_files *files);
/* Copies them, and the manifest with another title under the name that follows from it, into a new
 * folder in `parent`. Returns its path; NULL with error: nothing is left of it. */
char *tsr_folder_copy(const char *folder, const char *manifest,
		      const struct tsr_folder_files *files, const char *parent, const char *title,
		      struct tsr_progress *progress, GCancellable *cancellable, GError **error);

#endif
