/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a machine's control interface is found, and how to connect to it. */
#ifndef TSR_REMOTE_ADDRESS_H
#define TSR_REMOTE_ADDRESS_H

#include <gio/gio.h>

#define TSR_CONTROL_PATH "/org/tessera/Machine"
#define TSR_CONTROL_INTERFACE "org.tessera.Machine1"

/* The path in "unix:PATH" or PATH. */
const char *tsr_remote_socket_path(const char *where);
/* The D-Bus address of "unix:PATH" or PATH; NULL with error. */
char *tsr_remote_address(const char *where, GError **error);
/* Connects to "unix:PATH" or PATH. Waits while the machine has more new clients than it can queue.
 * NULL with error. */
GDBusConnection *tsr_remote_connect(const char *where, GDBusConnectionFlags flags, GError **error);
/* Makes D-Bus errors of TSR_MACHINE_ERROR's codes, in both directions. May be called again. */
void tsr_remote_register_errors(void);

/* Why a machine has stopped whose process is gone, or does not answer any more. */
#define TSR_REMOTE_LOST "the connection to the machine's process has ended"

#endif
