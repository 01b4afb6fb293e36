/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is known of one display besides its picture: its cursor, and who listens to viewers. */
#ifndef TSR_BOARD_HINTS_H
#define TSR_BOARD_HINTS_H

#include <glib.h>

#include <tessera/draft/display-hints.h>

struct tsr_hints_listener {
	const struct tsr_display_hints_ops *ops; /* NULL: nobody */
	void *self;
};

struct tsr_hints {
	struct tsr_hints_listener listener, heir; /* heir: of a newcomer that may take its place */
	guint64 serial;                           /* of the image; 0: there is none yet */
	unsigned width, height, hot_x, hot_y;     /* pixels */
	GBytes *pixels;
	int x, y;
	bool visible;
	unsigned drawers; /* viewers that draw the cursor */
};

void tsr_hints_finish(struct tsr_hints *hints);
/* The newcomer listens from now on, or nothing has changed. [locked] */
void tsr_hints_bequeath(struct tsr_hints *hints, bool takes_over);
/* False: no such image can be. [locked] */
bool tsr_hints_set_cursor(struct tsr_hints *hints, const struct tsr_cursor_image *image);

#endif
