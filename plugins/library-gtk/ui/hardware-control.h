/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows of the hardware editor whose controls change the draft of a machine at once. All functions
 * are for the main loop. */
#ifndef TSR_LIBRARY_HARDWARE_CONTROL_H
#define TSR_LIBRARY_HARDWARE_CONTROL_H

#include <adwaita.h>

#include "model/hardware.h"

/* A row, and the key of the part that it changes; part: "" is the machine itself. */
struct tsr_control_row {
	AdwPreferencesGroup *group;
	TsrHardware *hardware;
	const char *part, *key;
	const char *title, *text; /* text: below the title */
};

struct tsr_control_range {
	double min, max, value;
};

/* -- Properties */

void tsr_control_add_switch(const struct tsr_control_row *row, gboolean on);
void tsr_control_add_spin(const struct tsr_control_row *row, const struct tsr_control_range *range);
/* is_file: with a button that chooses one. */
void tsr_control_add_entry(const struct tsr_control_row *row, const char *value, gboolean is_file);
/* values: (transfer full); texts: what is shown of each. */
void tsr_control_add_choice(const struct tsr_control_row *row, char **values, char **texts,
			    const char *value);

/* -- Other keys */

/* values: as above, of which "" is nothing. */
void tsr_control_add_connection(const struct tsr_control_row *row, char **values, char **texts,
				const char *value);
void tsr_control_add_version(const struct tsr_control_row *row, char **values, char **texts,
			     const char *value);
/* initial: shown while the entry is empty. */
void tsr_control_add_key(const struct tsr_control_row *row, const char *value, const char *initial);
/* In MiB. */
void tsr_control_add_memory(const struct tsr_control_row *row,
			    const struct tsr_control_range *range);
/* Whether devices may be upgraded while the machine runs. */
void tsr_control_add_upgrades(const struct tsr_control_row *row, gboolean on);
/* A button that removes the part. */
GtkWidget *tsr_control_remove_new(TsrHardware *hardware, const char *part);

#endif
