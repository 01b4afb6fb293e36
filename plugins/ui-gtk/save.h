/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef UI_GTK_SAVE_H
#define UI_GTK_SAVE_H

#include "ui.h"

/* Texts are static and translated. */
struct ui_saving {
	const char *title;     /* of the dialog */
	const char *done;      /* a sentence with %s for the file's name */
	const char *failed;    /* ... before the reason */
	GUserDirectory folder; /* that the dialog begins with */
	/* Writes the content to path, on a thread of its own. */
	gboolean (*write)(gconstpointer content, const char *path, GError **error);
	gpointer content;            /* owned */
	GDestroyNotify free_content; /* also if nothing is saved */
};

/* Asks for a file, for which it proposes `name`, and says how saving ended. [main loop] */
void ui_save(struct ui *ui, const struct ui_saving *what, const char *name);

/* path: NULL, none was chosen; ui: NULL, the window is gone, and there is no path. Takes data.
 * [main loop] */
typedef void (*UiSaveChosen)(struct ui *ui, const char *path, gpointer data);
/* Asks for a file only. [main loop] */
void ui_save_ask(struct ui *ui, const char *title, GUserDirectory folder, const char *name,
		 UiSaveChosen chosen, gpointer data);

/* (transfer full): a name for what is saved now, of the machine and the time. */
char *ui_save_name(struct ui *ui, const char *suffix);

#endif
