/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef INTERP_SSE_PICK_H
#define INTERP_SSE_PICK_H

#include "interp.h"

/* As table_find, for MMX and SSE instructions. */
op_fn *sse_pick(cpu *c, struct op *op, const void *instruction, const void *operands);

#endif
