/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The installed plugins as a value, for programs that show them. */
#ifndef TSR_PROGRAM_PLUGINS_CATALOGUE_H
#define TSR_PROGRAM_PLUGINS_CATALOGUE_H

#include <tessera-glib/registry.h>

/* a{sv}: `plugins`, dictionaries by id, the newest version first, and `refused`, a line for each
 * that cannot be used. (transfer full) */
GVariant *program_plugins_catalogue(TsrRegistry *registry);

/* The range of ABIs that the plugin works with, in words. To be freed. */
char *program_plugin_abi(TsrPlugin *plugin);

#endif
