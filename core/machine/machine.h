/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the program and the tests may do with a machine beyond its public control plane. */
#ifndef TSR_MACHINE_MACHINE_H
#define TSR_MACHINE_MACHINE_H

#include <tessera-glib/machine.h>

#include "config/config.h"

/* Takes ownership of config. Loads, wires and realizes; NULL with error, nothing left behind. */
TsrMachine *tsr_machine_new_from_config(TsrConfig *config, GError **error);

#endif
