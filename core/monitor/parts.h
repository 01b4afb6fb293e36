/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What struct tsr_taps is made of. */
#ifndef TSR_MONITOR_PARTS_H
#define TSR_MONITOR_PARTS_H

#include "monitor/hub.h"

struct tsr_tap_links;
struct tsr_tap_regions;
struct tsr_tap_tables;

struct tsr_taps {
	struct tsr_hub *hub;
	struct tsr_tap_regions *regions;
	struct tsr_tap_tables *tables;
	struct tsr_tap_links *links;
};

#endif
