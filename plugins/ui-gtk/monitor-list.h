/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The bus monitor's list: a line for each of the latest events. It follows its end, unless the user
 * has left it. For the main loop. */
#ifndef UI_MONITOR_LIST_H
#define UI_MONITOR_LIST_H

#include <gtk/gtk.h>

#define UI_MONITOR_LINES_MAX 2000u /* more events are kept for the file */

struct ui_monitor_list;

/* In widgets that live longer. */
struct ui_monitor_list *ui_monitor_list_new(GtkListView *list, GtkScrolledWindow *scroller);
/* The widgets stay. */
void ui_monitor_list_free(struct ui_monitor_list *list);
/* events: TsrWatchEvent, oldest first. */
void ui_monitor_list_add(struct ui_monitor_list *list, GPtrArray *events);
void ui_monitor_list_clear(struct ui_monitor_list *list);

#endif
