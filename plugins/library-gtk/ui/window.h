/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The library's window: the machines as cards, with search and sort. */
#ifndef TSR_LIBRARY_WINDOW_H
#define TSR_LIBRARY_WINDOW_H

#include <adwaita.h>

#include "model/library.h"

#define TSR_TYPE_LIBRARY_WINDOW (tsr_library_window_get_type())
G_DECLARE_FINAL_TYPE(TsrLibraryWindow, tsr_library_window, TSR, LIBRARY_WINDOW,
		     AdwApplicationWindow)

/* preset: the manifest that new machines are made of; NULL: there is none. */
TsrLibraryWindow *tsr_library_window_new(GtkApplication *application, TsrLibrary *library,
					 const char *preset);
/* Does what a drop of the files or folders does: ui/import.h. */
void tsr_library_window_import(TsrLibraryWindow *self, const char *const *paths);

#endif
