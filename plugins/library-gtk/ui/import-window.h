/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How far an import is, with a button that cancels it. */
#ifndef TSR_LIBRARY_IMPORT_WINDOW_H
#define TSR_LIBRARY_IMPORT_WINDOW_H

#include <adwaita.h>

#include "model/import.h"
#include "model/library.h"

#define TSR_TYPE_IMPORT_WINDOW (tsr_import_window_get_type())
G_DECLARE_FINAL_TYPE(TsrImportWindow, tsr_import_window, TSR, IMPORT_WINDOW, AdwWindow)

/* Begins to make the machine, and presents itself. Takes the import. preset as in ui/import.h, not
 * NULL. [main] */
void tsr_import_window_run(GtkWindow *over, TsrLibrary *library, const char *preset,
			   struct tsr_import *import);

#endif
