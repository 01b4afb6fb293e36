/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The methods and properties of the D-Bus interface in control-interface.h. */
#ifndef TSR_CONTROL_METHODS_H
#define TSR_CONTROL_METHODS_H

#include <tessera-glib/machine.h>

#include "control/control-keys.h"

/* What the methods act on; the table's user data. */
typedef struct {
	TsrMachine *machine;
	TsrTypist *typist;
} TsrControlled;

extern const GDBusInterfaceVTable tsr_control_methods;

/* "loaded", "running", "paused" or "stopped". */
const char *tsr_control_state_name(TsrMachineState state);

#endif
