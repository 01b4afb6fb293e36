/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The cards of the machines, in the user's groups. Machines without a group come first, then the
 * groups by name; a group is there as long as a machine is in it.
 */
#ifndef TSR_LIBRARY_GROUPS_H
#define TSR_LIBRARY_GROUPS_H

#include <adwaita.h>

#include "model/library.h"

#define TSR_TYPE_GROUPS (tsr_groups_get_type())
G_DECLARE_FINAL_TYPE(TsrGroups, tsr_groups, TSR, GROUPS, GtkBox)

/* shown: those of the library's machines that are shown, in the order in which they are. [main] */
void tsr_groups_set_machines(TsrGroups *self, TsrLibrary *library, GListModel *shown);
/* While something is searched for, folded groups are open. [main] */
void tsr_groups_set_open(TsrGroups *self, gboolean open);
/* Asks to which group the machine of a card is to be moved. [main] */
void tsr_groups_ask(GtkWidget *card, TsrLibraryMachine *machine);

#endif
