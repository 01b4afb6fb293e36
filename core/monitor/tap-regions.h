/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Accesses of the guest to ports and to registers in memory. */
#ifndef TSR_MONITOR_TAP_REGIONS_H
#define TSR_MONITOR_TAP_REGIONS_H

#include "monitor/hub.h"

struct tsr_tap_regions;

struct tsr_tap_regions *tsr_tap_regions_new(struct tsr_hub *hub);
void tsr_tap_regions_free(struct tsr_tap_regions *taps);
/* Puts taps on the machine's regions that somebody wants to see, and takes away the others.
 * [locked] */
void tsr_tap_regions_update(struct tsr_tap_regions *taps, TsrMachine *m);

#endif
