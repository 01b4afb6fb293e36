/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What plugins.c, which reads, and plugins-work.c share. */
#ifndef TSR_LIBRARY_PLUGINS_PRIVATE_H
#define TSR_LIBRARY_PLUGINS_PRIVATE_H

#include "model/plugins.h"

struct _TsrPlugins {
	GObject parent;
	TsrLibrary *library;
	GCancellable *cancellable; /* of what is read; cancelled: closed */
	struct tsr_catalogue *catalogue;
	struct tsr_plugin_users *users;
	char *problem;
	GPtrArray *watched; /* machines whose states are followed */
	gboolean is_reading, is_stale, is_working;
};

void tsr_plugins_changed(TsrPlugins *self);

#endif
