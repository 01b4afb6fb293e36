/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The dialog for another part of a machine: which plugin, and what it is connected to. */
#ifndef TSR_LIBRARY_HARDWARE_ADD_H
#define TSR_LIBRARY_HARDWARE_ADD_H

#include <adwaita.h>

#include "model/hardware.h"

#define TSR_TYPE_HARDWARE_ADD (tsr_hardware_add_get_type())
G_DECLARE_FINAL_TYPE(TsrHardwareAdd, tsr_hardware_add, TSR, HARDWARE_ADD, AdwWindow)

/* Signal added(name): the new part is in the draft. [main] */
GtkWidget *tsr_hardware_add_new(GtkWindow *over, TsrHardware *hardware);

#endif
