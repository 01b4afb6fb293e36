/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a device has when a recording of it begins: regions, lines, timers, functions of PCI and
 * connected needs. Each has a number, by which events name it. */
#ifndef TSR_MONITOR_RECORDED_THINGS_H
#define TSR_MONITOR_RECORDED_THINGS_H

#include "instance/machine-parts.h"

struct tsr_recorded_things;
struct tsr_pci_function;
struct tsr_region;
struct tsr_timer;
struct TsrInstance;

/* [locked] */
struct tsr_recorded_things *tsr_recorded_things_new(TsrMachine *m, struct TsrInstance *instance);
void tsr_recorded_things_free(struct tsr_recorded_things *things);
/* Adds what the numbers mean, and the state of what belongs to the core. [locked] */
void tsr_recorded_things_describe(const struct tsr_recorded_things *things,
				  GVariantDict *description);
/* (transfer none): struct tsr_timer, struct tsr_pci_function, in the order of their numbers. */
GPtrArray *tsr_recorded_things_get_timers(const struct tsr_recorded_things *things);
GPtrArray *tsr_recorded_things_get_functions(const struct tsr_recorded_things *things);

/* -- Numbers; of one that came later, a number that no thing has */

uint64_t tsr_recorded_things_find_region(const struct tsr_recorded_things *things,
					 const struct tsr_region *region);
uint64_t tsr_recorded_things_find_timer(const struct tsr_recorded_things *things,
					const struct tsr_timer *timer);
uint64_t tsr_recorded_things_find_function(const struct tsr_recorded_things *things,
					   const struct tsr_pci_function *f);
uint64_t tsr_recorded_things_find_line(const struct tsr_recorded_things *things,
				       const char *resource);
uint64_t tsr_recorded_things_find_need(const struct tsr_recorded_things *things, const char *need);

#endif
