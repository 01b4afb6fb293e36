/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A list of quantities under a heading: of each what it is now, and in all. [main] */
#ifndef UI_METERS_H
#define UI_METERS_H

#include <gtk/gtk.h>

#define UI_METERS_MAX 10u /* rows */

struct ui_meters;

/* One row. */
struct ui_meter {
	const char *name;
	const char *color; /* of its line in a graph; NULL: it has none */
	double part;       /* 0 to 1, shown as a bar; negative: none */
	const char *now, *all;
};

/* now, all: what the columns are called. It lives as long as its widget, which is hidden while it
 * has no rows. */
struct ui_meters *ui_meters_new(const char *heading, const char *now, const char *all);
GtkWidget *ui_meters_get_widget(struct ui_meters *meters);
/* The rows from now on, at most UI_METERS_MAX. Those that are there are used again, so that the
 * keyboard stays where it is. */
void ui_meters_set(struct ui_meters *meters, const struct ui_meter *rows, guint count);

#endif
