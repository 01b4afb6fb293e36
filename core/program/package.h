/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plugins in the user's own folder: they are installed from a package, a folder or a tar archive
 * that holds ID.plugin with what lies beside it, and removed. No code of a plugin runs. */
#ifndef TSR_PROGRAM_PACKAGE_H
#define TSR_PROGRAM_PACKAGE_H

#include <glib.h>

/* Installs all plugins of the package, or none. Returns what was installed, "ID VERSION: FOLDER"
 * for each; NULL with error, which for a plugin that cannot be used is what `tessera plugins list`
 * would say of it. (transfer full) */
char **program_package_install(const char *package, GError **error);
/* Returns the folder that is gone; NULL with error. Who uses the plugin is not asked: a machine
 * that runs goes on. (transfer full) */
char *program_package_uninstall(const char *id, const char *version, GError **error);

#endif
