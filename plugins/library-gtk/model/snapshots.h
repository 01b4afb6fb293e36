/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The snapshots of a machine. `tessera snapshot` does the work in a process of its own, or `tessera
 * ctl SOCKET snapshot` while the machine runs, so that nothing waits here. [main]
 */
#ifndef TSR_LIBRARY_SNAPSHOTS_H
#define TSR_LIBRARY_SNAPSHOTS_H

#include "model/machine.h"

struct tsr_snapshot {
	guint id, depth; /* depth 0: it has no parent that is shown */
	char *name, *details, *note;
	char *picture; /* path; empty: none */
	gboolean is_current;
};

/* words: a command of `tessera snapshot` with its arguments, NULL-terminated; copied. The source of
 * the callback is the machine. */
void tsr_snapshots_run(TsrLibraryMachine *machine, const char *const *words,
		       GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user);
/* What the command printed; NULL with error: a sentence for the user. */
char *tsr_snapshots_run_finish(GAsyncResult *result, GError **error);

/* struct tsr_snapshot, children after their parent, from what "list --gvariant" has printed. */
GPtrArray *tsr_snapshots_parse(const char *text);
/* The folder for a linked clone, beside the machine's. Looks at the file system. */
char *tsr_snapshots_clone_folder(TsrLibraryMachine *machine, const char *title);

#endif
