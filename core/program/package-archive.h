/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Unpacking an archive that a stranger made, in a process of its own (core/unpack). */
#ifndef TSR_PROGRAM_PACKAGE_ARCHIVE_H
#define TSR_PROGRAM_PACKAGE_ARCHIVE_H

#include <glib.h>

/* More than this a package does not hold, packed or not. */
#define PACKAGE_BYTES ((guint64)256 << 20)
#define PACKAGE_FILES 4096

/* Writes what is in the archive (tar, plain or compressed, or zip) below a folder that is there,
 * empty, and nobody else's. Whatever is neither a file nor a folder, and whatever would lie outside
 * of the folder, is an error; what was written until then stays. FALSE with error. */
gboolean program_package_unpack(const char *archive, const char *folder, GError **error);

#endif
