/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A machine's remote control: a D-Bus server of its own on a UNIX socket, without a bus daemon. One
 * object with one interface; its introspection data (control-interface.h) is its documentation.
 * Only the same user may connect.
 */
#ifndef TSR_CONTROL_CONTROL_H
#define TSR_CONTROL_CONTROL_H

#include <tessera-glib/machine.h>

#define TSR_TYPE_CONTROL (tsr_control_get_type())
G_DECLARE_FINAL_TYPE(TsrControl, tsr_control, TSR, CONTROL, GObject)

/* where: "unix:PATH". Serves until it is disposed of; the socket is then removed. A socket without
 * a listener is replaced. [main] */
TsrControl *tsr_control_new(TsrMachine *machine, const char *where, GError **error);
/* Whether anybody is connected. [main] */
gboolean tsr_control_has_clients(TsrControl *self);

#endif
