/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The plugin manager: the installed plugins and those that were refused as a list, and what is
 * known of the one that is chosen. */
#ifndef TSR_LIBRARY_PLUGINS_WINDOW_H
#define TSR_LIBRARY_PLUGINS_WINDOW_H

#include <adwaita.h>

#include "model/library.h"

#define TSR_TYPE_PLUGINS_WINDOW (tsr_plugins_window_get_type())
G_DECLARE_FINAL_TYPE(TsrPluginsWindow, tsr_plugins_window, TSR, PLUGINS_WINDOW, AdwWindow)

/* over: NULL, it stands by itself. Shows the one that is open already. [main] */
void tsr_plugins_window_present(GtkApplication *application, GtkWindow *over, TsrLibrary *library);

#endif
