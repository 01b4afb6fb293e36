/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A command of `tessera` in a process of its own, for what it prints. [main] */
#ifndef TSR_LIBRARY_PROGRAM_CALL_H
#define TSR_LIBRARY_PROGRAM_CALL_H

#include <gio/gio.h>

/* words: program and arguments, NULL-terminated; copied. Cancelling ends the process. */
void tsr_program_call(const char *const *words, GCancellable *cancellable,
		      GAsyncReadyCallback callback, gpointer user);
/* What it printed; NULL with error: the last line of its standard error, without the program's
 * name. */
char *tsr_program_call_finish(GAsyncResult *result, GError **error);

#endif
