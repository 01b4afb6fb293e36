/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the core asks a TsrRegistry besides its public functions. */
#ifndef TSR_MANIFEST_REGISTRY_H
#define TSR_MANIFEST_REGISTRY_H

#include <tessera-glib/registry.h>

/* The lines of tsr_registry_get_refused() that are about a plugin. (transfer full) */
char **tsr_registry_list_refusals(TsrRegistry *self, const char *id);

/* Whether the plugin is what a requirement as tsr_registry_find() takes it means. */
gboolean tsr_requirement_allows(const char *requirement, TsrPlugin *plugin);

/* What runs a plugin that is a script: script-LANGUAGE of the newest version. NULL with error: it
 * is not installed. (transfer none) */
TsrPlugin *tsr_registry_find_script_host(TsrRegistry *self, TsrPlugin *plugin, GError **error);

#endif
