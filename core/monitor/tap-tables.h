/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Calls of devices to the machine: DMA, interrupt pins of PCI functions, and for recordings the
 * clock, workers, random numbers and the like. Each machine has copies of these host tables, which
 * its instances get. A tap replaces a function of the copy.
 */
#ifndef TSR_MONITOR_TAP_TABLES_H
#define TSR_MONITOR_TAP_TABLES_H

#include "monitor/hub.h"

struct tsr_tap_tables;

struct tsr_tap_tables *tsr_tap_tables_new(struct tsr_hub *hub);
void tsr_tap_tables_free(struct tsr_tap_tables *tables);
/* What instances of this machine get for a host table of that name: its copy, or the table itself.
 */
const void *tsr_tap_tables_find(struct tsr_tap_tables *tables, const char *name, const void *table);
/* Puts taps where somebody wants them, and takes away the others. [locked] */
void tsr_tap_tables_update(struct tsr_tap_tables *tables, TsrMachine *m);

#endif
