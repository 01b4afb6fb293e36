/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rows of the plugin manager's list. Each has a key, "ID VERSION", or the line that says why a
 * plugin was refused. */
#ifndef TSR_LIBRARY_PLUGIN_LIST_H
#define TSR_LIBRARY_PLUGIN_LIST_H

#include <adwaita.h>

#include "model/parts.h"

/* Once: its headings, and the entry that searches it. */
void tsr_plugin_list_begin(GtkListBox *list, GtkSearchEntry *entry);
/* Makes the rows anew if they would be others, and selects the one with the key, or the first one,
 * whose key is then put there. The caller owns the key, which may be NULL. */
void tsr_plugin_list_fill(GtkListBox *list, const struct tsr_catalogue *catalogue, char **key);
/* Valid as long as the row. */
const char *tsr_plugin_list_key(GtkListBoxRow *row);

#endif
