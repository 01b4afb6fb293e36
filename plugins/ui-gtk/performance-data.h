/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a machine tells of its time: its profile as a table, and its counters. [any] */
#ifndef UI_PERFORMANCE_DATA_H
#define UI_PERFORMANCE_DATA_H

#include <glib.h>

/* What can be told apart, as rows of a list. */
typedef enum {
	UI_TIME_TIERS,
	UI_TIME_MODES,
	UI_TIME_DEVICES,
	UI_TIME_CAUSES,
	UI_TIME_SECTIONS,
} UiTimeSection;

struct ui_performance_data {
	gboolean is_running;
	guint64 elapsed_ns; /* of the host's time, since the profile's start */
	guint64 cpu_ns; /* that the guest's processor had of it: the sum of each section but devices
			 */
	GHashTable *times[UI_TIME_SECTIONS]; /* name: guint64 *, nanoseconds */
	GHashTable *counters;                /* name: guint64 * */
};

/* profile: of the format "tsv"; stats: lines "NAME VALUE". What is none of these is left out. */
struct ui_performance_data *ui_performance_data_new(const char *profile, const char *stats);
void ui_performance_data_free(struct ui_performance_data *data);

/* NULL is allowed, and a name that there is not: 0. */
guint64 ui_performance_time(const struct ui_performance_data *data, UiTimeSection section,
			    const char *name);
/* FALSE: the machine has no such counter. */
gboolean ui_performance_counter(const struct ui_performance_data *data, const char *name,
				guint64 *value);

#endif
