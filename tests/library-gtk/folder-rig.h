/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Folders that the tests of the library make and remove. */
#ifndef TESTS_LIBRARY_FOLDER_RIG_H
#define TESTS_LIBRARY_FOLDER_RIG_H

#include <gio/gio.h>

#include "model/folder.h"

/* Set by rig_begin from the program's arguments: the preset, and the program `tessera`. */
extern const char *rig_preset, *rig_tessera;

/* Makes a folder for this program's files, with home, configuration and run-time folder below it,
 * before GLib has looked for them. Call first in main. */
void rig_begin(int argc, char **argv);
/* Removes it. */
void rig_end(void);
/* A new, empty folder below it; the caller frees the path. */
char *rig_folder(void);
/* Writes a file into a folder; returns its path, which the caller frees. length -1: a text. */
char *rig_write(const char *folder, const char *name, const char *bytes, gssize length);
/* Makes a machine with the title in the folder, with a disk of 1 MiB; the caller frees the path. */
char *rig_machine(const char *folder, const char *title);
/* Iterates the main loop until the condition holds, or 20 s have passed; whether it holds. */
gboolean rig_wait(gboolean (*holds)(gpointer user), gpointer user);

#endif
