/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The question whether a machine may start although its start was refused. */
#ifndef TSR_LIBRARY_PERMISSION_H
#define TSR_LIBRARY_PERMISSION_H

#include <gtk/gtk.h>

#include "model/machine.h"

/* Asks, and starts the machine with the permission, in addition to those that it had. sentence: why
 * it was refused. [main] */
void tsr_permission_ask(GtkWidget *over, TsrLibraryMachine *machine,
			TsrLibraryPermission permission, const char *sentence);

#endif
