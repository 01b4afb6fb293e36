/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The machines that are compared. */
#ifndef MACHINES_H
#define MACHINES_H

#include "compare.h"

/* The class of a plugin; NULL: the build has none. */
const struct tsr_device_class *compare_class(const char *id);
void *compare_make(const char *id, const struct fake_row *rows);

extern const struct compare_machine compare_machines[];
extern const unsigned compare_machine_count;

#endif
