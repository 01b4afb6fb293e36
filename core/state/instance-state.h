/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The state of one instance, as fields. */
#ifndef TSR_STATE_INSTANCE_STATE_H
#define TSR_STATE_INSTANCE_STATE_H

#include "instance/instance.h"

/* A floating reference. *failure: why it cannot be saved, to be freed; NULL: it is. [locked] */
GVariant *tsr_instance_state_save(TsrInstance *instance, char **failure);
/* FALSE with an error that names the instance. [locked] */
gboolean tsr_instance_state_load(TsrInstance *instance, GVariant *fields, guint32 version,
				 GError **error);

#endif
