/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Loading a plugin's shared object. */
#ifndef TSR_MANIFEST_LOADER_H
#define TSR_MANIFEST_LOADER_H

#include "manifest/plugin.h"

/* Whether the manifest's ABI range takes this core. FALSE with TSR_MACHINE_ERROR_VERSION and what
 * to do. [any] */
gboolean tsr_loader_check_abi(TsrPlugin *plugin, GError **error);

/* Maps the library (once; it stays mapped) and checks that it is what the manifest says. NULL with
 * error. [main] */
const struct tsr_plugin_entry *tsr_loader_load(TsrPlugin *plugin, GError **error);

#endif
