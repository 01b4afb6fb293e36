/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Machine manifests from the disk: finding and listing them, and reading one into a TsrConfig. */
#ifndef TSR_CONFIG_LOAD_H
#define TSR_CONFIG_LOAD_H

#include "config/config.h"

/* Reads a machine manifest (a path, or a preset's name), applies the overrides (as
 * tsr_machine_new_from_file takes them), loads the plugins. NULL with a TSR_MACHINE_ERROR: INVALID
 * is the user's mistake in a manifest or an option. [main] */
TsrConfig *tsr_config_new_from_file(TsrRegistry *registry, const char *file,
				    const char *const *overrides, GError **error);

/* The path of the machine manifest that a name or a path means; NULL with an error that lists the
 * presets. */
char *tsr_config_find_machine(const char *file, GError **error);

/* Paths of all presets, by name; of two with the same name, the first in the search path.
 * (transfer full) */
char **tsr_config_list_machines(void);

#endif
