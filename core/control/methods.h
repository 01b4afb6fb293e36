/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The methods and properties of the D-Bus interface in control-interface.h. */
#ifndef TSR_CONTROL_METHODS_H
#define TSR_CONTROL_METHODS_H

#include "control/controlled.h"

extern const GDBusInterfaceVTable tsr_control_methods;

/* "loaded", "running", "paused" or "stopped". */
const char *tsr_control_state_name(TsrMachineState state);

#endif
