/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef INTERP_FPU_PICK_H
#define INTERP_FPU_PICK_H

#include "interp.h"

/* As table_find, for x87 instructions. */
op_fn *fpu_pick(cpu *c, struct op *op, const void *instruction, const void *operands);

#endif
