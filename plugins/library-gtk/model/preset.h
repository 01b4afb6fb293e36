/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The manifest that new machines are made of. */
#ifndef TSR_LIBRARY_PRESET_H
#define TSR_LIBRARY_PRESET_H

#include <glib.h>

/* The path of the preset `pc` that belongs to a program `tessera`, in a build tree or installed;
 * also in TESSERA_MACHINE_PATH. NULL: there is none. Looks at the file system, at a few paths.
 * [any] */
char *tsr_library_find_preset(const char *program);

#endif
