/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the methods of the D-Bus interface act on, and what a method is. */
#ifndef TSR_CONTROL_CONTROLLED_H
#define TSR_CONTROL_CONTROLLED_H

#include <tessera-glib/machine.h>

#include "control/control-keys.h"

/* The user data of tsr_control_methods. */
typedef struct {
	TsrMachine *machine;
	TsrTypist *typist;
} TsrControlled;

/* Answers with a floating value, or NULL with error. [main] */
typedef GVariant *(*TsrControlMethod)(TsrControlled *self, GVariant *arguments, GError **error);

#endif
