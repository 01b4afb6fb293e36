/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Connections of instances: packets, block requests, characters. */
#ifndef TSR_MONITOR_TAP_LINKS_H
#define TSR_MONITOR_TAP_LINKS_H

#include <tessera/abi.h>

#include "monitor/hub.h"

struct tsr_tap_links;

struct tsr_tap_links *tsr_tap_links_new(struct tsr_hub *hub);
/* When every instance is detached. */
void tsr_tap_links_free(struct tsr_tap_links *links);
/* An instance connects: replaces the table in *out if a tap can be put on it. [locked] */
void tsr_tap_links_add(struct tsr_tap_links *links, const struct TsrInstance *owner,
		       const char *user, const char *need, const char *interface,
		       struct tsr_interface *out);
/* The owner's are gone. [locked] */
void tsr_tap_links_drop(struct tsr_tap_links *links, const struct TsrInstance *owner);
/* Puts taps where somebody wants them, and takes away the others. [locked] */
void tsr_tap_links_update(struct tsr_tap_links *links);

#endif
