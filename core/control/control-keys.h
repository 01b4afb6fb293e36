/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Typing into a machine: names and ASCII to key events, at the pace of a typist, because a PC's
 * keyboard holds 16 bytes. */
#ifndef TSR_CONTROL_CONTROL_KEYS_H
#define TSR_CONTROL_CONTROL_KEYS_H

#include <tessera-glib/machine.h>

typedef struct TsrTypist TsrTypist;

TsrTypist *tsr_typist_new(TsrMachine *machine);
/* What is not yet typed is dropped without calling done. */
void tsr_typist_free(TsrTypist *typist);

/* Both queue key events and call done(user) when the last is sent; FALSE with error: nothing was
 * queued. [main] */
gboolean tsr_typist_press(TsrTypist *typist, const char *names, void (*done)(gpointer user),
			  gpointer user, GError **error);
gboolean tsr_typist_type(TsrTypist *typist, const char *text, void (*done)(gpointer user),
			 gpointer user, GError **error);

#endif
