/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The methods with which viewers share a display's memory: see control-interface.h. */
#ifndef TSR_CONTROL_DISPLAY_METHODS_H
#define TSR_CONTROL_DISPLAY_METHODS_H

#include "control/controlled.h"

GVariant *tsr_control_refresh_display(TsrControlled *self, GVariant *arguments, GError **error);
/* Answers the call itself, because the answer has a descriptor. */
void tsr_control_open_display(TsrControlled *self, GVariant *arguments,
			      GDBusMethodInvocation *invocation);

#endif
