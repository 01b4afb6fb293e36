/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which version is to take an instance's place, with which settings, and whether that can be. */
#ifndef TSR_UPGRADE_PLAN_H
#define TSR_UPGRADE_PLAN_H

#include "instance/instance.h"

/* The configuration that the instance has with that version of its plugin: "1.3.0", or versions as
 * in a machine manifest (">=1.2,<2"), of which the newest is taken; "": of all. NULL and error when
 * there is none, or when it cannot take this instance's place. [main] */
TsrInstanceConfig *tsr_upgrade_plan(TsrMachine *m, const TsrInstance *old, const char *version,
				    GError **error);

#endif
