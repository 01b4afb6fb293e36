/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rows of the hardware editor's list. */
#ifndef TSR_LIBRARY_HARDWARE_ROW_H
#define TSR_LIBRARY_HARDWARE_ROW_H

#include <adwaita.h>

#include "model/hardware.h"

/* With what is wrong with the part. [main] */
GtkWidget *tsr_hardware_row_new(TsrHardware *hardware, const struct tsr_part *part);
/* What belongs to the machine as a whole. */
GtkWidget *tsr_hardware_memory_row_new(const char *memory);
/* The name of the row's part; "": the memory. Valid as long as the row. */
const char *tsr_hardware_row_part(GtkListBoxRow *row);

#endif
