/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Questions and messages over a window. Nothing waits: the answer calls a function. Texts are
 * copied. [main] */
#ifndef TSR_LIBRARY_DIALOGS_H
#define TSR_LIBRARY_DIALOGS_H

#include <adwaita.h>

/* Says that something was not done, and why. The dialog, which goes by itself. (transfer none) */
GtkWindow *tsr_dialog_tell(GtkWidget *over, const char *heading, const char *body);

/* Asks whether to do something that cannot be undone; `yes` is the verb of the button. Calls `done`
 * with `object` if so, of which a reference is held meanwhile. */
void tsr_dialog_ask(GtkWidget *over, const char *heading, const char *body, const char *yes,
		    void (*done)(gpointer object), gpointer object);

/* Asks for a line of text, and calls `done` with it, cleaned as a title, unless the user cancels.
 * An empty one cannot be given. */
void tsr_dialog_ask_title(GtkWidget *over, const char *heading, const char *title, const char *yes,
			  void (*done)(gpointer object, const char *title), gpointer object);
/* The same of a text that may be empty; the heading names it. */
void tsr_dialog_ask_note(GtkWidget *over, const char *heading, const char *note, const char *yes,
			 void (*done)(gpointer object, const char *note), gpointer object);

#endif
