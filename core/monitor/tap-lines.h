/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Changes of interrupt lines, seen at their sources. */
#ifndef TSR_MONITOR_TAP_LINES_H
#define TSR_MONITOR_TAP_LINES_H

#include "monitor/hub.h"

/* Puts taps on the lines that somebody wants to see, and takes away the others. [locked] */
void tsr_tap_lines_update(struct tsr_hub *hub, TsrMachine *m);

#endif
