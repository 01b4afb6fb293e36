/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The pictures of a machine. */
#ifndef TSR_BOARD_DISPLAY_H
#define TSR_BOARD_DISPLAY_H

#include <tessera-glib/machine.h>
#include <tessera/display.h>

#include "instance/instance.h"

struct tsr_displays;

struct tsr_displays *tsr_displays_new(TsrMachine *m);
void tsr_displays_free(struct tsr_displays *displays);
/* Whether all that were added can be drawn to; to be asked before anything is. */
gboolean tsr_displays_check(const struct tsr_displays *displays, GError **error);
/* A newcomer that adds displays gets those of its predecessor: whether it has got all of them; and
 * it draws them from now on, or the predecessor does on. [locked] */
bool tsr_displays_are_inherited(const struct tsr_displays *displays, const TsrInstance *heir);
void tsr_displays_bequeath(struct tsr_displays *displays, const TsrInstance *heir, bool takes_over);
extern const struct tsr_display_table tsr_display_table_impl;

#endif
