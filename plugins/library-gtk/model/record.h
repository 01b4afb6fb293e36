/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the folder of a machine says about it. It is read on another thread than the main loop's,
 * and does not change afterwards. */
#ifndef TSR_LIBRARY_RECORD_H
#define TSR_LIBRARY_RECORD_H

#include <gio/gio.h>

struct tsr_machine_record {
	char *folder;
	char *manifest; /* NULL: damaged */
	char *title, *details, *memory;
	char *damage;    /* a sentence that says why it cannot be started; NULL: it can */
	GBytes *picture; /* the last one, PNG; NULL: none. It may be damaged, too */
	gint64 used;     /* when it was last started, or made; seconds since 1970 */
	gboolean is_suspended;
	gboolean
		is_installing; /* it starts an installation without questions, until that is done */
};

/* Waits for the file system. [any] */
struct tsr_machine_record *tsr_machine_record_read(const char *folder);
void tsr_machine_record_free(struct tsr_machine_record *record);
/* The records of all machines in a folder, whole or damaged: of each folder that is not hidden and
 * has a manifest, or a disk of a machine. A folder that does not exist has none. NULL with error.
 * Waits for the file system. [any] */
GPtrArray *tsr_machine_record_read_all(const char *folder, GError **error);

#endif
