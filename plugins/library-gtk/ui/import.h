/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is done with files or folders that were dropped onto the library, or chosen. */
#ifndef TSR_LIBRARY_IMPORT_UI_H
#define TSR_LIBRARY_IMPORT_UI_H

#include <adwaita.h>

#include "model/library.h"

/* Looks what each path is, one after the other: the next when the windows of the one before are
 * closed. A disc and a raw image are for the wizard, which open_wizard opens over the window; of a
 * machine of Tessera the user is asked whether it is copied or opened where it is; of everything
 * else a machine is made, in a window that tells how far that is. What cannot be done is said in a
 * dialog. open_wizard returns the window that it has opened. preset: the manifest that machines are
 * made of; NULL: there is none. [main] */
void tsr_import_begin(GtkWindow *over, TsrLibrary *library, const char *preset,
		      const char *const *paths,
		      GtkWindow *(*open_wizard)(GtkWindow *over, const char *path));

#endif
