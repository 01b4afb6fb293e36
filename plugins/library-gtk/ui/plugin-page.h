/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is known of one installed plugin, who uses it, and what can be done with it. */
#ifndef TSR_LIBRARY_PLUGIN_PAGE_H
#define TSR_LIBRARY_PLUGIN_PAGE_H

#include <adwaita.h>

#include "model/plugins.h"

/* Signal: done(sentence), something that the user asked for here. */
#define TSR_TYPE_PLUGIN_PAGE (tsr_plugin_page_get_type())
G_DECLARE_FINAL_TYPE(TsrPluginPage, tsr_plugin_page, TSR, PLUGIN_PAGE, AdwBin)

/* plugin: of the catalogue; not kept. [main] */
GtkWidget *tsr_plugin_page_new(TsrPlugins *plugins, const struct tsr_plugin *plugin);
/* Something else is under way, or not any more. */
void tsr_plugin_page_update(TsrPluginPage *self);

#endif
