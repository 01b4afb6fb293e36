/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The window with the snapshots of a machine, as a tree with pictures. What can be done depends on
 * whether the machine runs. */
#ifndef TSR_LIBRARY_SNAPSHOTS_WINDOW_H
#define TSR_LIBRARY_SNAPSHOTS_WINDOW_H

#include <adwaita.h>

#include "model/machine.h"

#define TSR_TYPE_SNAPSHOTS (tsr_snapshots_get_type())
G_DECLARE_FINAL_TYPE(TsrSnapshots, tsr_snapshots, TSR, SNAPSHOTS, AdwWindow)

/* [main] */
GtkWidget *tsr_snapshots_new(GtkWindow *over, TsrLibraryMachine *machine);

#endif
