/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The media of a machine that is saved or loaded: what its back ends hold outside of the state
 * file.
 */
#ifndef TSR_STATE_MEDIA_H
#define TSR_STATE_MEDIA_H

#include <tessera-glib/machine.h>

#include "instance/instance.h"

/* Puts every medium on stable storage, and returns what their contents are known by: a{sa{sv}} by
 * instance, floating. NULL with error if one of them cannot be. The guest does not run and no
 * worker is busy. [locked] */
GVariant *tsr_media_seal(TsrMachine *m, GError **error);

/* Whether the machine's media have the contents that they had when `media`, which may be NULL, was
 * made. With `force` other contents are a warning. `path`, of the state, is for messages. [locked]
 */
gboolean tsr_media_recognize(TsrMachine *m, const char *path, GVariant *media, bool force,
			     GError **error);

/* The same for one instance. *fields: to be freed; NULL: it has nothing to seal. The error does not
 * name the instance. [locked] */
gboolean tsr_medium_seal(TsrInstance *instance, GVariant **fields, GError **error);
gboolean tsr_medium_recognize(TsrInstance *instance, GVariant *fields, GError **error);

#endif
