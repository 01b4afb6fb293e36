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

#endif
