/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Machine manifests on the disk: a path, or a preset, which is a file of the search path. */
#ifndef TSR_CONFIG_PRESETS_H
#define TSR_CONFIG_PRESETS_H

#include <glib.h>

/* Paths of all presets, by name; of two with the same name, the first in the search path.
 * (transfer full) */
char **tsr_presets_list(void);

/* The path of the machine manifest that a name or a path means; NULL with an error that lists the
 * presets. */
char *tsr_presets_find(const char *file, GError **error);

#endif
