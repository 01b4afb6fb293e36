/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a row of the tally is called, seen from each side. */
#ifndef TSR_PROFILE_FRAMES_H
#define TSR_PROFILE_FRAMES_H

#include "profile/report.h"

/* From the outermost frame of a stack to the innermost; CODE is in no stack. */
enum tsr_frame {
	TSR_FRAME_MODE,     /* user, kernel, … */
	TSR_FRAME_FUNCTION, /* of the guest, by its symbols */
	TSR_FRAME_BLOCK,    /* the linear address at which it starts */
	TSR_FRAME_TIER,     /* what executes it */
	TSR_FRAME_CAUSE,    /* why other code runs */
	TSR_FRAME_DEVICE,
	TSR_FRAME_CALL, /* what of the device is called */
	TSR_FRAME_CODE, /* whose host code runs */
	TSR_FRAMES
};

/* NULL: the row has no such frame. To be freed. */
char *tsr_frame_name(const struct tsr_profile_data *data, const struct tsr_tally_row *row,
		     enum tsr_frame frame);

struct tsr_total {
	char *name;
	guint64 ns;
	guint64 samples;
};

/* All names of a frame with their sums, struct tsr_total, the longest first. */
GArray *tsr_frame_totals(const struct tsr_profile_data *data, enum tsr_frame frame);

#endif
