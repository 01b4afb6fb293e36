/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The signals of a machine and of its bus. */
#ifndef TSR_MONITOR_TAP_SIGNALS_H
#define TSR_MONITOR_TAP_SIGNALS_H

#include "monitor/hub.h"

/* Listens while somebody wants to see one. [main] */
void tsr_tap_signals_update(struct tsr_hub *hub, TsrMachine *m);

#endif
