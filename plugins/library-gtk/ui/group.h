/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A group of machines: its name, under which its cards can be folded away, and its menu. */
#ifndef TSR_LIBRARY_GROUP_H
#define TSR_LIBRARY_GROUP_H

#include <adwaita.h>

#include "model/settings.h"

#define TSR_TYPE_GROUP (tsr_group_get_type())
G_DECLARE_FINAL_TYPE(TsrGroup, tsr_group, TSR, GROUP, GtkBox)

/* machines: of which those in the group are shown. name "": the machines without a group, which
 * have no name above them. [main] */
GtkWidget *tsr_group_new(TsrLibrarySettings *settings, GListModel *machines, const char *name);
/* Machines have come or gone. [main] */
void tsr_group_update(TsrGroup *self);
/* open: whether it shows its cards although it is folded. [main] */
void tsr_group_set_open(TsrGroup *self, gboolean open);

#endif
