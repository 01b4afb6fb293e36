/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Devices in processes of their own (`isolation=process`). */
#ifndef TSR_ISOLATION_ISOLATION_H
#define TSR_ISOLATION_ISOLATION_H

#include <tessera/plugin.h>

/* What an isolated device has instead of its library's entry: a class whose instances pass
 * everything on to the device's process. */
extern const struct tsr_plugin_entry tsr_isolation_entry;

#endif
