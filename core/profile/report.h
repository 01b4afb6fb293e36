/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A profile in the forms that people and programs read. */
#ifndef TSR_PROFILE_REPORT_H
#define TSR_PROFILE_REPORT_H

#include "profile/symbols.h"
#include "profile/tally.h"

struct tsr_profile_data {
	const char *machine;
	guint64 elapsed_ns; /* of the host's time */
	guint64 ns;         /* of the virtual CPU's thread's processor time: all rows */
	guint64 samples;
	gboolean is_running;
	GArray *rows; /* struct tsr_tally_row, the longest first */
	struct tsr_symbols *symbols;
};

/* Time by tier, mode, cause, device, host code, function and block, as columns of text. */
char *tsr_report_text(const struct tsr_profile_data *data);
/* Time by tier, mode, cause, device and host code as lines "tier<TAB>NAME<TAB>NANOSECONDS<TAB>
 * SAMPLES", after lines "running", "elapsed-ns", "cpu-ns" and "samples" with a number each. */
char *tsr_report_table(const struct tsr_profile_data *data);
/* A line "FRAME;FRAME;… MICROSECONDS" for each stack, as flame graph programs read them. */
char *tsr_report_folded(const struct tsr_profile_data *data);
/* A flame graph: a picture that needs no other file. */
char *tsr_report_svg(const struct tsr_profile_data *data);
/* What the text has, and the stacks. Times are nanoseconds. */
char *tsr_report_json(const struct tsr_profile_data *data);

#endif
