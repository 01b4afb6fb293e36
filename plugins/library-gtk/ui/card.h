/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A machine of the library as a card: its picture, title and state, a button and a menu. */
#ifndef TSR_LIBRARY_CARD_H
#define TSR_LIBRARY_CARD_H

#include <gtk/gtk.h>

#include "model/machine.h"

#define TSR_TYPE_LIBRARY_CARD (tsr_library_card_get_type())
G_DECLARE_FINAL_TYPE(TsrLibraryCard, tsr_library_card, TSR, LIBRARY_CARD, GtkFlowBoxChild)

GtkWidget *tsr_library_card_new(TsrLibraryMachine *machine);
/* What a double click and Enter do: start, resume, or open a window. [main] */
void tsr_library_card_activate(TsrLibraryCard *self);

#endif
