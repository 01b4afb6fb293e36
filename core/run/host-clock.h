/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Guest time and timers as instances have them from the host. */
#ifndef TSR_RUN_HOST_CLOCK_H
#define TSR_RUN_HOST_CLOCK_H

#include <tessera/host.h>

extern const struct tsr_clock tsr_clock_table;

#endif
