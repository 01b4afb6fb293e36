/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the hardware editor says of properties and places besides the texts of manifests. */
#ifndef TSR_LIBRARY_HARDWARE_WORDS_H
#define TSR_LIBRARY_HARDWARE_WORDS_H

#include "model/parts.h"

/* The values that a property takes. To be freed. */
char *tsr_hardware_words_takes(const struct tsr_plugin_property *property);
/* What a resource is, and how large. To be freed. */
char *tsr_hardware_words_resource(const struct tsr_plugin_resource *resource);

#endif
