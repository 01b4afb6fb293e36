/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The description of a machine by VMware, NAME.vmx. */
#ifndef TSR_LIBRARY_VMX_H
#define TSR_LIBRARY_VMX_H

#include <gio/gio.h>

#include "model/foreign.h"

/* name: of the file, for messages. NULL with error. [any] */
struct tsr_foreign *tsr_vmx_parse(const char *text, gsize length, const char *name, GError **error);

#endif
