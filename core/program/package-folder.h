/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Folders of plugins that are copied and removed whole. */
#ifndef TSR_PROGRAM_PACKAGE_FOLDER_H
#define TSR_PROGRAM_PACKAGE_FOLDER_H

#include <glib.h>

/* Copies what is in a folder into another, which is made, and nobody else's. Whatever is neither a
 * file nor a folder is an error, as is more than a package may hold. FALSE with error. */
gboolean program_package_copy(const char *from, const char *to, GError **error);
/* Removes a folder with all that is in it; links are removed, not followed. Nothing, if it is not
 * there. FALSE with error. */
gboolean program_package_remove(const char *folder, GError **error);
/* Paths of the files *.plugin in the folder and in folders two below it, so that it may be
 * ID/VERSION, ID, or the folder of both. Links are not followed. */
GPtrArray *program_package_manifests(const char *folder);

#endif
