/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which function runs a decoded instruction. */
#ifndef INTERP_TABLE_H
#define INTERP_TABLE_H

#include "interp.h"

/* instruction, operands: Zydis'. May set fields of `op` that the function reads. */
op_fn *table_find(cpu *c, struct op *op, const void *instruction, const void *operands);

#endif
