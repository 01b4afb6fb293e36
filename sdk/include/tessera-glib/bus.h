/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The machine's bus: which instance provides and which one uses which interface. Interfaces are
 * matched by name and version
 * ("tessera.block/1"); the tables themselves are C and are handed out only while the machine is
 * connected. Control plane; every function is [main].
 */
#ifndef TESSERA_GLIB_BUS_H
#define TESSERA_GLIB_BUS_H

#include <glib-object.h>
#include <tessera/abi.h>

G_BEGIN_DECLS

#define TSR_TYPE_BUS (tsr_bus_get_type())
/**
 * TsrBus:
 *
 * The list of which instance provides and which one uses which interface. In C the cast is
 * TSR_BUS_OBJECT(): TSR_BUS names a table of the device ABI.
 */
TSR_EXPORT G_DECLARE_FINAL_TYPE(TsrBus, tsr_bus, TSR, BUS_OBJECT, GObject)

/**
 * TsrBus::provided:
 * @self: the bus
 * @instance: an instance of the machine
 * @interface: an interface with its version, such as "tessera.block/1"
 *
 * An instance provides an interface. Emitted while the machine is connected.
 */

/**
 * TsrBus::withdrawn:
 * @self: the bus
 * @instance: an instance of the machine
 * @interface: an interface that it provided
 *
 * The instance is about to be freed.
 */

/**
 * TsrBus::connected:
 * @self: the bus
 * @user: the instance that uses the interface
 * @need: the name of the need in its plugin's manifest
 * @provider: the instance that provides it
 * @interface: the interface with its version
 *
 * An instance fetched an interface of another one.
 */

/**
 * tsr_bus_new:
 *
 * Makes an empty bus; a machine makes its own. [main]
 *
 * Returns: (transfer full): a bus
 */
TSR_EXPORT TsrBus *tsr_bus_new(void);
/**
 * tsr_bus_list:
 * @self: a bus
 *
 * Lists what is provided. [main]
 *
 * Returns: (transfer full) (array zero-terminated=1): what is provided, as "INSTANCE INTERFACE"
 */
TSR_EXPORT char **tsr_bus_list(TsrBus *self);
/**
 * tsr_bus_list_connections:
 * @self: a bus
 *
 * Lists who uses what. [main]
 *
 * Returns: (transfer full) (array zero-terminated=1): who uses what, as "USER.NEED -> PROVIDER
 * INTERFACE"
 */
TSR_EXPORT char **tsr_bus_list_connections(TsrBus *self);

G_END_DECLS

#endif
