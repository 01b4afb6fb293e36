/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What library.c and library-create.c share. */
#ifndef TSR_LIBRARY_LIBRARY_PRIVATE_H
#define TSR_LIBRARY_LIBRARY_PRIVATE_H

#include "model/library.h"

/* Puts a machine into the list, or tells the one that is there what its folder says. Takes the
 * record. The list owns the machine. */
TsrLibraryMachine *tsr_library_put(TsrLibrary *self, struct tsr_machine_record *record);

#endif
