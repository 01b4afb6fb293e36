/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The hardware editor: the parts of a machine as a list, and what can be changed of the one that is
 * chosen. */
#ifndef TSR_LIBRARY_HARDWARE_WINDOW_H
#define TSR_LIBRARY_HARDWARE_WINDOW_H

#include <adwaita.h>

#include "model/machine.h"

#define TSR_TYPE_HARDWARE_WINDOW (tsr_hardware_window_get_type())
G_DECLARE_FINAL_TYPE(TsrHardwareWindow, tsr_hardware_window, TSR, HARDWARE_WINDOW, AdwWindow)

/* over: NULL, it stands by itself. Shows the one that the machine has already. [main] */
void tsr_hardware_window_present(GtkApplication *application, GtkWindow *over,
				 TsrLibraryMachine *machine);

#endif
