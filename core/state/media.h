/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The media of a machine that is saved: what its back ends hold outside of the state file. */
#ifndef TSR_STATE_MEDIA_H
#define TSR_STATE_MEDIA_H

#include <tessera-glib/machine.h>

/* Puts every medium on stable storage; FALSE with error if one of them cannot be. The guest does
 * not run and no worker is busy. [locked] */
gboolean tsr_media_seal(TsrMachine *m, GError **error);

#endif
