/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What can be changed of one part of a machine: its version, connections, properties, resources. */
#ifndef TSR_LIBRARY_HARDWARE_PART_H
#define TSR_LIBRARY_HARDWARE_PART_H

#include <adwaita.h>

#include "model/hardware.h"

/* The part must exist. alive: the machine runs, so that it matters what can be changed now. [main]
 */
GtkWidget *tsr_hardware_part_new(TsrHardware *hardware, const char *part, gboolean alive);
/* The same for what belongs to the machine as a whole: its memory. */
GtkWidget *tsr_hardware_memory_new(TsrHardware *hardware, gboolean alive);
/* What such a page was made from, without the values that it shows itself: another text asks for
 * another page. To be freed; NULL: the part does not exist. */
char *tsr_hardware_part_signature(TsrHardware *hardware, const char *part);

#endif
