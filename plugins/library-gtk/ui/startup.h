/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What lets another program's window come to the front: the desktop knows that the user asked. */
#ifndef TSR_STARTUP_H
#define TSR_STARTUP_H

#include "model/machine.h"

#include <gtk/gtk.h>

/* Opens or raises the machine's window. over: where the user clicked. [main] */
void tsr_startup_open_window(GtkWidget *over, TsrLibraryMachine *machine);

#endif
