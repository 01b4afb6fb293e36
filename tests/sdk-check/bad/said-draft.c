/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * No mistake: the same as unsaid-draft, and its manifest says so.
 * manifest: drafts=tessera.phys/1
 */
#define TSR_DRAFT
#define ON_ATTACH(d) d->more = (void *)host->get(host, TSR_PHYS)
#include <tessera/draft/phys.h>
#include "../device.h"
