/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Properties that can be changed while a machine runs are part of its state, unless the plugin's
 * manifest says that a value is an order rather than a condition (saved=false). Files are not: a
 * state may come from a stranger, and media are the user's to name.
 */
#ifndef TSR_STATE_PROPERTIES_H
#define TSR_STATE_PROPERTIES_H

#include <tessera-glib/machine.h>

/* a{sa{ss}}: instance -> property -> value. Floating. [locked] */
GVariant *tsr_properties_save(TsrMachine *m);
/* Changes those that are not as they were saved; ones that a plugin does not have any more are left
 * out. properties: NULL for a state that has none. FALSE with error: the plugin does not take one.
 * [locked] */
gboolean tsr_properties_load(TsrMachine *m, GVariant *properties, GError **error);

#endif
