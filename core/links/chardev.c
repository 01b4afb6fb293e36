/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Links of tessera.chardev/1 (link.h). */
#include "links/link.h"

#include "links/chardev.inc"
