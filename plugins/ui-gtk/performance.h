/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts of the performance page (performance.c). [main] */
#ifndef UI_PERFORMANCE_H
#define UI_PERFORMANCE_H

#include "performance-data.h"
#include "ui.h"

/* -- performance-view.c: the page's graph and lists, a composite template */
#define UI_TYPE_PERFORMANCE_VIEW (ui_performance_view_get_type())
G_DECLARE_FINAL_TYPE(UiPerformanceView, ui_performance_view, UI, PERFORMANCE_VIEW, GtkWidget)

/* interval_ms: how often there will be data. */
GtkWidget *ui_performance_view_new(guint interval_ms);
/* Takes the data, and shows them beside those before, if they are of the same profile. */
void ui_performance_view_take(UiPerformanceView *self, struct ui_performance_data *data);
/* Shows nothing but that sentence. */
void ui_performance_view_refuse(UiPerformanceView *self, const char *sentence);
/* A line below the graph. */
void ui_performance_view_say(UiPerformanceView *self, const char *sentence, gboolean is_error);
/* "Pause the profile" is pressed. */
gboolean ui_performance_view_is_held(UiPerformanceView *self);
/* Whether "Start anew" can be pressed. */
void ui_performance_view_allow_anew(UiPerformanceView *self, gboolean allowed);

/* Signals of UiPerformanceView: "held", when "Pause the profile" is pressed or released, and
 * "anew". */

/* -- performance-save.c: asks for a file, and writes the profile of the machine as it is then, on
 * another thread. format: one of tsr_machine_get_profile(). */
void ui_performance_save(struct ui *ui, const char *format);

#endif
