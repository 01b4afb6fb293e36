/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A copy of a machine with its disks, which can be large: a window shows how far it is. */
#ifndef TSR_CLONE_H
#define TSR_CLONE_H

#include <gtk/gtk.h>

#include "model/machine.h"

/* Asks for the title, and begins. over: the window of the library. What fails is told by the
 * machine's signal failed. [main] */
void tsr_clone_ask(GtkWindow *over, TsrLibraryMachine *machine);

#endif
