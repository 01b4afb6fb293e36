/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The machine's bus: who provides which interface, who uses it. Matching is by name and version ("tessera.block/1"); the tables
 * themselves are C and are handed out at wiring time only. Control plane, [main].
 *
 * Signals:
 *   provided (const char *instance, const char *interface)
 *   withdrawn (const char *instance, const char *interface)
 *   connected (const char *user, const char *need, const char *provider, const char *interface)
 */
#ifndef TESSERA_GLIB_BUS_H
#define TESSERA_GLIB_BUS_H

#include <glib-object.h>

G_BEGIN_DECLS

#define TSR_TYPE_BUS (tsr_bus_get_type())
/* The cast is TSR_BUS_OBJECT(): TSR_BUS names a table of the device ABI. */
G_DECLARE_FINAL_TYPE(TsrBus, tsr_bus, TSR, BUS_OBJECT, GObject)

TsrBus *tsr_bus_new(void);
/**
 * tsr_bus_list:
 * Returns: (transfer full) (array zero-terminated=1): what is provided, as "INSTANCE INTERFACE"
 */
char **tsr_bus_list(TsrBus *self);
/**
 * tsr_bus_list_connections:
 * Returns: (transfer full) (array zero-terminated=1): who uses what, as "USER.NEED -> PROVIDER INTERFACE"
 */
char **tsr_bus_list_connections(TsrBus *self);

G_END_DECLS

#endif
