/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The pictures of a machine. */
#ifndef TSR_BOARD_DISPLAY_H
#define TSR_BOARD_DISPLAY_H

#include <tessera-glib/machine.h>
#include <tessera/display.h>

#include "instance/instance.h"

#define TSR_DISPLAY_SIDE_MAX 16384u /* pixels */

struct tsr_displays;
struct tsr_hints;

struct tsr_displays *tsr_displays_new(TsrMachine *m);
void tsr_displays_free(struct tsr_displays *displays);
/* Whether all that were added can be drawn to; to be asked before anything is. */
gboolean tsr_displays_check(const struct tsr_displays *displays, GError **error);
/* A newcomer that adds displays gets those of its predecessor: whether it has got all of them; and
 * it draws them from now on, or the predecessor does on. [locked] */
bool tsr_displays_are_inherited(const struct tsr_displays *displays, const TsrInstance *heir);
void tsr_displays_bequeath(struct tsr_displays *displays, const TsrInstance *heir, bool takes_over);
/* NULL: there are not so many. */
struct tsr_display *tsr_displays_get(struct tsr_displays *displays, guint index);
struct tsr_hints *tsr_display_get_hints(struct tsr_display *d);
TsrInstance *tsr_display_get_owner(const struct tsr_display *d);
/* The adapter is to draw all of it for the next frame. [locked] */
void tsr_display_spoil(struct tsr_display *d);
extern const struct tsr_display_table tsr_display_table_impl;

#endif
