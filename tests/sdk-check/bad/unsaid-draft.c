/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * It asks for a table that is a draft, and its manifest does not say so.
 * fails: drafts
 * core: drafts
 * says: does not say so: drafts=tessera.phys/1
 */
#define TSR_DRAFT
#define ON_ATTACH(d) d->more = (void *)host->get(host, TSR_PHYS)
#include <tessera/draft/phys.h>
#include "../device.h"
