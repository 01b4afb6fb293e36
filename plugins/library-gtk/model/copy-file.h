/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copies disk images: large files with holes. */
#ifndef TSR_LIBRARY_COPY_FILE_H
#define TSR_LIBRARY_COPY_FILE_H

#include <gio/gio.h>

/* How much of an operation is done, 0 to 1. Called on the thread of the operation. */
struct tsr_progress {
	void (*report)(gpointer user, double done);
	gpointer user;
	goffset total, done; /* bytes, of all files of the operation */
};

/* So many bytes more are done, which is reported. progress may be NULL. */
void tsr_progress_advance(struct tsr_progress *progress, goffset bytes);

/* Copies a file to one that does not exist. File systems that can share blocks do so, and holes
 * stay holes. FALSE with error: there is no new file. progress may be NULL. Not on the main loop.
 */
gboolean tsr_library_copy_file(const char *from, const char *to, struct tsr_progress *progress,
			       GCancellable *cancellable, GError **error);

#endif
