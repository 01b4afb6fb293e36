/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes the machine of an import, while a window shows how far it is. */
#ifndef TSR_IMPORT_RUN_H
#define TSR_IMPORT_RUN_H

#include <adwaita.h>

#include "model/import.h"
#include "model/library.h"

/* Begins, and presents the window. Takes the import. preset as in ui/import.h, not NULL. At the end
 * done gets the dialog that tells of it; NULL: there is nothing to tell. [main] */
void tsr_import_run(GtkWindow *over, TsrLibrary *library, const char *preset,
		    struct tsr_import *import, void (*done)(GtkWindow *told, gpointer data),
		    gpointer data);

#endif
