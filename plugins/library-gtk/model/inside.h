/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files that a description from a stranger names: they lie in its folder, or below. */
#ifndef TSR_LIBRARY_INSIDE_H
#define TSR_LIBRARY_INSIDE_H

#include <gio/gio.h>

/* The path of the file `name`, which is relative to the folder; NULL with error, which names
 * `owner`: it is not there, is no file, or lies elsewhere, also by a symbolic link. Looks at the
 * file system. [any] */
char *tsr_inside_find(const char *folder, const char *name, const char *owner, GError **error);

#endif
