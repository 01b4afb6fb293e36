/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The displays of a machine in another process. Its memory is mapped here, for reading; the machine
 * says what is in it. At most one frame is asked for at a time, so a machine that does not answer
 * costs a viewer nothing, nor does a viewer that does not ask the machine.
 */
#ifndef TSR_REMOTE_REMOTE_DISPLAY_H
#define TSR_REMOTE_REMOTE_DISPLAY_H

#include <tessera-glib/machine.h>

#include "remote/link.h"

struct tsr_remote_displays;

struct tsr_remote_displays *tsr_remote_displays_new(struct tsr_remote_link *link, guint count);
void tsr_remote_displays_free(struct tsr_remote_displays *displays);
guint tsr_remote_displays_count(const struct tsr_remote_displays *displays);
/* As the members of tsr_remote_form. */
gboolean tsr_remote_display_refresh(struct tsr_remote_displays *displays, guint index,
				    TsrFrame *frame, gboolean patient);
GBytes *tsr_remote_display_pixels(struct tsr_remote_displays *displays, guint index, gsize bytes);
/* The machine has not answered for a second. */
gboolean tsr_remote_displays_are_stuck(struct tsr_remote_displays *displays);

#endif
