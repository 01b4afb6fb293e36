/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Private calls of the bus. The public part is in tessera-glib/bus.h. */
#ifndef TSR_INSTANCE_BUS_H
#define TSR_INSTANCE_BUS_H

#include <tessera-glib/bus.h>
#include <tessera/abi.h>

/* Declares that `provider` has the interface, or that it has another table of it than before. The
 * table stays valid as long as the provider. [main] */
void tsr_bus_provide(TsrBus *self, const char *provider, const char *interface,
		     const struct tsr_interface *table);
/* Hands out an interface to a user and emits ::connected. FALSE and error when the provider lacks
 * it. [main] */
gboolean tsr_bus_connect_need(TsrBus *self, const char *user, const char *need,
			      const char *interface, const char *provider,
			      struct tsr_interface *out, GError **error);
/* Takes back what an instance provides. */
void tsr_bus_withdraw(TsrBus *self, const char *provider);

#endif
