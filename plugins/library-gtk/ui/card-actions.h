/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The actions of a machine's card, "machine.start" and so on, which its buttons and menu name. */
#ifndef TSR_LIBRARY_CARD_ACTIONS_H
#define TSR_LIBRARY_CARD_ACTIONS_H

#include <gtk/gtk.h>

#include "model/machine.h"

/* Questions are shown over the window of the card, which is not owned and outlives the actions. */
GSimpleActionGroup *tsr_card_actions_new(GtkWidget *card, TsrLibraryMachine *machine);
/* Enables those that the machine's state allows. */
void tsr_card_actions_update(GSimpleActionGroup *actions, TsrLibraryMachine *machine);

#endif
