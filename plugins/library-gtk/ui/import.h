/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is done with a file or folder that was dropped onto the library, or chosen. */
#ifndef TSR_LIBRARY_IMPORT_UI_H
#define TSR_LIBRARY_IMPORT_UI_H

#include <adwaita.h>

#include "model/library.h"

/* Looks what the path is. A disc and a raw image are for the wizard, which open_wizard opens over
 * the window; of a machine of Tessera the user is asked whether it is copied or opened where it is;
 * of everything else a machine is made, in a window that tells how far that is. What cannot be done
 * is said in a dialog. preset: the manifest that machines are made of; NULL: there is none. [main]
 */
void tsr_import_begin(GtkWindow *over, TsrLibrary *library, const char *preset, const char *path,
		      void (*open_wizard)(GtkWindow *over, const char *path));

#endif
