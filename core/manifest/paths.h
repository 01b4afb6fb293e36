/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where plugins and machine presets are looked for. */
#ifndef TSR_MANIFEST_PATHS_H
#define TSR_MANIFEST_PATHS_H

#include <glib.h>

/* A file of this name beside the library's own folder of plugins says that they are a bundle
 * (`tessera bundle`): nothing is looked for elsewhere. */
#define TSR_BUNDLE_MARK "tessera/bundle"

/* Folders in order of search: the build tree that this library was built in (if it runs from
 * there), the environment variable (TESSERA_PLUGIN_PATH, TESSERA_MACHINE_PATH: a list with colons),
 * the user's, the system's. They need not exist. */
char **tsr_paths_plugins(void);
char **tsr_paths_machines(void);
/* Where the user's own plugins are, which need not exist. NULL: this is a bundle, or the user has
 * no home. */
char *tsr_paths_user_plugins(void);
/* Whether the folder is one where Tessera's own presets are: the system's, or the build tree's. */
gboolean tsr_paths_is_preset_folder(const char *folder);

/* Folders of firmware: this installation's, then those of the system's packages. */
char **tsr_paths_firmware(void);

/* The path of a file of the demo, or NULL: the same places, folder `demo`, and TESSERA_DEMO_PATH.
 */
char *tsr_paths_find_demo(const char *name);

/* The path of a program that users do not start themselves, or NULL: of the build tree, or of the
 * installation. */
char *tsr_paths_find_program(const char *name);

#endif
