/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a machine manifest on the disk to a TsrConfig. */
#ifndef TSR_CONFIG_LOAD_H
#define TSR_CONFIG_LOAD_H

#include "config/config.h"

/* Reads a machine manifest (a path, or a preset's name), applies the overrides (as
 * tsr_machine_new_from_file takes them), loads the plugins. NULL with a TSR_MACHINE_ERROR: INVALID
 * is the user's mistake in a manifest or an option. [main] */
TsrConfig *tsr_config_new_from_file(TsrRegistry *registry, const char *file,
				    const char *const *overrides, GError **error);

#endif
