/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef INTERP_SSE_INEXACT_H
#define INTERP_SSE_INEXACT_H

#include "interp.h"

/* ADD, SUB, MUL, DIV, and conversions of double to single: is a lane's result inexact with an
 * unbounded exponent? `b` is ModRM.rm. */
bool sse_inexact(const struct op *op, const uint8_t *a, const uint8_t *b, uint32_t mxcsr);

#endif
